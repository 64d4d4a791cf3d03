"""Bytes of a Body to a client: `os.sendfile` where the server hands us its socket, 1 MiB blocks elsewhere."""

import asyncio
import errno
import os
import select
import socket
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, NamedTuple

from exeunt.errors import ExeuntError, Unavailable
from exeunt.http.asgi import Message, Receive, Scope, Send

CONNECTION = "exeunt.connection"
BLOCK, SMALLEST, SMALL = 1 << 20, 64 << 10, 256 << 10
BUDGET = 48 << 20
"""Bytes that all block transfers of a process may hold; each holds at most three blocks."""
TURN = 8 << 20
"""Bytes a transfer may send before others get the thread."""
THREADS = 4
PATIENCE = 20
"""Milliseconds a thread waits for a full socket, while no other transfer wants the thread."""
NOWAIT_REFUSED = (errno.EAGAIN, errno.EOPNOTSUPP, errno.EINVAL)

_threads = ThreadPoolExecutor(THREADS, "download")
_patient = ThreadPoolExecutor(16, "remote-download")
"""For parts that come from afar, as a thread that waits for them should hold up no other transfer."""
_active = 0
_ONE_BYTE = [bytearray(1)]


class FileSlice(NamedTuple):
    path: str
    offset: int
    length: int


Part = bytes | FileSlice


class Broken(ExeuntError):
    """A blob is missing or shorter than recorded: the transfer cannot go on. `started`: whether bytes were sent."""

    started = False


class Away(Unavailable):
    """The storage does not answer: the transfer cannot go on now. `started`: whether bytes were sent."""

    started = False


class Revoked(ExeuntError):
    """The link was revoked while it was used: the transfer is broken off."""


def _fetch(file: int, offset: int, length: int) -> None:
    """Let the kernel read a slice that is not cached; asking for one byte costs less than advice about cached pages."""
    try:
        os.preadv(file, _ONE_BYTE, offset, os.RWF_NOWAIT)
    except OSError:
        os.posix_fadvise(file, offset, min(length, BLOCK), os.POSIX_FADV_WILLNEED)


def _writable(out: socket.socket, patience: int) -> bool:
    full = select.poll()
    full.register(out, select.POLLOUT)
    return bool(full.poll(patience))


class Source:
    """The parts of one range in order; at most two blobs are open: this one, and the next, which the kernel fetches."""

    def __init__(self, parts: Iterator[Part], *, sized: bool = True, remote: bool = False) -> None:
        # one that is read to its end before the first byte is sent need not be asked for its size first
        self._parts, self._sized, self.remote = parts, sized, remote
        self.literal: bytes | None = None
        self.file, self.offset, self.left = -1, 0, 0
        self._next = self._open(ahead=False)

    def _open(self, ahead: bool) -> tuple[bytes | None, int, int, int] | None:
        part = next(self._parts, None)
        if part is None:
            return None
        if isinstance(part, bytes):
            return part, -1, 0, len(part)
        try:
            file = os.open(part.path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise Broken(f"the blob {part.path} is missing") from error
        if ahead:
            _fetch(file, part.offset, part.length)
        elif self._sized and os.fstat(file).st_size < part.offset + part.length:
            os.close(file)
            raise Broken(f"the blob {part.path} is shorter than recorded")
        return None, file, part.offset, part.length

    def ready(self) -> bool:
        """Stand on a part with bytes left; False at the end."""
        if self.left:
            return True
        self._close_file()
        # what comes from afar is on its way already, and not waited for before there is room for it
        following = self._open(ahead=False) if self.remote and self._next is None else self._next
        if following is None:
            return False
        (self.literal, self.file, self.offset, self.left), self._next = following, None
        if not self.remote:
            self._next = self._open(ahead=True)
        return True

    def took(self, count: int) -> None:
        if count == 0:
            raise Broken("a blob is shorter than recorded")
        self.offset += count
        self.left -= count

    def fill(self, view: memoryview, flags: int = 0) -> int:
        """Read into `view`; less than its length at the end of the parts, or where RWF_NOWAIT would wait."""
        done = 0
        while done < len(view) and self.ready():
            want = min(self.left, len(view) - done)
            if self.literal is not None:
                view[done : done + want] = self.literal[self.offset : self.offset + want]
                count = want
            else:
                try:
                    count = os.preadv(self.file, [view[done : done + want]], self.offset, flags)
                except OSError as error:
                    if flags and error.errno in NOWAIT_REFUSED:
                        break
                    raise Broken("a blob cannot be read") from error
            self.took(count)
            done += count
        return done

    def push(self, out: socket.socket, patience: int) -> bool | None:
        """Send to the socket `out`: True when all is sent, False when it is full, None when a turn's bytes are sent."""
        budget = TURN
        while budget > 0:
            if not self.left and not self.ready():
                return True
            try:
                if self.literal is None:
                    count = os.sendfile(out.fileno(), self.file, self.offset, min(self.left, TURN))
                else:  # held back to travel with the bytes that follow, or each ZIP header is a packet of its own
                    more = socket.MSG_MORE if self._next is not None else 0
                    count = out.send(memoryview(self.literal)[self.offset :], more)
            except BlockingIOError:
                if patience and _writable(out, patience):
                    continue
                return False
            self.took(count)
            budget -= count
        return None

    def _close_file(self) -> None:
        if self.file >= 0:
            os.close(self.file)
            self.file = -1

    def close(self) -> None:
        self._close_file()
        if self._next is not None and self._next[1] >= 0:
            os.close(self._next[1])
        self._next, self.left = None, 0
        if isinstance(self._parts, Generator):
            # one that a thread still waits in ends by itself
            with suppress(ValueError):
                self._parts.close()


async def deliver(
    scope: Scope, receive: Receive, send: Send, start: Message, parts: Iterator[Part], length: int,
    stopped: Callable[[], bool] = lambda: False, remote: bool = False,
) -> bool:  # fmt: skip
    """Send `start` and exactly `length` bytes of `parts`; True when all was handed over, False when the client left.

    Parts that are `remote` may keep whoever asks for them waiting, so only threads do. A part that cannot be read
    raises `Broken`, or `Away` when it may be had later: before the first byte the caller can still answer, later the
    connection is broken too, as it is when `stopped` says so.
    """
    global _active
    reference = scope.get("extensions", {}).get(CONNECTION)
    connection = reference() if reference is not None else None
    source: Source | None = None
    _active += 1
    try:
        if length > SMALL or remote:
            source = await asyncio.to_thread(Source, parts, remote=remote)
        else:
            source = Source(parts, sized=False)
        if length <= SMALL:
            block = await _block(source, length)
            await send(start)
            await send({"type": "http.response.body", "body": block})
            return True
        try:
            await send(start)
            if connection is not None:
                return await _by_sendfile(connection, send, source, length, stopped)
            return await _by_blocks(receive, send, source, length, stopped)
        except BaseException as error:
            if isinstance(error, (Broken, Away)):
                error.started = True
            if connection is not None:
                connection.transport.abort()
            raise
    finally:
        _active -= 1
        if source is not None:
            source.close()


async def _block(source: Source, size: int) -> bytearray:
    """A fresh buffer each time: the server may still hold the one before. On the loop if cached, else in a thread."""
    block = bytearray(size)
    with memoryview(block) as view:
        done = 0 if source.remote else source.fill(view, os.RWF_NOWAIT)
        if done < size:
            done += await asyncio.to_thread(source.fill, view[done:])
    if done < size:
        raise Broken("the body is shorter than announced")
    return block


async def _by_blocks(receive: Receive, send: Send, source: Source, length: int, stopped: Callable[[], bool]) -> bool:
    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    watch = asyncio.create_task(gone())
    try:
        while length and not watch.done():
            if stopped():
                raise Revoked("the link was revoked")
            size = min(length, max(SMALLEST, min(BLOCK, BUDGET // (3 * _active))))
            block = await _block(source, size)
            length -= size
            await send({"type": "http.response.body", "body": block, "more_body": length > 0})
            await asyncio.sleep(0)
        return not length
    finally:
        watch.cancel()


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


async def _by_sendfile(connection: Any, send: Send, source: Source, length: int, stopped: Callable[[], bool]) -> bool:
    """`connection` is uvicorn's cycle. Our own descriptor of its socket, since uvloop guards the one it polls."""
    loop, transport = asyncio.get_running_loop(), connection.transport
    transport.set_write_buffer_limits(high=0)
    while transport.get_write_buffer_size() and not connection.disconnected:
        await (connection.flow.drain() if connection.flow.write_paused else asyncio.sleep(0))
    transport.set_write_buffer_limits()
    if connection.disconnected:
        return False
    try:
        out = socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno()))
    except OSError:
        return False
    try:
        done: bool | None = None
        while not done and not connection.disconnected:
            if stopped():
                raise Revoked("the link was revoked")
            turn = loop.run_in_executor(
                _patient if source.remote else _threads, source.push, out, PATIENCE if _active <= THREADS else 0
            )
            try:
                done = await asyncio.shield(turn)
            except asyncio.CancelledError:
                await asyncio.wait([turn])  # the thread still uses the descriptors
                raise
            if done is False:
                writable: asyncio.Future[None] = loop.create_future()
                loop.add_writer(out, _wake, writable)
                try:
                    await writable
                finally:
                    loop.remove_writer(out)
    except (ConnectionError, TimeoutError):
        connection.transport.abort()
        return False
    finally:
        out.close()
    if not done:
        return False
    connection.expected_content_length -= length
    await send({"type": "http.response.body", "body": b"", "more_body": False})
    return True
