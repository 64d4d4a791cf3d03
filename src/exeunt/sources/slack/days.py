"""The JSON files of an export, opened whole: a listing, or the messages of one room on one day in order of time."""

from collections.abc import Iterator

import msgspec
from msgspec import Raw

from exeunt.sources.intake import Report
from exeunt.sources.slack import decode
from exeunt.sources.slack.archive import Archive
from exeunt.sources.slack.instants import micros
from exeunt.sources.slack.limits import Limits, Unreadable
from exeunt.sources.slack.wire import Stamp

_stamp = msgspec.json.Decoder(Stamp).decode


Objects = list[tuple[int, Raw | bytes]]
"""(number from 1, JSON text) of the objects of a list."""


def json_objects(archive: Archive, ref: int, name: str, limits: Limits, report: Report) -> Objects:
    """Every object of a JSON list, without file tokens; the report names what is missing or was not as it should be."""
    data, problem = _whole(archive, ref, limits)
    data, recoded = decode.as_utf8(decode.without_tokens(data))
    if recoded:
        data = decode.without_tokens(data)
    found: Objects = []
    lost = 0
    try:
        for number, raw in decode.objects(data):
            if raw is None:
                lost += 1
            else:
                found.append((number, raw))
    except Unreadable as error:
        problem = problem or str(error)
    if problem or lost:
        what = problem or f"its JSON is broken in {lost} places"
        report.skip(name, f"{what}; {len(found)} objects of it were read" if found else what)
    elif recoded:
        report.repair(name, recoded)
    return found


def by_time(objects: Objects) -> Iterator[tuple[int, Raw | bytes]]:
    """The messages of a file in order of time. Slack's files are in order already; a sorted list sorts fast.

    Only the times are decoded for that, so that no more than one file's text is held.
    """
    order = []
    for place, (_, raw) in enumerate(objects):
        try:
            order.append((micros(_stamp(raw).ts) or 0, place))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            order.append((_late_stamp(raw), place))
    order.sort()
    for _, place in order:
        yield objects[place]


def _late_stamp(raw: Raw | bytes) -> int:
    try:
        return micros(decode.read(raw, Stamp)[0].ts) or 0
    except Unreadable:
        return 0


def _whole(archive: Archive, ref: int, limits: Limits) -> tuple[bytes, str]:
    """As much of the member as can be read, and why it is not all of it, if it is not."""
    pieces: list[bytes] = []
    size = 0
    try:
        for chunk in archive.chunks(ref):
            size += len(chunk)
            if size > limits.max_json_bytes:
                return b"".join(pieces), f"it is larger than {limits.max_json_bytes} bytes"
            pieces.append(chunk)
    except Unreadable as error:
        return b"".join(pieces), str(error)
    return b"".join(pieces), ""
