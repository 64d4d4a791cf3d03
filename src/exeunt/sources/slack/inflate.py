"""Deflated data of unknown length and honesty, a step at a time."""

from collections.abc import Callable, Iterator
from typing import cast

from isal import isal_zlib

from exeunt.sources.slack.limits import Unreadable

Read = Callable[[int, int], bytes]
"""(offset, length) to bytes, fewer only at the end of the file."""

_PACKED_STEP = 1 << 18
_STEP = 1 << 20
# The stubs of isal 1.9 call the exception's class an instance.
_Damaged = cast(type[Exception], isal_zlib.IsalError)


def inflated(read: Read, start: int, available: int) -> Iterator[tuple[bytes, int]]:
    """(bytes, position behind the packed bytes used so far) in steps of at most 1 MiB, to the end of the stream.

    The stream's own end decides, not the length that a header claims; `available` only bounds how far it may reach.
    """
    inflate = isal_zlib.decompressobj(-15)
    at, end, data = start, start + available, b""
    while not inflate.eof:
        if not data:
            data = read(at, min(_PACKED_STEP, end - at))
            at += len(data)
        ended = not data
        try:
            chunk = inflate.decompress(data, _STEP)
        except _Damaged as error:
            raise Unreadable(f"its packed data is damaged ({error})") from error
        data = inflate.unconsumed_tail
        if chunk or inflate.eof:
            yield chunk, at - len(data) - len(inflate.unused_data)
        elif ended:
            raise Unreadable("it is cut off")
