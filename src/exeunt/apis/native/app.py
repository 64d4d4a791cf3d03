"""From a request to an operation and back: the method, the token, the query, the body, the answer."""

from typing import Any
from urllib.parse import parse_qsl

import msgspec
import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from exeunt.access.principal import Principal
from exeunt.apis.native.openapi import document
from exeunt.apis.native.operation import Call, Operation
from exeunt.apis.native.operations import OPERATIONS
from exeunt.apis.native.problems import Answered, Refusal, answer_of, incomplete, internal, unauthorized
from exeunt.errors import ExeuntError, InvalidInput
from exeunt.http.request import base_url, body_fault, client_address, request_id
from exeunt.installation import Installation

log = structlog.get_logger("exeunt.native")

REQUESTS, SECONDS = 1200, 60.0
"""How many requests one token may make of one process in how long."""


def build(installation: Installation) -> ASGIApp:
    """The API as a Starlette application."""
    paths: dict[str, dict[str, Operation]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = operation
    routes = [Route(path, _Path(installation, operations)) for path, operations in paths.items()]
    app = Starlette(
        routes=[Route("/v1/openapi.json", _Document()), *routes], exception_handlers={HTTPException: _nothing_here}
    )
    # an address is either right or wrong: a redirect would lose the body and name a host we did not choose
    app.router.redirect_slashes = False
    return app


async def _nothing_here(request: Request, error: Exception) -> Response:
    return _response(answer_of(Refusal(404, "not_found", "there is nothing here")))


class _Document:
    """The OpenAPI document, without login."""

    def __init__(self) -> None:
        self._documents: dict[str, bytes] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await _response(_wrong_method(["GET"]))(scope, receive, send)
            return
        base = base_url(scope)
        body = self._documents.get(base)
        if body is None:
            body = msgspec.json.encode(document(base))
            if len(self._documents) < 16:
                self._documents[base] = body
        await Response(body, media_type="application/json")(scope, receive, send)


class _Path:
    """What one address can do."""

    def __init__(self, installation: Installation, operations: dict[str, Operation]) -> None:
        self._in, self._operations = installation, operations

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _response(await self._answer(Request(scope, receive)))(scope, receive, send)

    async def _answer(self, request: Request) -> Answered:
        operation = self._operations.get("GET" if request.method == "HEAD" else request.method)
        if operation is None:
            return _wrong_method(list(self._operations))
        try:
            body = await request.body() if operation.body else b""
        except ClientDisconnect:
            return answer_of(incomplete(body_fault(request.scope)))
        return await run_in_threadpool(self._run, operation, request, body)

    def _run(self, operation: Operation, request: Request, body: bytes) -> Answered:
        try:
            principal = self._authenticate(request)
            self._in.access.limit_local(f"native:{principal.token_id}", REQUESTS, SECONDS)
            reply = operation.run(
                Call(
                    installation=self._in, principal=principal, names=_names(request),
                    query=_query(request, operation), body=_body(request, operation, body),
                    base=base_url(request.scope), client=client_address(request.scope),
                    request_id=request_id(request.scope),
                )
            )  # fmt: skip
            return Answered(reply.status, reply.value, reply.headers)
        except (Refusal, ExeuntError) as error:
            return answer_of(error)
        except Exception:
            number = request_id(request.scope)
            log.exception("fault", id=number, operation=operation.id)
            return internal(number)

    def _authenticate(self, request: Request) -> Principal:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise unauthorized(presented=False)
        principal = self._in.access.authenticate(token.strip(), "native")
        if principal is None:
            raise unauthorized(presented=True)
        return principal


def _names(request: Request) -> dict[str, str]:
    names = {name: str(value) for name, value in request.path_params.items()}
    if any("\0" in value for value in names.values()):
        raise Refusal(404, "not_found", "there is nothing here")
    return names


def _query(request: Request, operation: Operation) -> Any:
    """The query as the operation's type. Raises `InvalidInput` for a name that is unknown or stands twice."""
    pairs = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    values = dict(pairs)
    if len(values) != len(pairs):
        raise InvalidInput("query: a name stands there twice")
    if operation.query is None:
        if values:
            raise InvalidInput(f"query: there is nothing to say here, not {next(iter(values))!r}")
        return None
    if any("\0" in value for value in values.values()):
        raise InvalidInput("query: a value holds a NUL")
    try:
        return msgspec.convert(values, operation.query, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"query: {error}") from error


def _body(request: Request, operation: Operation, body: bytes) -> Any:
    """The body as the operation's type; None where it may be left out. Raises `InvalidInput`."""
    if operation.body is None or (not body and not operation.body_needed):
        return None
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        raise Refusal(415, "not_json", "the body must be application/json")
    try:
        value = msgspec.json.decode(body, type=operation.body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise InvalidInput(f"body: {error}") from error
    if b"\\u0000" in body:
        # databases do not agree on whether text may hold one
        raise InvalidInput("body: a text holds a NUL")
    return value


def _wrong_method(methods: list[str]) -> Answered:
    allowed = ", ".join(sorted({*methods, *(["HEAD"] if "GET" in methods else [])}))
    refusal = Refusal(405, "method_not_allowed", f"this address takes {allowed}", {"Allow": allowed})
    return answer_of(refusal)


def _response(answer: Answered) -> Response:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **answer.headers}
    return Response(msgspec.json.encode(answer.value), answer.status, headers, "application/json")
