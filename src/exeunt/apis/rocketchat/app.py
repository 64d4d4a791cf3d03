"""Routes and the order of checks of the Rocket.Chat contract (1.3): credentials, limit, then what was asked."""

import re
from collections.abc import Callable
from urllib.parse import unquote

import msgspec
import structlog
from starlette.concurrency import run_in_threadpool

from exeunt.apis.rocketchat import exporting, messages, rooms, signing, userdata, words
from exeunt.apis.rocketchat.answers import Answer, answer
from exeunt.apis.rocketchat.calls import Call, Services, fields_of, sign_in
from exeunt.apis.rocketchat.downloads import FOLDER, DataExport
from exeunt.apis.rocketchat.limits import Windows, count
from exeunt.apis.rocketchat.roles import bypasses_limit
from exeunt.errors import NoSpace, Unavailable
from exeunt.http.asgi import App, Receive, Scope, Send
from exeunt.http.request import BodyFault, body_fault
from exeunt.installation import Installation
from exeunt.lake.roster import Roster
from exeunt.layouts.asking import Asking

log = structlog.get_logger("exeunt.rocketchat")

INCOMPLETE: dict[BodyFault, Callable[[], words.Failure]] = {"too_large": words.too_large, "stalled": words.stalled}

VERSIONS = {"3.8": "3.8.0", "8": "8.0.0"}


class Route(msgspec.Struct, frozen=True):
    """What answers a path and method. `open`: without credentials and not counted. `validate` is what the newer servers
    do before they count a call."""

    handler: Callable[[Call], Answer]
    open: bool = False
    validate: Callable[[Call], None] | None = None


def info(call: Call) -> Answer:
    """GET info."""
    return Answer(200, {"version": VERSIONS[call.profile], "success": True})


def _reads(name: str, family: rooms.Family) -> dict[str, dict[str, Route]]:
    """What channels, groups and conversations have in common."""
    return {
        f"{name}.messages": {"GET": Route(messages.messages(family))},
        f"{name}.history": {"GET": Route(messages.history(family))},
        f"{name}.members": {"GET": Route(rooms.members(family))},
    }


def _routes() -> dict[str, dict[str, Route]]:
    """By path below `/api/v1/`."""
    get: dict[str, Callable[[Call], Answer]] = {
        "me": signing.me,
        "rooms.get": rooms.rooms_get,
        "rooms.info": rooms.info(None),
        "channels.list": rooms.listing(rooms.CHANNELS, joined=False),
        "channels.list.joined": rooms.listing(rooms.CHANNELS, joined=True),
        "channels.info": rooms.info(rooms.CHANNELS),
        "groups.list": rooms.listing(rooms.GROUPS, joined=True),
        "groups.listAll": rooms.listing(rooms.GROUPS, joined=False, all_of_them=True),
        "groups.info": rooms.info(rooms.GROUPS),
        "im.list": rooms.listing(rooms.DIRECT, joined=True),
        "dm.list": rooms.listing(rooms.DIRECT, joined=True),
    }
    return {
        "info": {"GET": Route(info, open=True)},
        "login": {"POST": Route(signing.login, open=True)},
        "logout": {"GET": Route(signing.logout), "POST": Route(signing.logout)},
        "rooms.export": {"POST": Route(exporting.export, validate=exporting.validate)},
        "users.requestDataDownload": {"GET": Route(userdata.request, validate=userdata.validate)},
        **{name: {"GET": Route(handler)} for name, handler in get.items()},
        **_reads("channels", rooms.CHANNELS), **_reads("groups", rooms.GROUPS), **_reads("im", rooms.DIRECT),
        **_reads("dm", rooms.DIRECT),
    }  # fmt: skip


ROUTES = _routes()


def make_app(installation: Installation) -> App:
    """The API as an ASGI application; paths are the published ones, without the prefix."""
    services = Services(installation, Roster(installation.ledger), Asking(installation.settings))
    downloads, windows = DataExport(services), Windows()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path = _path(scope)
        if path == FOLDER or path.startswith(FOLDER + "/"):
            await downloads(scope, receive, send, path)
            return
        data = await _body(receive)
        if data is None:
            fault = body_fault(scope)
            if fault is not None:
                await answer(send, _answered(INCOMPLETE[fault](), []))
            return
        call = Call(services, scope, fields_of(scope, data))
        reply = await run_in_threadpool(_handled, call, path, windows)
        await answer(send, reply, body=scope["method"] != "HEAD")

    return app


def _path(scope: Scope) -> str:
    """The path as text, decoded once; repeated slashes are one and the last one is none (section 3)."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    path = unquote(raw.partition(b"?")[0].decode("latin-1"), errors="replace")
    return re.sub(r"/{2,}", "/", path).rstrip("/") or "/"


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None when it did not come to its end."""
    pieces = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        pieces.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(pieces)


def _answered(failure: words.Failure, headers: list[tuple[str, str]]) -> Answer:
    return Answer(failure.status, failure.body, [*headers, *failure.headers])


def _handled(call: Call, path: str, windows: Windows) -> Answer:
    """One call with its errors in this API's words."""
    counted: list[tuple[str, str]] = []
    try:
        name, route = _route(call, path)
        if route.open:
            return route.handler(call)
        me = sign_in(call.services, call.header("x-auth-token"), call.header("x-user-id"))
        if me is None:
            raise words.unauthorized(call.profile)
        call.me = me
        if route.validate is not None and call.profile == "8":
            route.validate(call)
        counted = [] if bypasses_limit(call) else count(windows, call, name)
        reply = route.handler(call)
        return msgspec.structs.replace(reply, headers=[*counted, *reply.headers])
    except words.Failure as failure:
        return _answered(failure, counted)
    except (Unavailable, NoSpace) as error:
        log.error("the service is unavailable", reason=str(error))
        return _answered(words.unavailable(), counted)


def _route(call: Call, path: str) -> tuple[str, Route]:
    """Raises `Failure` for a path or method that there is not."""
    name = path.removeprefix("/api/v1/") if path.startswith("/api/v1/") else ""
    if path == "/api/info":
        name = "info"
    methods = ROUTES.get(name)
    if methods is None:
        raise words.no_such_endpoint()
    method = call.scope["method"]
    route = methods.get("GET" if method == "HEAD" else method)
    if route is None:
        allowed = sorted([*methods, "HEAD"] if "GET" in methods else methods)
        raise words.no_such_endpoint(", ".join(allowed))
    return name, route
