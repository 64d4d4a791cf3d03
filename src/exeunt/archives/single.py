"""A Body that is one whole blob: a file delivered by itself."""

import hashlib
from collections.abc import Iterator
from typing import Protocol

from exeunt.archives.extents import Blob, Extent, Slice


class Extended(Protocol):
    """Anything that can say which extents make up a range of it."""

    @property
    def length(self) -> int: ...

    @property
    def etag(self) -> str: ...

    def extents(self, start: int = 0, end: int | None = None) -> Iterator[Extent]: ...


class SingleBlob:
    """One blob as a Body; its ETag is that of a Body with this one extent."""

    def __init__(self, blob: Blob, crc32: int) -> None:
        self._blob, self._crc32 = blob, crc32
        digest = hashlib.sha256(b"exeunt-archive-1\n")
        if blob.size:
            digest.update(b"B" + bytes(8) + blob.size.to_bytes(8, "big") + blob.sha256)
        self.etag = digest.hexdigest()[:32]

    @property
    def length(self) -> int:
        return self._blob.size

    def extents(self, start: int = 0, end: int | None = None) -> Iterator[Extent]:
        """The blob's bytes `[start, end)`; the CRC-32 of a part of it is 0 and means nothing."""
        stop = self._blob.size if end is None else end
        if start < stop:
            whole = (start, stop) == (0, self._blob.size)
            yield Slice(self._blob, start, stop - start, self._crc32 if whole else 0)
