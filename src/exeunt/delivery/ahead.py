"""Bytes of a bucket on their way to a client: fetched in large pieces, ahead of what is sent, in bounded memory."""

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from exeunt.archives.extents import Extent, Literal
from exeunt.blobs.store import BlobStore
from exeunt.delivery.transfer import Away, Broken
from exeunt.errors import Damaged, Unavailable

FIRST, LARGEST, SMALLEST = 256 << 10, 4 << 20, 64 << 10
"""Bytes of the first piece, which a client waits for, of the largest, and of the smallest when many are served."""

BUDGET = 96 << 20
"""Bytes that all pieces of a process may hold; a transfer holds three: one is sent, two are fetched."""

AHEAD = 2
_fetchers = ThreadPoolExecutor(16, "fetch")
_lock = threading.Lock()
_active = 0


MOST_RUNS = 64
"""Requests for one piece, when it is made of many small blobs."""


class Run(NamedTuple):
    """A stretch of one blob that one request fetches."""

    key: str
    start: int
    length: int


class Stretch(NamedTuple):
    """Where the bytes of an extent lie in the run with this number."""

    run: int
    offset: int
    length: int


class Piece:
    """What is put together and sent at once: literals, and stretches of a few runs."""

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.parts: list[bytes | Stretch] = []
        self.size = 0

    def add(self, extent: Extent, start: int, length: int) -> None:
        """Take these bytes of an extent. Members of one pack follow each other in it, with headers between them."""
        self.size += length
        if isinstance(extent, Literal):
            self.parts.append(extent.data[start : start + length])
            return
        at, last = extent.offset + start, self.runs[-1] if self.runs else None
        if last is not None and (last.key, last.start + last.length) == (extent.blob.key, at):
            self.parts.append(Stretch(len(self.runs) - 1, last.length, length))
            self.runs[-1] = Run(last.key, last.start, last.length + length)
        else:
            self.parts.append(Stretch(len(self.runs), 0, length))
            self.runs.append(Run(extent.blob.key, at, length))


class Fetch:
    """A piece whose runs are under way."""

    def __init__(self, piece: Piece, blobs: BlobStore) -> None:
        self._parts = piece.parts
        self._runs: list[Future[bytes]] = [_fetchers.submit(blobs.pread, *run) for run in piece.runs]

    def result(self) -> bytes:
        """The piece's bytes, once they are here."""
        runs = [memoryview(run.result()) for run in self._runs]
        return b"".join(
            part if isinstance(part, bytes) else runs[part.run][part.offset : part.offset + part.length]
            for part in self._parts
        )

    def cancel(self) -> None:
        """Ask for no more of it."""
        for run in self._runs:
            run.cancel()


def fetched(extents: Iterable[Extent], blobs: BlobStore) -> Iterator[bytes]:
    """The bytes of these extents, a piece at a time. Raises `Broken` for a blob that is missing or too short and
    `Away` when the storage does not answer."""
    global _active
    with _lock:
        _active += 1
    under_way: deque[Fetch] = deque()
    try:
        for piece in _pieces(extents):
            under_way.append(Fetch(piece, blobs))
            if len(under_way) > AHEAD:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    except Damaged as error:
        raise Broken(str(error)) from error
    except Unavailable as error:
        raise Away(str(error)) from error
    finally:
        with _lock:
            _active -= 1
        for fetch in under_way:
            fetch.cancel()


def _pieces(extents: Iterable[Extent]) -> Iterator[Piece]:
    """The extents cut and put together to pieces of the size that is right when each is asked for."""
    piece, most = Piece(), FIRST
    for extent in extents:
        done, length = 0, extent.length
        while done < length:
            step = min(length - done, most - piece.size)
            piece.add(extent, done, step)
            done += step
            if piece.size == most or len(piece.runs) == MOST_RUNS:
                yield piece
                piece, most = Piece(), min(2 * most, _largest())
    if piece.size:
        yield piece


def _largest() -> int:
    return max(SMALLEST, min(LARGEST, BUDGET // ((AHEAD + 1) * max(1, _active))))
