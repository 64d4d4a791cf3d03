"""Takes a JSON list that does not parse apart into the objects that do.

It looks only at brackets and strings, so a broken object costs itself and not its neighbours. A string ends with its
line at the latest, since JSON has no raw line break in it, and an object opens only where a value may stand. Inside
what does not parse, the next object is searched for that says it is a message. The work is bounded: a text that keeps
misleading is given up.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

_STRUCTURE = re.compile(rb'["{}\[\]]')
_STRING_END = re.compile(rb'["\\\n]')
_CLOSING = {b"{": b"}", b"[": b"]"}
_PATIENCE = 1_000_000
"""How many brackets and strings may be looked at beside one for each byte of the text."""


def split(data: bytes) -> Iterator[bytes | None]:
    """The objects of a list, in order; None once for each stretch that cannot be read."""
    scanner = _Scanner(data)
    at = data.find(b"{")
    lost = at < 0
    if lost:
        yield None
    while at >= 0 and scanner.left > 0:
        end = scanner.object_end(at)
        value = _parsed(data[at:end]) if end > 0 else None
        # After a loss only a message counts: any other object may be a part of the lost one.
        if value is not None and (not lost or value.get("type") == "message"):
            lost = False
            yield data[at:end]
        elif not lost:
            lost = True
            yield None
        at = data.find(b"{", at + 1 if value is None else end)


def _parsed(piece: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(piece.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


class _Scanner:
    """Finds where objects end; `left` is how many more brackets and strings it may look at."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.left = len(data) + _PATIENCE

    def object_end(self, at: int) -> int:
        """Behind the bracket that closes the one at `at`; -1 when brackets or strings do not add up."""
        data = self._data
        open_brackets: list[bytes] = []
        while self.left > 0 and (found := _STRUCTURE.search(data, at)) is not None:
            self.left -= 1
            mark, at = found[0], found.end()
            if mark == b'"':
                at = self._string_end(at)
                if at < 0:
                    return -1
            elif mark in _CLOSING:
                if open_brackets and not self._may_open(at - 1, open_brackets[-1]):
                    return -1
                open_brackets.append(_CLOSING[mark])
            elif open_brackets.pop() != mark:
                return -1
            elif not open_brackets:
                return at
        return -1

    def _may_open(self, at: int, inside: bytes) -> bool:
        """In an object a value follows a colon, in a list a comma or the list's own bracket."""
        before = self._data[max(0, at - 64) : at].rstrip()[-1:]
        return not before or before in (b":" if inside == b"}" else b",[")

    def _string_end(self, at: int) -> int:
        while (found := _STRING_END.search(self._data, at)) is not None:
            if found[0] == b'"':
                return found.end()
            if found[0] == b"\n":
                return -1
            at = found.end() + 1
        return -1
