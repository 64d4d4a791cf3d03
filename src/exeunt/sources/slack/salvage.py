"""Takes a JSON list that does not parse apart into the objects that do.

It looks only at brackets and strings, so a broken object costs itself and not its neighbours. Strings end at the line
at the latest, since JSON has no raw line break in them, and no object stands where a key must. Inside an object that
does not parse the next one is searched for that says it is a message. The work is bounded: a text that keeps
misleading is given up.
"""

import json
import re
from collections.abc import Iterator

_STRUCTURE = re.compile(rb'["{}\[\]]')
_STRING_END = re.compile(rb'["\\\n]')
_CLOSING = {b"{": b"}", b"[": b"]"}
_PATIENCE = 16
"""How many times the length of the text may be looked at, beside the first 64 MiB."""


def split(data: bytes) -> Iterator[bytes | None]:
    """The objects of a list, in order; None once for each stretch that cannot be read."""
    at = data.find(b"{")
    budget = _PATIENCE * len(data) + (64 << 20)
    lost = at < 0
    if lost:
        yield None
    while at >= 0 and budget > 0:
        end = _object_end(data, at)
        piece = data[at:end] if end > 0 else b""
        budget -= len(piece) or len(data) - at
        is_object = bool(piece) and (value := _parsed(piece)) is not None
        if is_object and (not lost or _is_message(value)):
            lost = False
            yield piece
        elif not lost:
            lost = True
            yield None
        at = data.find(b"{", end if is_object else at + 1)


def _parsed(piece: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(piece.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


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
            if mark == b"{" and open_brackets[-1:] == [b"}"] and data[:at-1]:
                return -1
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
