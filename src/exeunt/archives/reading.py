"""A Body as a file: any standard reader can open it without a copy being made."""

import io
import os

from exeunt.archives.body import Body
from exeunt.archives.extents import Literal
from exeunt.blobs.store import BlobStore
from exeunt.storage.seam import Reader


class BodyReader(io.RawIOBase):
    """Seekable and read-only. Holds at most one blob open. Raises `Damaged` for a missing or short blob."""

    def __init__(self, body: Body, blobs: BlobStore) -> None:
        self._body, self._blobs = body, blobs
        self._at = 0
        self._open: tuple[str, Reader] | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._body.length}[whence]
        self._at = max(0, base + offset)
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        end = self._body.length if size is None or size < 0 else min(self._body.length, self._at + size)
        data = self.read_range(self._at, end)
        self._at += len(data)
        return data

    def read_range(self, start: int, end: int) -> bytes:
        """The bytes `[start, end)` without moving."""
        pieces = []
        for extent in self._body.extents(start, end):
            if isinstance(extent, Literal):
                pieces.append(extent.data)
            else:
                pieces.append(self._pread(extent.blob.key, extent.offset, extent.length))
        return b"".join(pieces)

    def _pread(self, key: str, offset: int, length: int) -> bytes:
        if self._open is None or self._open[0] != key:
            self._release()
            self._open = key, self._blobs.reader(key)
        return self._open[1].pread(offset, length)

    def _release(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def close(self) -> None:
        self._release()
        super().close()
