"""Routes and the order of checks of the Yammer contract (1.2, 3.1): token, admin, id, parameters, state, limits."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import structlog
from starlette.concurrency import run_in_threadpool

from exeunt.access.principal import Principal
from exeunt.apis.yammer import uploads, words
from exeunt.apis.yammer.answers import Answer, answer, text
from exeunt.apis.yammer.calls import Call
from exeunt.apis.yammer.parameters import Query
from exeunt.apis.yammer.requests import create, expire, list_requests, status
from exeunt.errors import Busy, Forbidden, InvalidInput, NoSpace, Unavailable
from exeunt.http.asgi import App, Receive, Scope, Send, header
from exeunt.installation import Installation

log = structlog.get_logger("exeunt.yammer")

Handler = Callable[[Call], Answer]

REQUESTS = re.compile(r"/api/v1/export/requests(?:\.json)?")
REQUEST = re.compile(r"/api/v1/export/requests/(?P<id>.+?)(?:\.json)?")
UPLOADED = re.compile(r"/api/v1/uploaded_files/(?P<id>[^/]+?)(?:\.json)?")
DOWNLOAD = re.compile(r"/api/v1/uploaded_files/(?P<id>[^/]+)/download(?:\.json)?")

ROUTES: list[tuple[re.Pattern[str], dict[str, Handler]]] = [
    (REQUESTS, {"POST": create, "GET": list_requests}),
    (REQUEST, {"GET": status, "PUT": expire}),
    (DOWNLOAD, {}),
    (UPLOADED, {"GET": uploads.show}),
]


def make_app(installation: Installation) -> App:
    """The API as an ASGI application; paths are the published ones, without the prefix."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path = _path(scope)
        for pattern, methods in ROUTES:
            found = pattern.fullmatch(path)
            if found is None:
                continue
            call = Call(installation, scope, found.groupdict().get("id", ""), Query(scope["query_string"]))
            if pattern is DOWNLOAD:
                await uploads.download(call, receive, send, _admit)
            else:
                await _drain(receive)
                reply = await run_in_threadpool(_handled, call, methods)
                await answer(send, reply)
            return
        await answer(send, Answer(404, words.NOT_FOUND))

    return app


def _path(scope: Scope) -> str:
    """The path as text, decoded once from its raw form, without one trailing slash."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    path = unquote(raw.partition(b"?")[0].decode("latin-1"), errors="replace")
    return path[:-1] if len(path) > 1 and path.endswith("/") else path


async def _drain(receive: Receive) -> None:
    """A request body is read and dropped."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return


def _handled(call: Call, methods: dict[str, Handler]) -> Answer:
    """One call with its errors in this API's words."""
    try:
        refusal = _admit(call)
        if refusal is not None:
            return refusal
        handler = methods.get(call.scope["method"])
        if handler is None:
            return text(405, words.METHOD_NOT_ALLOWED, [("allow", ", ".join(methods))])
        return handler(call)
    except InvalidInput as error:
        return text(400, str(error))
    except Forbidden as error:
        return text(403, str(error))
    except Busy as error:
        return Answer(429, words.RATE_LIMITED, [("retry-after", str(max(1, round(error.retry_after))))])
    except (Unavailable, NoSpace) as error:
        log.error("the service is unavailable", reason=str(error))
        return text(503, words.UNAVAILABLE, [("retry-after", "30")])


def _admit(call: Call) -> Answer | None:
    """Set the principal, or say why there is none."""
    principal = _authenticate(call)
    if principal is None:
        return Answer(401, words.UNAUTHORIZED)
    if principal.role != "administrator":
        return Answer(403, words.NOT_ADMIN)
    call.principal = principal
    return None


def _authenticate(call: Call) -> Principal | None:
    named = header(call.scope, b"authorization")
    token: Any = None
    if named is not None:
        scheme, _, token = named.partition(" ")
        if scheme.lower() != "bearer":
            return None
    elif call.query.all("access_token"):
        token = call.query.all("access_token")[0]
    return call.installation.access.authenticate(token.strip(), "yammer") if token else None
