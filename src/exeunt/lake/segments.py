"""Writing Parquet segments: one frame in, one fsynced file and its catalog facts out."""

import hashlib
import os
import secrets
from pathlib import Path

import msgspec
import polars as pl

from exeunt.errors import Damaged
from exeunt.lake.catalog import Segment
from exeunt.lake.columns import TABLES

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


def write_segment(root: Path, workspace_id: str, kind: str, import_no: int, frame: pl.DataFrame) -> NewSegment:
    """Write one table's rows below the lake's folder; the file is durable when this returns."""
    segment_id = secrets.token_hex(12)
    key = f"{workspace_id}/{kind}/{import_no:06d}-{segment_id}.parquet"
    path = root / key
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
    groups = _groups(frame) if kind == "messages" else []
    return NewSegment(segment_id, kind, key, frame.height, size, sha256, groups)


def _groups(frame: pl.DataFrame) -> list[GroupFacts]:
    started, created = pl.col("thread_started_at"), pl.col("created_at")
    counted = frame.group_by(
        "room_number", month=started.dt.year().cast(pl.Int32) * 100 + started.dt.month().cast(pl.Int32)
    ).agg(rows=pl.len(), first=created.min().dt.epoch("us"), last=created.max().dt.epoch("us"))
    return [GroupFacts(*row) for row in counted.sort("room_number", "month").iter_rows()]


def checked_paths(root: Path, segments: list[Segment]) -> list[Path]:
    """The files of these segments. Raises `Damaged` naming the first that is missing or was cut short."""
    paths = []
    for segment in segments:
        path = root / segment.key
        try:
            size = path.stat().st_size
        except OSError as error:
            raise Damaged(f"segment {segment.key} of the lake is missing") from error
        if size != segment.size:
            raise Damaged(f"segment {segment.key} of the lake has {size} bytes instead of {segment.size}")
        paths.append(path)
    return paths


def scan_table(root: Path, kind: str, segments: list[Segment]) -> pl.LazyFrame:
    """The rows of these segments of one table. A column that came later than a segment is null in its rows.

    Raises `Damaged` as `checked_paths` does.
    """
    paths = checked_paths(root, segments)
    if not paths:
        return pl.LazyFrame(schema=TABLES[kind])
    return pl.scan_parquet(paths, schema=TABLES[kind], missing_columns="insert")


def verify_segment(root: Path, segment: Segment) -> str | None:
    """Re-read one segment: None when it is sound, else what is wrong with it."""
    try:
        (path,) = checked_paths(root, [segment])
    except Damaged as error:
        return str(error)
    with path.open("rb") as file:
        sound = hashlib.file_digest(file, "sha256").digest() == segment.sha256
    return None if sound else f"segment {segment.key} of the lake does not match its SHA-256"
