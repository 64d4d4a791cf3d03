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


def attach(job: Job, archive: ArchiveWriter, view: View, numbers: Iterable[int]) -> dict[str, int]:
    """Append the bodies of these files in order of number; name the others as missing. Returns the counts."""
    wanted = pl.Series("number", sorted(set(numbers)), dtype=pl.Int64)
    counts = {"files": 0, "files_missing": 0, "file_bytes": 0}
    columns = ("number", "id", "name", "storage", "reason", "url", "sha256", "crc32", "size", "uploaded_at")
    files = view.files().filter(pl.col("number").is_in(wanted.implode())).select(columns)
    for number, file_id, name, storage, reason, url, sha256, crc32, size, uploaded_at in files.iter_rows():
        if storage == "held" and job.selection.files:
            content = Content(whole(job.held(view, sha256, size), crc32), size, crc32, bytes.fromhex(sha256))
            archive.add(member_name(number, name), content, uploaded_at, file_id)
            counts["files"] += 1
            counts["file_bytes"] += size
        elif job.selection.files:
            why = WHY_MISSING[storage] + (f": {reason}" if reason else "")
            archive.missing({"kind": "file", "id": file_id, "name": name, "reason": why, "url": url})
            counts["files_missing"] += 1
    return counts
