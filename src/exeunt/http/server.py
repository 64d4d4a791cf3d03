"""The HTTP server: uvicorn with its accept loop, its limits and its file transfers made fit for downloads."""

import asyncio
import contextlib
import gc
import socket
import weakref
from typing import Any

import uvicorn
import uvloop
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from exeunt.delivery.transfer import CONNECTION

HEAD_BYTES = 32 * 1024
HEAD_SECONDS = 30.0
CONNECTIONS = 4096
ACCEPTS = 64
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Connection(HttpToolsProtocol):
    """One connection: bounds what a client may send before a request is complete, and how long that may take."""

    _head_bytes = 0
    _head_since = 0.0
    _last: RequestResponseCycle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._head_since = self.loop.time()

    def data_received(self, data: bytes) -> None:
        in_body = self.cycle is not None and self.cycle.more_body
        super().data_received(data)
        if self.cycle is not self._last:  # at least one head came to its end
            self._last, self._head_bytes = self.cycle, 0
        elif not in_body and not self.transport.is_closing():
            if not self._head_bytes:
                self._head_since = self.loop.time()
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self.transport.write(TOO_LARGE)
                self.transport.close()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if self.scheme == "http":  # under TLS the socket is not ours to write to
            cycle.scope["extensions"] = {CONNECTION: weakref.ref(cycle)}  # type: ignore[dict-item]
        super()._start_asgi_task(cycle, app)

    def expire(self, now: float) -> None:
        """Close a connection that owes us the rest of a request's head; idle ones are uvicorn's business."""
        waiting = self.cycle is None or (self.cycle.response_complete and self._head_bytes)
        if waiting and now - self._head_since > HEAD_SECONDS:
            self.transport.abort()


class Server(uvicorn.Server):
    """Accepts by itself: libuv takes one connection a turn, so a busy loop leaves new clients waiting for ever."""

    def __init__(self, config: uvicorn.Config, listener: socket.socket, alive: int | None) -> None:
        super().__init__(config)
        self._listener, self._alive = listener, alive
        self._opening: set[asyncio.Task[Any]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=[])
        loop = asyncio.get_running_loop()
        self._listener.setblocking(False)
        loop.add_reader(self._listener, self._accept)
        if self._alive is not None:
            loop.add_reader(self._alive, self._orphaned)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().remove_reader(self._listener)
        self._listener.close()
        await super().shutdown(sockets=[])

    async def on_tick(self, counter: int) -> bool:
        if counter % 10 == 0:
            now = asyncio.get_running_loop().time()
            for connection in list(self.server_state.connections):
                connection.expire(now)  # type: ignore[union-attr]
        return await super().on_tick(counter)

    def _orphaned(self) -> None:
        asyncio.get_running_loop().remove_reader(self._alive)  # type: ignore[arg-type]
        self.should_exit = True

    def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(ACCEPTS):
            if len(self.server_state.connections) + len(self._opening) >= CONNECTIONS:
                loop.remove_reader(self._listener)
                loop.call_later(0.05, self._resume)
                return
            try:
                client, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:  # out of descriptors: let some be closed first
                loop.remove_reader(self._listener)
                loop.call_later(0.5, self._resume)
                return
            client.setblocking(False)
            task = loop.create_task(loop.connect_accepted_socket(self._protocol, client))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    def _resume(self) -> None:
        if not self.should_exit:
            asyncio.get_running_loop().add_reader(self._listener, self._accept)

    def _protocol(self) -> asyncio.Protocol:
        return Connection(self.config, self.server_state, self.lifespan.state)


def listen(host: str, port: int, stall_seconds: float = 120.0) -> socket.socket:
    """A bound, listening socket; port 0 lets the kernel choose, `getsockname()[1]` tells.

    A client that takes nothing for `stall_seconds` is cut off by the kernel.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # accepted sockets inherit these
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(stall_seconds * 1000))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    listener.bind((host, port))
    listener.listen(2048)
    return listener


def run(app: Any, listener: socket.socket, alive: int | None = None, grace: int = 10) -> None:
    """Serve until SIGTERM or SIGINT, or until the other end of `alive` is closed."""
    config = uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        loop="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=grace,
    )
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(Server(config, listener, alive).serve())
