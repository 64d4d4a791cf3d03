"""The range table of the contract, and ranges by property."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exeunt.delivery.ranges import Span, Unsatisfiable, parse_range

N = 107


@pytest.mark.parametrize(
    ("header", "spans"),
    [
        ("bytes=0-49", [(0, 49)]),
        ("bytes=100-", [(100, 106)]),
        ("bytes=-7", [(100, 106)]),
        ("bytes=0-", [(0, 106)]),
        ("bytes=-500", [(0, 106)]),
        ("bytes=50-1000000", [(50, 106)]),
        ("bytes=0-0,-2", [(0, 0), (105, 106)]),
        ("bytes=200-,0-5", [(0, 5)]),
        ("bytes=0-10,5-20,21-30", [(0, 30)]),
        ("bytes=0-0, ,5-5", [(0, 0), (5, 5)]),
        ("Bytes=0-0", [(0, 0)]),
        ("bytes=5-5,0-0", [(5, 5), (0, 0)]),
        ("bytes=20-30,0-5,4-19", [(0, 30)]),
        (f"bytes=0-{'9' * 40}", [(0, 106)]),
        (f"bytes=-{'9' * 40}", [(0, 106)]),
    ],
)
def test_satisfiable_ranges_are_clamped_and_coalesced(header: str, spans: list[tuple[int, int]]) -> None:
    assert parse_range(header, N, 64) == [Span(*span) for span in spans]


@pytest.mark.parametrize("header", ["bytes=107-", "bytes=107-110", "bytes=-0", f"bytes={'9' * 40}-", "bytes=107-,-0"])
def test_ranges_past_the_end_are_unsatisfiable(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        parse_range(header, N, 64)


@pytest.mark.parametrize(
    "header",
    ["bytes=5-2", "bytes=a-b", "bytes=1 -2", "bytes=", "bytes= , ", "items=0-1", "bytes", "bytes=-", "bytes=1",
     "bytes=0-1,x", "bytes=+1-2", "bytes=٣-٤", "0-1"],
)  # fmt: skip
def test_malformed_ranges_are_ignored(header: str) -> None:
    assert parse_range(header, N, 64) is None


def test_any_range_of_an_empty_body_is_ignored() -> None:
    assert parse_range("bytes=0-0", 0, 64) is None


def test_more_ranges_than_the_limit_are_ignored() -> None:
    assert parse_range("bytes=" + ",".join(f"{n}-{n}" for n in range(0, 130, 2)), 1000, 64) is None
    assert len(parse_range("bytes=" + ",".join(f"{n}-{n}" for n in range(0, 128, 2)), 1000, 64) or []) == 64


def test_very_many_ranges_and_digits_are_no_trouble() -> None:
    header = "bytes=" + ",".join(["0-0"] * 200_000) + ",5-" + "9" * 1_000_000
    assert parse_range(header, N, 10**9) == [Span(0, 0), Span(5, 106)]


@given(
    size=st.integers(1, 300),
    ranges=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), min_size=1, max_size=20),
)
def test_spans_cover_exactly_the_bytes_asked_for(size: int, ranges: list[tuple[int, int]]) -> None:
    ordered = [(min(pair), max(pair)) for pair in ranges]
    wanted = {at for first, last in ordered for at in range(first, min(last, size - 1) + 1)}
    header = "bytes=" + ",".join(f"{first}-{last}" for first, last in ordered)
    if not wanted:
        with pytest.raises(Unsatisfiable):
            parse_range(header, size, 64)
        return
    spans = parse_range(header, size, 64)
    assert spans is not None
    assert {at for span in spans for at in range(span.first, span.last + 1)} == wanted
    assert sum(span.length for span in spans) == len(wanted)


@given(st.text(max_size=40))
def test_no_text_is_an_error_of_ours(text: str) -> None:
    for header in (text, "bytes=" + text):
        try:
            parse_range(header, N, 64)
        except Unsatisfiable:
            continue
