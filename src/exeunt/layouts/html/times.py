"""Times of messages as text, all in UTC. Tables do the work: a day has few seconds, and an export few days."""

from functools import lru_cache

import polars as pl

SECONDS = 86_400


@lru_cache(maxsize=1)
def _clock() -> pl.Series:
    """`HH:MM:SS` of every second of a day."""
    start = pl.datetime(2000, 1, 1)
    every = pl.datetime_range(start, start + pl.duration(days=1), "1s", closed="left", eager=True)
    return every.dt.strftime("%H:%M:%S")


def clock_of(instants: pl.Series) -> pl.Series:
    """`HH:MM:SS` of each instant."""
    return _clock().gather((instants.dt.epoch("s") % SECONDS).cast(pl.UInt32))


def day_of(instants: pl.Series) -> pl.Series:
    """The day of each instant, counted from 1970-01-01."""
    return (instants.dt.epoch("s") // SECONDS).cast(pl.Int32)


def days_as(days: pl.Series, form: str) -> pl.Series:
    """Each day in a `strftime` form (its words are English on every machine); null stays null."""
    distinct = days.drop_nulls().unique().sort()
    if distinct.is_empty():
        return pl.Series(days.name, [None] * len(days), dtype=pl.String)
    place = pl.select(distinct.search_sorted(days.fill_null(distinct[0])).cast(pl.UInt32)).to_series()
    texts = distinct.cast(pl.Date).dt.strftime(form).gather(place)
    return pl.select(pl.when(days.is_not_null()).then(texts)).to_series()
