"""Attachments as members: slices of held blobs, named so that a page can link to them before they are added."""

from collections.abc import Iterable

import polars as pl

from exeunt.archives.extents import whole
from exeunt.archives.names import clean_segment
from exeunt.archives.parts import ArchiveWriter
from exeunt.archives.zips import Content
from exeunt.lake.view import View
from exeunt.layouts.job import Job

WHY_MISSING = {
    "external": "kept outside the workspace, at its address",
    "absent": "the source export did not carry the file's bytes",
    "deleted": "deleted at the source",
    "hidden": "withheld by the source (a limit of its plan)",
    "damaged": "the bytes in the source export were unreadable",
}
"""What the manifest says of a file without bytes, by its `storage`; a `reason` of its own is added."""


def member_name(number: int, name: str) -> str:
    """Where a file lies in the archive: unique by its number, readable by its name."""
    return f"files/{number}-{clean_segment(name or 'file', 200)}"


def referred(view: View, messages: pl.DataFrame) -> list[int]:
    """The numbers of the files that these messages carry, sorted."""
    ids = messages["file_ids"].explode().drop_nulls().unique()
    if ids.is_empty():
        return []
    return view.files().filter(pl.col("id").is_in(ids.implode()))["number"].to_list()


def selected_files(view: View, numbers: Iterable[int]) -> pl.DataFrame:
    """The files an export takes, by number: those its messages carry and, unless it asks for certain people or words,
    those of its rooms that no message names."""
    wanted, selection = (
        pl.col("number").is_in(pl.Series(sorted(set(numbers)), dtype=pl.Int64).implode()),
        view.selection,
    )
    if not selection.people and not selection.text:
        mine = pl.col("room_id").is_in(view.rooms()["id"].implode())
        if selection.since:
            mine &= pl.col("uploaded_at") >= selection.since
        if selection.until:
            mine &= pl.col("uploaded_at") < selection.until
        wanted |= mine
    return view.files().filter(wanted)


def attach(job: Job, archive: ArchiveWriter, view: View, files: pl.DataFrame) -> None:
    """Append the bodies of these files (rows of `View.files`) in order; name the others as missing. Counts in `job`."""
    columns = ("number", "id", "name", "storage", "reason", "url", "sha256", "crc32", "size", "uploaded_at")
    job.count("files_total", files.height)
    if not job.selection.files:
        return
    for number, file_id, name, storage, reason, url, sha256, crc32, size, uploaded_at in files.select(
        columns
    ).iter_rows():
        if storage == "held":
            content = Content(whole(job.held(view, sha256, size), crc32), size, crc32, bytes.fromhex(sha256))
            archive.add(member_name(number, name), content, uploaded_at, file_id)
            job.count("files", 1)
            job.count("file_bytes", size)
        else:
            why = WHY_MISSING[storage] + (f": {reason}" if reason else "")
            archive.missing({"kind": "file", "id": file_id, "name": name, "reason": why, "url": url})
            job.count("files_missing", 1)
