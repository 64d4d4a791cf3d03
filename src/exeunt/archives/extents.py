"""The words of this package: blobs, and the two kinds of extent a Body is made of."""

from collections.abc import Iterable, Iterator

import msgspec
from isal import isal_zlib


class Blob(msgspec.Struct, frozen=True):
    """Immutable stored bytes. `key` is where the store keeps them, `sha256` is 32 raw bytes, `size` is in bytes."""

    key: str
    sha256: bytes
    size: int


class Literal(msgspec.Struct, frozen=True):
    """Bytes that stand in the Body itself, such as ZIP headers. Never empty."""

    data: bytes

    @property
    def length(self) -> int:
        return len(self.data)


class Slice(msgspec.Struct, frozen=True):
    """`length` bytes of a blob from `offset`; `crc32` is of exactly these stored bytes. Never empty."""

    blob: Blob
    offset: int
    length: int
    crc32: int


Extent = Literal | Slice


def whole(blob: Blob, crc32: int) -> tuple[Slice, ...]:
    """The extents of a Body that is one blob; none when the blob is empty."""
    return (Slice(blob, 0, blob.size, crc32),) if blob.size else ()


def crc_of(extents: Iterable[Extent]) -> int:
    """CRC-32 of the joined bytes, combined from what is recorded: no blob is read."""
    crc = 0
    for extent in extents:
        if isinstance(extent, Literal):
            crc = isal_zlib.crc32(extent.data, crc)
        else:
            crc = isal_zlib.crc32_combine(crc, extent.crc32, extent.length)
    return crc


def merged(extents: Iterable[Extent]) -> Iterator[Extent]:
    """The same bytes in normal form: neighbouring literals joined, and slices that continue each other."""
    last: Extent | None = None
    for extent in extents:
        if last is None:
            last = extent
        elif isinstance(last, Literal) and isinstance(extent, Literal):
            last = Literal(last.data + extent.data)
        elif (
            isinstance(last, Slice)
            and isinstance(extent, Slice)
            and last.blob.key == extent.blob.key
            and last.offset + last.length == extent.offset
        ):
            crc = isal_zlib.crc32_combine(last.crc32, extent.crc32, extent.length)
            last = Slice(last.blob, last.offset, last.length + extent.length, crc)
        else:
            yield last
            last = extent
    if last is not None:
        yield last
