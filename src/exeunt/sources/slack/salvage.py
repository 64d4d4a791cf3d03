"""Takes a JSON list that does not parse apart into the objects that do.

It looks only at brackets and strings, so a broken object costs itself and not its neighbours. Strings end at the line
at the latest, since JSON has no raw line break in them; an object that does not parse is given up at the next place
where one object ends and another begins. The work is bounded: a text that keeps misleading is given up.
"""

import json
import re
from collections.abc import Iterator

_STRUCTURE = re.compile(rb'["{}\[\]]')
_STRING_END = re.compile(rb'["\\\n]')
_BOUNDARY = re.compile(rb"\}\s*,\s*(?=\{)")
_CLOSING = {b"{": b"}", b"[": b"]"}
_PATIENCE = 16
"""How many times the length of the text may be looked at."""


def split(data: bytes) -> Iterator[bytes | None]:
    """The objects of a list, in order; None once for each stretch that cannot be read."""
    at = data.find(b"{")
    budget = _PATIENCE * len(data) + 4096
    lost = False
    while at >= 0:
        end = _object_end(data, at)
        piece = data[at : end if end > 0 else len(data)]
        budget -= len(piece)
        if end > 0 and _parses(piece, lost):
            lost = False
            yield piece
        else:
            if not lost:
                yield None
            lost = True
            boundary = _BOUNDARY.search(data, at)
            if boundary is None or budget < 0:
                return
            end = boundary.end()
        at = data.find(b"{", end)


def _parses(piece: bytes, lost: bool) -> bool:
    """Whether this is an object. After a loss it must say that it is a message: it may be a part of the lost one."""
    try:
        value = json.loads(piece.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and (not lost or value.get("type") == "message")


def _object_end(data: bytes, at: int) -> int:
    """Behind the bracket that closes the one at `at`; -1 when brackets or strings do not add up."""
    open_brackets: list[bytes] = []
    while (found := _STRUCTURE.search(data, at)) is not None:
        mark, at = found[0], found.end()
        if mark == b'"':
            at = _string_end(data, at)
            if at < 0:
                return -1
        elif mark in _CLOSING:
            open_brackets.append(_CLOSING[mark])
        elif not open_brackets or open_brackets.pop() != mark:
            return -1
        elif not open_brackets:
            return at
    return -1


def _string_end(data: bytes, at: int) -> int:
    while (found := _STRING_END.search(data, at)) is not None:
        if found[0] == b'"':
            return found.end()
        if found[0] == b"\n":
            return -1
        at = found.end() + 1
    return -1
