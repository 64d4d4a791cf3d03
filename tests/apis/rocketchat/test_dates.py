"""The dates of an export: what is one, and the window they come to (contract 1.5)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exeunt.apis.rocketchat.dates import NotADate, Window, parse, window

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2024-03-15", at(2024, 3, 15)),
        ("2024-03-15T10:20", at(2024, 3, 15, 10, 20)),
        ("2024-03-15T10:20:30Z", at(2024, 3, 15, 10, 20, 30)),
        ("2024-03-15T10:20:30.123+02:00", at(2024, 3, 15, 8, 20, 30, 123_000)),
        ("2024-03-15T10:20:30.5-05:30", at(2024, 3, 15, 15, 50, 30, 500_000)),
    ],
)
def test_a_date(text: str, instant: datetime) -> None:
    found = parse(text)
    assert found is not None
    assert (found.at, found.is_day) == (instant, len(text) == 10)


@pytest.mark.parametrize("value", ["2024-02-30", "13/12/2021", "2024-3-1", "2024-03-15 10:20", "2024-03-15T25:00",
                                   "2024-03-15T10:20+02", "0000-01-01", 20240315, ["2024-03-15"], True, {},
                                   "2024-03-15T10:20:30+25:00", "x" * 10_000])  # fmt: skip
def test_no_date(value: object) -> None:
    with pytest.raises(NotADate):
        parse(value)


def test_nothing_is_no_bound() -> None:
    assert parse(None) is None
    assert parse("") is None
    assert window(None, None, NOW) == Window(None, NOW)


def test_a_last_day_counts_whole_and_a_last_instant_with_its_millisecond() -> None:
    assert window(parse("2024-03-15"), parse("2024-03-15"), NOW) == Window(at(2024, 3, 15), at(2024, 3, 16))
    exact = window(parse("2024-03-15T00:00:00.001Z"), parse("2024-03-15T00:00:00.001Z"), NOW)
    assert exact == Window(at(2024, 3, 15, 0, 0, 0, 1000), at(2024, 3, 15, 0, 0, 0, 2000))


def test_the_order_is_wrong_only_from_two_days_on() -> None:
    day_after = window(parse("2024-03-16"), parse("2024-03-15"), NOW)
    assert day_after is not None
    assert day_after.is_empty
    assert window(parse("2024-03-17"), parse("2024-03-15"), NOW) is None
    assert window(parse("2024-03-15T00:00:01Z"), parse("2024-03-15T00:00:00Z"), NOW) is None
    tomorrow = window(parse("2026-01-03"), None, NOW)
    assert tomorrow is not None
    assert tomorrow.is_empty
    assert window(parse("2026-01-04"), None, NOW) is None


def test_the_last_day_that_there_is() -> None:
    found = window(None, parse("9999-12-31"), NOW)
    assert found is not None
    assert found.until == datetime.max.replace(tzinfo=UTC)


@given(st.dates(date(1971, 1, 1), date(2900, 1, 1)), st.integers(0, 400))
def test_windows_of_neighbouring_days_meet(start: date, days: int) -> None:
    middle = start + timedelta(days=days)
    one = window(parse(start.isoformat()), parse(middle.isoformat()), NOW)
    two = window(parse((middle + timedelta(days=1)).isoformat()), parse((middle + timedelta(days=9)).isoformat()), NOW)
    assert one is not None
    assert two is not None
    assert one.until == two.since
