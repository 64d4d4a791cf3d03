"""Routes and the order of checks of the Yammer contract (1.2, 3.1): token, admin, id, parameters, state, limits."""

import math
import re
from collections.abc import Callable
from urllib.parse import unquote

import structlog
from starlette.concurrency import run_in_threadpool

from exeunt.access.principal import Principal
from exeunt.apis.yammer import uploads, words
from exeunt.apis.yammer.answers import Answer, answer
from exeunt.apis.yammer.calls import Call
from exeunt.apis.yammer.parameters import Query
from exeunt.apis.yammer.requests import create, expire, list_requests, status
from exeunt.errors import Busy, Forbidden, InvalidInput, NoSpace, Unavailable
from exeunt.http.asgi import App, Receive, Scope, Send, header
from exeunt.http.request import BodyFault, body_fault
from exeunt.installation import Installation
from exeunt.lake.uploaded import UploadedFile

log = structlog.get_logger("exeunt.yammer")

Handler = Callable[[Call], Answer | UploadedFile]

ROUTES: list[tuple[re.Pattern[str], dict[str, Handler]]] = [
    (re.compile(r"/api/v1/export/requests(?:\.json)?"), {"GET": list_requests, "POST": create}),
    (re.compile(r"/api/v1/export/requests/(?P<id>.+?)(?:\.json)?", re.DOTALL), {"GET": status, "PUT": expire}),
    (re.compile(r"/api/v1/uploaded_files/(?P<id>[^/]+)/download(?:\.json)?"), {"GET": uploads.download}),
    (re.compile(r"/api/v1/uploaded_files/(?P<id>[^/]+?)(?:\.json)?"), {"GET": uploads.show}),
]

INCOMPLETE: dict[BodyFault, Answer] = {
    "too_large": Answer(413, words.BODY_TOO_LARGE),
    "stalled": Answer(408, words.BODY_STALLED),
}


def make_app(installation: Installation) -> App:
    """The API as an ASGI application; paths are the published ones, without the prefix."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        has_body = scope["method"] != "HEAD"
        path, query = _path(scope), Query(scope["query_string"])
        for pattern, methods in ROUTES:
            found = pattern.fullmatch(path)
            if found is None:
                continue
            call = Call(installation, scope, found.groupdict().get("id", ""), query)
            if not await _drained(receive):
                fault = body_fault(scope)
                if fault is not None:
                    await answer(send, INCOMPLETE[fault], body=has_body)
                return
            reply = await run_in_threadpool(_handled, call, methods)
            if isinstance(reply, Answer):
                await answer(send, reply, body=has_body)
            else:
                await uploads.deliver(call, receive, send, reply)
            return
        await answer(send, Answer(404, words.NOT_FOUND), body=has_body)

    return app


def _path(scope: Scope) -> str:
    """The path as text, decoded once from its raw form, without one trailing slash."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    path = unquote(raw.partition(b"?")[0].decode("latin-1"), errors="replace")
    return path[:-1] if len(path) > 1 and path.endswith("/") else path


async def _drained(receive: Receive) -> bool:
    """Read the request body and drop it; False when it did not come to its end."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return False
        if not message.get("more_body", False):
            return True


def _handled(call: Call, methods: dict[str, Handler]) -> Answer | UploadedFile:
    """One call with its errors in this API's words."""
    try:
        principal = _authenticate(call)
        if principal is None:
            return Answer(401, words.UNAUTHORIZED)
        if principal.role != "administrator":
            return Answer(403, words.NOT_ADMIN)
        call.principal = principal
        method = call.scope["method"]
        handler = methods.get("GET" if method == "HEAD" else method)
        if handler is None:
            allowed = sorted([*methods, "HEAD"] if "GET" in methods else methods)
            return Answer(405, words.METHOD_NOT_ALLOWED, [("allow", ", ".join(allowed))])
        return handler(call)
    except InvalidInput as error:
        return Answer(400, str(error))
    except Forbidden as error:
        return Answer(403, words.envelope(str(error), 403))
    except Busy as error:
        return Answer(429, words.RATE_LIMITED, [("retry-after", str(max(1, math.ceil(error.retry_after))))])
    except (Unavailable, NoSpace) as error:
        log.error("the service is unavailable", reason=str(error))
        return Answer(503, words.UNAVAILABLE, [("retry-after", "30")])


def _authenticate(call: Call) -> Principal | None:
    """The header wins over the query (3.1.1)."""
    named = header(call.scope, b"authorization")
    if named is None:
        token = next(iter(call.query.all("access_token")), "")
    else:
        scheme, _, token = named.partition(" ")
        if scheme.lower() != "bearer":
            return None
    token = token.strip()
    return call.installation.access.authenticate(token, "yammer") if token else None
