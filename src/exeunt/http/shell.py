"""The outermost ASGI callable: who the client is, how much it may send, one log line for each request."""

import asyncio
import ipaddress
import re
import secrets
import time
from collections.abc import Callable, Sequence
from itertools import count

from exeunt.config import Settings
from exeunt.http.asgi import App, Message, Receive, Scope, Send, answer_json, header
from exeunt.http.request import BodyFault, body_fault
from exeunt.http.requestlog import RequestLog

HEADER_BYTES = 32 * 1024
CLOSE = [(b"connection", b"close")]
"""Beside an answer that was given before the request was read."""

_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")


class Shell:
    """Wraps an application. Limits are answered here, before any API sees the request; those on bodies by the API."""

    def __init__(
        self, app: App, settings: Settings, own_limit: Callable[[Scope], int | None] = lambda scope: None
    ) -> None:
        """`own_limit` says how large a body may be for the API that a request is for, where that is another size."""
        self._app, self._settings, self._own_limit = app, settings, own_limit
        self._log = RequestLog(settings.log_format)
        # unique over all processes; nobody gains by guessing one
        self._process, self._numbers = "", count(1)
        self._trusted = [ipaddress.ip_network(address, strict=False) for address in settings.trusted_proxies]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, request_id, status = time.perf_counter(), self._next_id(), 0

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = message.setdefault("headers", [])
                headers.append((b"x-request-id", request_id.encode()))
                if body_fault(scope) is not None:
                    # what is left of the body would be taken for the next request
                    headers.extend(CLOSE)
            await send(message)

        try:
            await self._admit(scope, receive, watch, request_id)
        finally:
            client = scope.get("client")
            self._log.write(request_id, scope["method"], scope["path"], status, time.perf_counter() - started,
                            client[0] if client else "")  # fmt: skip

    def _next_id(self) -> str:
        # drawn with the first request, which comes after the process was forked
        self._process = self._process or secrets.token_hex(6)
        return f"{self._process}{next(self._numbers):06x}"

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
        most = self._settings.body_bytes if own is None else own
        if length is not None and (not length.isdigit() or int(length) > most):
            state["body_fault"] = "too_large"
        await self._app(scope, _Limited(receive, most, self._settings.body_seconds, scope), send)

    def _see_through_proxies(self, scope: Scope) -> tuple[str, str]:
        """Scheme and host as the client used them; a proxy is believed only when its address is trusted."""
        named = header(scope, b"host")
        scheme, host = scope["scheme"], "localhost" if named is None else named
        client = scope.get("client")
        if not self._trusted or not client or not self._is_trusted(client[0]):
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
    """`receive` with an end to how much and how slowly a body may come; `body_fault` then says which of the two."""

    def __init__(self, receive: Receive, most: int, seconds: float, scope: Scope) -> None:
        self._receive, self._left, self._seconds = receive, most, seconds
        self._scope, self._whole = scope, False

    async def __call__(self) -> Message:
        if body_fault(self._scope) is not None:
            return {"type": "http.disconnect"}
        if self._whole:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), self._seconds)
        except TimeoutError:
            return self._end("stalled")
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            self._whole = not message.get("more_body", False)
            if self._left < 0:
                return self._end("too_large")
        return message

    def _end(self, fault: BodyFault) -> Message:
        self._scope["state"]["body_fault"] = fault
        return {"type": "http.disconnect"}
