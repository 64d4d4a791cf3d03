"""Times of messages as text, all in UTC. Tables do the work: a day has few seconds, and an export few days."""

from functools import lru_cache

import polars as pl

SECONDS = 86_400


@lru_cache(maxsize=2)
def _clock(form: str, step: str) -> pl.Series:
    start = pl.datetime(2000, 1, 1)
    every = pl.datetime_range(start, start + pl.duration(days=1), step, closed="left", eager=True)
    return every.dt.strftime(form)


def clock_of(instants: pl.Series) -> pl.Series:
    """`HH:MM:SS` of each instant."""
    return _clock("%H:%M:%S", "1s").gather((instants.dt.epoch("s") % SECONDS).cast(pl.UInt32))


def minute_of(instants: pl.Series) -> pl.Series:
    """`HH:MM` of each instant."""
    return _clock("%H:%M", "1m").gather((instants.dt.epoch("s") % SECONDS // 60).cast(pl.UInt32))


def day_of(instants: pl.Series) -> pl.Series:
    """The day of each instant, counted from 1970-01-01."""
    return (instants.dt.epoch("s") // SECONDS).cast(pl.Int32)


def days_as(days: pl.Series, form: str) -> pl.Series:
    """Each day in a `strftime` form, whose words are English on every machine."""
    distinct = days.unique().sort()
    place = distinct.search_sorted(days).cast(pl.UInt32)
    return distinct.cast(pl.Date).dt.strftime(form).gather(place)
