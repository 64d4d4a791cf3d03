"""The bytes of an answer as parts: literals and stretches of files, for one range or for several."""

import secrets
from collections.abc import Iterator

from exeunt.archives.extents import Literal
from exeunt.archives.single import Extended
from exeunt.blobs.store import BlobStore
from exeunt.delivery.ahead import fetched
from exeunt.delivery.ranges import Span
from exeunt.delivery.transfer import FileSlice, Part


def parts_of(body: Extended, blobs: BlobStore, first: int, end: int) -> Iterator[Part]:
    """The bytes `[first, end)` of a Body."""
    extents = body.extents(first, end)
    if not blobs.storage.is_local:
        yield from fetched(extents, blobs)
        return
    for extent in extents:
        if isinstance(extent, Literal):
            yield extent.data
        else:
            yield FileSlice(blobs.url(extent.blob.key), extent.offset, extent.length)


class Multipart:
    """A `multipart/byteranges` answer: its length is known before a byte is sent."""

    def __init__(self, spans: list[Span], content_type: str, size: int, boundary: str | None = None) -> None:
        self.boundary = boundary or secrets.token_hex(16)
        self.spans = spans
        self._heads = [
            (
                f"{'' if at == 0 else chr(13) + chr(10)}--{self.boundary}\r\nContent-Type: {content_type}\r\n"
                f"Content-Range: bytes {span.first}-{span.last}/{size}\r\n\r\n"
            ).encode()
            for at, span in enumerate(spans)
        ]
        self._tail = f"\r\n--{self.boundary}--\r\n".encode()
        self.length = sum(map(len, self._heads)) + sum(span.length for span in spans) + len(self._tail)

    def parts(self, body: Extended, blobs: BlobStore) -> Iterator[Part]:
        """Every part's head and bytes, and the closing line."""
        for head, span in zip(self._heads, self.spans, strict=True):
            yield head
            yield from parts_of(body, blobs, span.first, span.last + 1)
        yield self._tail
