"""Where threads begin, open and close among messages that are sorted by thread."""

import polars as pl


def sorted_by_thread(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with the message that started a thread before its replies, should one be dated earlier than it."""
    root, again = pl.col("id") == pl.col("thread_id"), pl.col("thread_id") == pl.col("thread_id").shift(1)
    if not frame.select((root & again).any()).item():
        return frame
    return frame.sort("room_number", "thread_started_at", "thread_id", ~root, "created_at", "id")


def threads(frame: pl.DataFrame) -> pl.DataFrame:
    """For each message: `first` of its thread, `reply`, `opens` (how many replies begin here, or null), `closes`."""
    changed = pl.col("thread_id") != pl.col("thread_id").shift(1)
    at = frame.select(
        first=changed.fill_null(True),
        reply=pl.col("id") != pl.col("thread_id"),
        index=pl.int_range(pl.len(), dtype=pl.UInt32),
    )
    end = pl.when(pl.col("first")).then(pl.col("index")).shift(-1).backward_fill().fill_null(frame.height)
    opening = pl.col("reply") & (pl.col("first") | ~pl.col("reply").shift(1, fill_value=False))
    return at.select(
        "first",
        "reply",
        opens=pl.when(opening).then(end - pl.col("index")),
        closes=pl.col("reply") & pl.col("first").shift(-1, fill_value=True),
    )
