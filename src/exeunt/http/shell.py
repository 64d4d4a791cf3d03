"""The outermost ASGI callable: who the client is, how much it may send, one log line for each request."""

import asyncio
import ipaddress
import re
import secrets
import time
from collections.abc import Callable, Sequence

import structlog

from exeunt.config import Settings
from exeunt.http.asgi import App, Message, Receive, Scope, Send, answer_json, header

log = structlog.get_logger("exeunt.http")

HEADER_BYTES = 32 * 1024
CLOSE = [(b"connection", b"close")]
"""Beside an answer that was given before the request was read."""

_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")


class Shell:
    """Wraps an application. Limits are answered here, before any API sees the request."""

    def __init__(
        self, app: App, settings: Settings, own_limit: Callable[[Scope], int | None] = lambda scope: None
    ) -> None:
        """`own_limit` says how large a body may be where an API answers too large ones itself."""
        self._app, self._settings, self._own_limit = app, settings, own_limit
        self._trusted = [ipaddress.ip_network(address, strict=False) for address in settings.trusted_proxies]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, request_id, status = time.perf_counter(), secrets.token_hex(8), 0

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message.setdefault("headers", []).append((b"x-request-id", request_id.encode()))
            await send(message)

        try:
            await self._admit(scope, receive, watch, request_id)
        finally:
            log.info(
                "request", id=request_id, method=scope["method"], path=_redacted(scope["path"]), status=status,
                seconds=round(time.perf_counter() - started, 4), client=(scope.get("client") or ("",))[0],
            )  # fmt: skip

    async def _admit(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        scheme, host = self._see_through_proxies(scope)
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        if not _HOST.fullmatch(host):
            await answer_json(send, 400, {"error": "bad_host", "message": "the Host header is not a host"})
            return
        scope["scheme"] = scheme
        state["host"] = host
        state["base_url"] = self._settings.public_url.rstrip("/") or f"{scheme}://{host}"
        limit = self._settings.query_bytes
        if len(scope["query_string"]) > limit or len(scope.get("raw_path", b"")) > limit:
            await answer_json(send, 414, {"error": "address_too_long", "message": "the address is too long"}, CLOSE)
            return
        if sum(len(name) + len(value) for name, value in scope["headers"]) > HEADER_BYTES:
            await answer_json(send, 431, {"error": "headers_too_large", "message": "the headers are too large"}, CLOSE)
            return
        own, length = self._own_limit(scope), header(scope, b"content-length")
        if own is None and length is not None and (not length.isdigit() or int(length) > self._settings.body_bytes):
            await answer_json(send, 413, {"error": "body_too_large", "message": "the request body is too large"},
                              CLOSE)  # fmt: skip
            return
        limit = self._settings.body_bytes if own is None else own
        await self._app(scope, _Limited(receive, limit, self._settings.body_seconds), send)

    def _see_through_proxies(self, scope: Scope) -> tuple[str, str]:
        """Scheme and host as the client used them; a proxy is believed only when its address is trusted."""
        named = header(scope, b"host")
        scheme, host = scope["scheme"], "localhost" if named is None else named
        client = scope.get("client")
        if not client or not self._is_trusted(client[0]):
            return scheme, host
        forwarded = [part.strip() for part in (header(scope, b"x-forwarded-for") or "").split(",") if part.strip()]
        scope["client"] = (self._first_untrusted(forwarded, client[0]), 0)
        proto = header(scope, b"x-forwarded-proto")
        return (
            proto if proto in ("http", "https") else scheme,
            header(scope, b"x-forwarded-host") or host,
        )

    def _first_untrusted(self, forwarded: Sequence[str], fallback: str) -> str:
        for address in reversed(forwarded):
            if not self._is_trusted(address):
                return address
        return forwarded[0] if forwarded else fallback

    def _is_trusted(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._trusted)


class _Limited:
    """`receive` with an end to how much and how slowly a body may come."""

    def __init__(self, receive: Receive, limit: int, seconds: float) -> None:
        self._receive, self._left, self._seconds = receive, limit, seconds
        self._whole = False

    async def __call__(self) -> Message:
        if self._whole:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), self._seconds)
        except TimeoutError:
            return {"type": "http.disconnect"}
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            self._whole = not message.get("more_body", False)
            if self._left < 0:
                return {"type": "http.disconnect"}
        return message


def _redacted(path: str) -> str:
    """A path for the log. Signatures and tokens stand in queries, which are never logged at all."""
    return path if path.isprintable() else ascii(path)
