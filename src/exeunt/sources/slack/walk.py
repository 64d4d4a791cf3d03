"""Finds the members of a zip file whose directory is missing or wrong, from local header to local header.

Where a header says how long its data is, the walk jumps; where the length follows the data, deflated data is inflated
to find its end (and thrown away) and stored data is searched for a descriptor that fits it. Where a length leads to no
header, the next header is searched for from the start of the data, so one lie hides nothing behind it.
"""

from collections.abc import Callable, Iterator

from exeunt.sources.slack import records
from exeunt.sources.slack.inflate import Read, inflated
from exeunt.sources.slack.limits import Limits, Meter, Unreadable

_STEP = 1 << 20
_HEADER = records.LOCAL_SIZE + 2 * records.LONGEST_NAME
_MARKS = (records.LOCAL, records.CENTRAL, records.END, records.END64)


def walk(read: Read, total: int, limits: Limits, name_gap: Callable[[int], None]) -> Iterator[records.Member]:
    """Every member with its local header, in file order; `name_gap` hears of bytes that had to be jumped over."""
    at = 0
    while at < total:
        member = records.local(read(at, 4096), at) or records.local(read(at, _HEADER), at)
        if member is None:
            if read(at, 4) in _MARKS[1:]:
                return
            name_gap(at)
            at = find(read, records.LOCAL, at + 1, total)
            continue
        yield member
        at = _next(read, total, limits, member)


def _next(read: Read, total: int, limits: Limits, member: records.Member) -> int:
    """Where the record after this member begins, or the next local header if that is nowhere sensible."""
    start = member.header + member.length
    if member.packed >= 0:
        after = start + member.packed
    elif member.method == records.DEFLATED:
        after = _after_descriptor(read, total, _inflated_end(read, start, total, limits))
    else:
        after = _after_descriptor(read, total, start + stored_size(read, start, total))
    if after >= total or (after >= 0 and read(after, 4) in _MARKS):
        return after
    return find(read, records.LOCAL, start, total)


def _inflated_end(read: Read, start: int, total: int, limits: Limits) -> int:
    """Where the deflated data that starts here ends; -1 when it is damaged, too large or cut off."""
    meter, size, behind = Meter(limits, total), 0, -1
    try:
        for chunk, end in inflated(read, start, total - start):
            size, behind = size + len(chunk), end
            meter.take(len(chunk), size, end - start)
    except Unreadable:
        return -1
    return behind


def _after_descriptor(read: Read, total: int, end: int) -> int:
    """Behind the data descriptor, whose signature is optional and whose sizes are of 4 or 8 bytes."""
    if end < 0:
        return -1
    for size in (16, 24, 12, 20):
        if end + size == total or read(end + size, 4) in _MARKS:
            return end + size
    return -1


def stored_size(read: Read, start: int, total: int) -> int:
    """How long stored data is whose length follows it: up to the first descriptor that names just that length."""
    at = find(read, records.DESCRIPTOR, start, total)
    while at < total:
        claim = read(at + 8, 8)
        if at - start in (int.from_bytes(claim[:4], "little"), int.from_bytes(claim, "little")):
            return at - start
        at = find(read, records.DESCRIPTOR, at + 1, total)
    return total - start


def find(read: Read, mark: bytes, at: int, total: int) -> int:
    """Where `mark` stands next from `at` on; `total` when nowhere."""
    while at < total:
        block = read(at, _STEP)
        found = block.find(mark)
        if found >= 0:
            return at + found
        if len(block) < _STEP:
            break
        at += _STEP - len(mark) + 1
    return total
