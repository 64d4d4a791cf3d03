"""Which API answers: the Host decides first, then the prefix, then paths that only one API has."""

import re
from collections.abc import Callable
from importlib import import_module

from exeunt.delivery.downloads import Downloads
from exeunt.http.asgi import App, Receive, Scope, Send, answer_json
from exeunt.http.shell import Shell
from exeunt.installation import Installation

HOSTS = {
    "www.yammer.com": "yammer",
    "yammer.com": "yammer",
    "export.yammer.com": "yammer",
}
"""Published host names and the API that answers there without a prefix."""

APIS = {"yammer": "exeunt.apis.yammer", "rocketchat": "exeunt.apis.rocketchat", "native": "exeunt.apis.native"}
PREFIXES = {"/yammer": "yammer", "/rocketchat": "rocketchat"}
OWN_PATHS = [
    (re.compile(r"/api/v1/(export|uploaded_files)(/|\.json|$)"), "yammer"),
    (re.compile(r"/api/(v1(/|$)|info$)|/data-export(/|$)"), "rocketchat"),
    (re.compile(r"/v1(/|$)"), "native"),
]
"""Paths that only one API has, the first that fits: served without a prefix on every host that belongs to no API."""

OWN_LIMITS = {"rocketchat": 4 * 1024**2}
"""The largest body of an API that has a limit of its own."""


class Dispatcher:
    """Chooses the application for a request. Download links answer on every host."""

    def __init__(self, installation: Installation) -> None:
        self._downloads = Downloads(installation)
        self._apis: dict[str, App] = {
            name: import_module(module).make_app(installation) for name, module in APIS.items()
        }
        self._hosts = HOSTS | {host.lower(): "rocketchat" for host in installation.settings.rocketchat_hosts}
        self._installation = installation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send, self._downloads.running)
            return
        path: str = scope["path"]
        if path.startswith(("/dl/", "/exports/")):
            await self._downloads(scope, receive, send)
            return
        api, prefix = self._chosen(scope)
        if api is None and path == "/healthz":
            await answer_json(send, 200, {"status": "ok"})
            return
        if api is None:
            await answer_json(send, 404, {"error": "not_found", "message": "there is nothing here"})
            return
        if prefix:
            scope["root_path"] = scope.get("root_path", "") + prefix
            scope["path"] = path[len(prefix) :] or "/"
            scope["raw_path"] = scope.get("raw_path", path.encode())[len(prefix) :] or b"/"
        await self._apis[api](scope, receive, send)

    def own_limit(self, scope: Scope) -> int | None:
        """How large a body may be for the API that this request is for, where that is not the setting."""
        return OWN_LIMITS.get(self._chosen(scope)[0] or "")

    def _chosen(self, scope: Scope) -> tuple[str | None, str]:
        """The API that answers, if any does, and the prefix it is reached under."""
        path: str = scope["path"]
        host = str(scope["state"]["host"]).lower()
        api = self._hosts.get(re.sub(r":\d+$", "", host))
        if api is not None:
            return api, ""
        for prefix, name in PREFIXES.items():
            if path == prefix or path.startswith(prefix + "/"):
                return name, prefix
        return next((name for pattern, name in OWN_PATHS if pattern.match(path)), None), ""


async def _lifespan(receive: Receive, send: Send, running: Callable[[], "object"]) -> None:
    manager = running()
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await manager.__aenter__()  # type: ignore[attr-defined]
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await manager.__aexit__(None, None, None)  # type: ignore[attr-defined]
            await send({"type": "lifespan.shutdown.complete"})
            return


def make_app(installation: Installation) -> App:
    """The whole server as one ASGI callable."""
    dispatcher = Dispatcher(installation)
    return Shell(dispatcher, installation.settings, dispatcher.own_limit)
