"""Every spelling of a date in the Yammer contract's 3.2."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exeunt.apis.yammer.dates import NotADate, parse_date, written

NINTH = datetime(2019, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2019-02-09T00:00:00", NINTH),
        ("2019-02-09t00:00:00.000", NINTH),
        ("2019-02-09T00:00:00Z", NINTH),
        ("2019-02-09T00:00:00+00:00", NINTH),
        ("2019-02-09T02:00:00+0200", NINTH),
        ("2019-02-08T19:00:00-05", NINTH),
        ("2019-02-09T00:00:00 00:00", NINTH),
        ("2019-02-09T00:00:00 0000", NINTH),
        ("2019-02-09", NINTH),
        ("2019-2-9", NINTH),
        ("2019-02-09 10:00:00", NINTH + timedelta(hours=10)),
        ("2019-02-09T00:00:00.5", NINTH + timedelta(microseconds=500_000)),
        ("2019-02-09T10:00", NINTH + timedelta(hours=10)),
        ("2019-02-09T14:00:00+14:00", NINTH),
    ],
)
def test_published_spellings_are_read(text: str, instant: datetime) -> None:
    assert parse_date(text) == instant


@pytest.mark.parametrize(
    "text",
    ["2019-02-30", "2019-13-01", "2019-02-09T24:00:00", "2019-02-09T00:00:60", "10000-01-01", "text", "9" * 10_000, "",
     "2019-02-09T00:00:00+15:00", "2019-02-09T00:00:00+14:01", "2019-02-09T00:00:00 00", "2019-02-09T", "0",
     "0000-01-01", "2019-02-09T00:00:00+00:60", "٢٠١٩-٠٢-٠٩", "0001-01-01T00:00:00+14:00"],
)  # fmt: skip
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(NotADate):
        parse_date(text)


FIRST, LAST = (datetime(year, 1, 1) for year in (1900, 2100))  # noqa: DTZ001 - hypothesis wants them without a zone


@given(st.datetimes(FIRST, LAST), st.integers(-14 * 60, 14 * 60))
def test_every_instant_survives_its_iso_form(naive: datetime, minutes: int) -> None:
    instant = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert parse_date(instant.isoformat()) == instant
    assert parse_date(instant.isoformat().replace("+", " ")) == instant


@given(st.text(max_size=80))
def test_any_text_is_a_date_or_refused(text: str) -> None:
    try:
        parse_date(text)
    except NotADate:
        return


def test_expiry_times_are_written_with_an_offset() -> None:
    assert written(NINTH) == "2019-02-09T00:00:00+00:00"


SPELLINGS = st.tuples(
    st.sampled_from("Tt "), st.sampled_from(["%Y-%m-%d", "%Y-{0.month}-{0.day}"]), st.sampled_from(["", ".{:06d}"]),
    st.sampled_from([("", 0), ("Z", 0), ("z", 0), ("+{0:02d}:{1:02d}", 1), (" {0:02d}:{1:02d}", 1),
                     ("+{0:02d}{1:02d}", 1), (" {0:02d}{1:02d}", 1), ("-{0:02d}:{1:02d}", -1), ("-{0:02d}{1:02d}", -1),
                     ("+{0:02d}", 60), ("-{0:02d}", -60)]),
)  # fmt: skip


@given(st.datetimes(FIRST, LAST), SPELLINGS, st.integers(0, 14 * 60))
def test_every_spelling_of_an_instant_is_that_instant(
    naive: datetime, spelling: tuple[str, str, str, tuple[str, int]], minutes: int
) -> None:
    separator, date, fraction, (zone, unit) = spelling
    minutes -= minutes % 60 if abs(unit) == 60 else 0
    offset = timedelta(minutes=minutes * (unit > 0) - minutes * (unit < 0))
    text = naive.strftime(date.format(naive)) + separator + naive.strftime("%H:%M:%S")
    text += fraction.format(naive.microsecond) + zone.format(*divmod(minutes, 60))
    whole = naive if fraction else naive.replace(microsecond=0)
    assert parse_date(text) == whole.replace(tzinfo=timezone(offset))
