"""`Range` headers, as `archives-and-ranges` (b) "Ranges" fixes them: linear to parse, clamped, coalesced."""

import re

import msgspec

from exeunt.errors import InvalidInput

MOST_DIGITS = 40
_PLAIN = re.compile(r"bytes=([0-9]{1,18})-([0-9]{1,18})")
_BLANK = " \t"


class Unsatisfiable(InvalidInput):
    """Every range asked for lies past the end: the answer is 416."""


class Span(msgspec.Struct, frozen=True):
    """The bytes from `first` to `last`, both included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1


def parse_range(header: str, size: int, most: int) -> list[Span] | None:
    """The spans to send of a body of `size` bytes, in order; None when the header is to be ignored.

    Overlapping and adjacent ranges become one, at the place of the first that led to it. Raises `Unsatisfiable`.
    """
    plain = _PLAIN.fullmatch(header)
    if plain and (low := int(plain[1])) <= (high := int(plain[2])) and low < size and most:
        # what nearly every client sends, without the ceremony
        return [Span(low, min(high, size - 1))]
    unit, equals, text = header.partition("=")
    if not equals or unit.strip(_BLANK).lower() != "bytes" or size == 0:
        return None
    specs = [part.strip(_BLANK) for part in text.split(",")]
    specs = [spec for spec in specs if spec]
    if not specs or len(specs) > most:
        return None
    wanted: list[Span] = []
    for spec in specs:
        bounds = _bounds(spec)
        if bounds is None:
            return None
        span = _clamp(*bounds, size)
        if span is not None:
            wanted.append(span)
    if not wanted:
        raise Unsatisfiable("range not satisfiable")
    return _coalesce(wanted)


def _bounds(spec: str) -> tuple[int | None, int | None] | None:
    """(first, last) as written, either of them absent; None when the text is no range."""
    first, dash, last = spec.partition("-")
    if not dash or not (first or last):
        return None
    for number in (first, last):
        if number and not (number.isascii() and number.isdigit()):
            return None
    # a number of very many digits costs more than linear time to convert, and is past any end anyway
    low, high = (_number(n) if n else None for n in (first, last))
    if low is not None and high is not None and high < low:
        return None
    return low, high


def _number(digits: str) -> int:
    digits = digits.lstrip("0")
    return int(digits or "0") if len(digits) <= MOST_DIGITS else 10**MOST_DIGITS


def _clamp(low: int | None, high: int | None, size: int) -> Span | None:
    if low is None:
        assert high is not None
        return Span(max(0, size - high), size - 1) if high else None
    if low >= size:
        return None
    return Span(low, size - 1 if high is None else min(high, size - 1))


def _coalesce(wanted: list[Span]) -> list[Span]:
    """Join what overlaps or touches; sorted once, so the time does not grow with the square of the number."""
    order = sorted(range(len(wanted)), key=lambda at: wanted[at].first)
    joined: list[tuple[int, Span]] = []
    for at in order:
        span = wanted[at]
        if joined and span.first <= joined[-1][1].last + 1:
            place, last = joined[-1]
            joined[-1] = (min(place, at), Span(last.first, max(last.last, span.last)))
        else:
            joined.append((at, span))
    return [span for _, span in sorted(joined, key=lambda pair: pair[0])]
