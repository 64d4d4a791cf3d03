"""Attachments as members: slices of held blobs, named so that a page can link to them before they are added."""

from collections.abc import Iterable, Mapping

import polars as pl

from exeunt.archives.extents import whole
from exeunt.archives.names import clean_segment
from exeunt.archives.parts import ArchiveWriter
from exeunt.archives.zips import Content
from exeunt.blobs.store import BlobStore
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
    those of its rooms that no message names; where it asks for no rooms, also those of no room at all."""
    wanted, selection = (
        pl.col("number").is_in(pl.Series(sorted(set(numbers)), dtype=pl.Int64).implode()),
        view.selection,
    )
    if not selection.people and not selection.text:
        mine = pl.lit(True)
        if selection.rooms or selection.room_kinds:
            mine = pl.col("room_id").is_in(view.rooms()["id"].implode())
        if selection.since:
            mine &= pl.col("uploaded_at") >= selection.since
        if selection.until:
            mine &= pl.col("uploaded_at") < selection.until
        wanted |= mine
    return view.files().filter(wanted)


def lost_bodies(blobs: BlobStore, view: View, files: pl.DataFrame) -> dict[str, str]:
    """Of the held files among these, by SHA-256, those whose bytes are not there any more, and what is wrong with them.
    Asks by listing, not one by one."""
    held = files.filter(pl.col("storage") == "held").select("sha256", "size")
    left: dict[str, int] = dict(held.iter_rows())
    wrong: dict[str, str] = {}
    if left:
        for key, size in blobs.sizes(f"held/{view.workspace.id}"):
            sha256 = key.rpartition("/")[2]
            wanted = left.pop(sha256, size)
            if size != wanted:
                wrong[sha256] = f"{size} of the {wanted} bytes that were kept are left"
    return wrong | dict.fromkeys(left, "the bytes that were kept are missing")


def attach(
    job: Job, archive: ArchiveWriter, view: View, files: pl.DataFrame, lost: Mapping[str, str] | None = None
) -> None:
    """Append the bodies of these files (rows of `View.files`) in order; name the others as missing, those too that are
    `lost` (what `lost_bodies` found, asked here otherwise). Counts in `job`."""
    columns = ("number", "id", "name", "storage", "reason", "url", "sha256", "crc32", "size", "uploaded_at")
    job.count("files_total", files.height)
    if not job.selection.files:
        return
    lost = lost_bodies(job.blobs, view, files) if lost is None else lost
    held = held_bytes = 0
    for number, file_id, name, storage, reason, url, sha256, crc32, size, at in files.select(columns).iter_rows():
        if storage == "held" and sha256 not in lost:
            blob = job.held(view, sha256, size)
            content = Content(whole(blob, crc32), size, crc32, blob.sha256)
            archive.add(member_name(number, name), content, at, file_id)
            held, held_bytes = held + 1, held_bytes + size
        else:
            why = lost[sha256] if storage == "held" else WHY_MISSING[storage] + (f": {reason}" if reason else "")
            archive.missing({"kind": "file", "id": file_id, "name": name, "reason": why, "url": url})
    for word, number in (("files", held), ("file_bytes", held_bytes), ("files_missing", files.height - held)):
        if number:
            job.count(word, number)
