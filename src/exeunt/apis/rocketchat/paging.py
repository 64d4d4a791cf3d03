"""Paging and order of lists (1.14)."""

import msgspec

from exeunt.apis.rocketchat.calls import Call
from exeunt.apis.rocketchat.words import bad_sort
from exeunt.lake.roster import ORDERS

DEFAULT, MOST = 50, 100
LARGEST = 2**31


def number(text: str | None, default: int) -> int:
    """A count or an offset; what is none, or is negative, is the default (section 5)."""
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > 10:
        return default
    return min(int(text), LARGEST)


def page(call: Call, default: int = DEFAULT, most: int | None = MOST) -> tuple[int, int]:
    """(offset, count); a count of 0 is everything."""
    count = number(call.query.get("count"), default)
    return number(call.query.get("offset"), 0), min(count, most) if most else count


def order(call: Call) -> list[tuple[str, int]]:
    """The order asked for; fields that no list is ordered by are left out. Raises `Failure`."""
    text = call.query.get("sort")
    if not text:
        return []
    try:
        found = msgspec.json.decode(text.encode())
    except (msgspec.DecodeError, RecursionError) as error:
        raise bad_sort(text) from error
    if not isinstance(found, dict) or any(value not in (1, -1) or isinstance(value, bool) for value in found.values()):
        raise bad_sort(text)
    return [(name, int(way)) for name, way in found.items() if name in ORDERS]
