"""Writing Parquet segments: one frame in, one fsynced file and its catalog facts out."""

import hashlib
import os
import secrets
from collections.abc import Sequence

import msgspec
import polars as pl

from exeunt.errors import Damaged
from exeunt.lake.catalog import Segment
from exeunt.lake.columns import TABLES
from exeunt.storage.seam import Storage

ROW_GROUP = 16_384


class GroupFacts(msgspec.Struct, frozen=True):
    """What one segment holds of one (room, month) group; times are of writing, in microseconds since 1970."""

    room_number: int
    month: int
    rows: int
    first_at: int
    last_at: int


class NewSegment(msgspec.Struct, frozen=True):
    """A segment that no snapshot names yet."""

    id: str
    kind: str
    key: str
    rows: int
    size: int
    sha256: bytes
    groups: list[GroupFacts]


def write_segment(lake: Storage, workspace_id: str, kind: str, import_no: int, frame: pl.DataFrame) -> NewSegment:
    """Write one table's rows into the lake; the file is durable when this returns."""
    segment_id = secrets.token_hex(12)
    key = f"{workspace_id}/{kind}/{import_no:06d}-{segment_id}.parquet"
    path = lake.path(key)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if kind == "messages":
        frame = frame.sort("room_number", "thread_started_at", "created_at", "id", "import_no", "revision")
    with path.open("w+b") as file:
        frame.write_parquet(file, compression="zstd", compression_level=1, row_group_size=ROW_GROUP)
        file.flush()
        os.fsync(file.fileno())
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").digest()
        size = file.tell()
    lake.keep(key)
    groups = _groups(frame) if kind == "messages" else []
    return NewSegment(segment_id, kind, key, frame.height, size, sha256, groups)


def _groups(frame: pl.DataFrame) -> list[GroupFacts]:
    started, created = pl.col("thread_started_at"), pl.col("created_at")
    counted = frame.group_by(
        "room_number", month=started.dt.year().cast(pl.Int32) * 100 + started.dt.month().cast(pl.Int32)
    ).agg(rows=pl.len(), first=created.min().dt.epoch("us"), last=created.max().dt.epoch("us"))
    return [GroupFacts(*row) for row in counted.sort("room_number", "month").iter_rows()]


def scan_table(lake: Storage, kind: str, segments: Sequence[Segment | NewSegment]) -> pl.LazyFrame:
    """The rows of these segments of one table. A column that came later than a segment is null in its rows.

    Raises `Damaged` naming the first segment that is missing or was cut short.
    """
    check_sizes(lake, segments)
    if not segments:
        return pl.LazyFrame(schema=TABLES[kind])
    # of a bucket only the columns and row groups are fetched that are asked for
    return pl.scan_parquet(
        [lake.url(segment.key) for segment in segments], schema=TABLES[kind], missing_columns="insert", glob=False,
        storage_options=lake.scan_options, credential_provider=None,
    )  # fmt: skip


def check_sizes(lake: Storage, segments: Sequence[Segment | NewSegment]) -> None:
    """Raises `Damaged` naming the first segment that is missing or was cut short."""
    for segment, size in zip(segments, lake.sizes([segment.key for segment in segments]), strict=True):
        if size is None:
            raise Damaged(f"segment {segment.key} of the lake is missing")
        if size != segment.size:
            raise Damaged(f"segment {segment.key} of the lake has {size} bytes instead of {segment.size}")


def verify_segment(lake: Storage, segment: Segment) -> str | None:
    """Re-read one segment: None when it is sound, else what is wrong with it."""
    try:
        check_sizes(lake, [segment])
        digest, reader = hashlib.sha256(), lake.reader(segment.key)
        try:
            for offset in range(0, segment.size, lake.step):
                digest.update(reader.pread(offset, min(lake.step, segment.size - offset)))
        finally:
            reader.close()
    except Damaged as error:
        return str(error)
    sound = digest.digest() == segment.sha256
    return None if sound else f"segment {segment.key} of the lake does not match its SHA-256"
