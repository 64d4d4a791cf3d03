"""The files of an export: which there are, how they are called in the archive, and what a message says of them."""

from weakref import WeakKeyDictionary

import polars as pl

from exeunt.archives.extents import whole
from exeunt.archives.names import clean_segment
from exeunt.archives.parts import ArchiveWriter
from exeunt.archives.zips import Content
from exeunt.blobs.store import BlobStore
from exeunt.lake.view import View
from exeunt.layouts.attachments import WHY_MISSING, lost_bodies
from exeunt.layouts.job import Job
from exeunt.layouts.rocketchat.encoding import object_json, percent

FOLDER = "assets/"

FILE_KEYS = ("type", "title", "title_link", "image_url", "audio_url", "video_url", "message_link", "image_type",
             "image_size", "video_size", "video_type", "audio_size", "audio_type")  # fmt: skip
"""The keys of an attachment that are left out where nothing is set, in their order."""

NOT_WANTED = "the export was asked for without file bodies"


class Assets:
    """The files of a workspace, as far as an export needs them."""

    def __init__(self, blobs: BlobStore, view: View, *, files: bool) -> None:
        self._wanted, self._files = files, view.files()
        self._lost = lost_bodies(blobs, view, self._files)
        # ids that differ in case only would be one name on many systems
        folded = self._files["id"].str.to_lowercase()
        self._twins = set(self._files["id"].filter(folded.is_duplicated()))

    def of(self, ids: pl.Series) -> pl.DataFrame:
        """These files by id, with `member` (the name in the archive), `href`, `link` (the address at Rocket.Chat),
        `called` (what people see) and `why` (why there are no bytes, else null)."""
        files = self._files.filter(pl.col("id").is_in(ids.implode())).sort("id")
        rows = files.select("id", "number", "name", "storage", "reason", "sha256").rows()
        member = [self._segment(row[0], row[1], row[2]) for row in rows]
        why = [_why(self._wanted, storage, reason, self._lost.get(sha256)) for *_, storage, reason, sha256 in rows]
        return files.with_columns(
            pl.Series("member", [FOLDER + name for name in member], pl.String),
            pl.Series("href", [f"./{FOLDER}{percent(name)}" for name in member], pl.String),
            pl.Series("link", [f"/file-upload/{percent(row[0])}/{percent(row[2])}" for row in rows], pl.String),
            pl.Series("why", why, pl.String),
            called=pl.coalesce(pl.when(pl.col("title") != "").then("title"), "name"),
        )

    def _segment(self, file_id: str, number: int, name: str) -> str:
        apart = f"{number}-" if file_id in self._twins else ""
        return clean_segment(f"{file_id}-{apart}{name or 'file'}")


_assets: WeakKeyDictionary[View, Assets] = WeakKeyDictionary()


def assets_of(job: Job, view: View) -> Assets:
    """The files of a view, looked for once for all its shards."""
    found = _assets.get(view)
    if found is None:
        found = _assets[view] = Assets(job.blobs, view, files=job.selection.files)
    return found


def _why(wanted: bool, storage: str, reason: str, lost: str | None) -> str | None:
    if storage != "held":
        return WHY_MISSING[storage] + (f": {reason}" if reason else "")
    return lost if lost is not None else None if wanted else NOT_WANTED


def file_columns() -> dict[str, pl.Expr]:
    """What Rocket.Chat writes of an uploaded file, for a row of `assets`."""
    kinds = {kind: pl.col("media_type").str.starts_with(f"{kind}/") for kind in ("image", "audio", "video")}
    columns: dict[str, pl.Expr] = {
        "type": pl.lit("file"),
        "title": pl.col("called"),
        "title_link": pl.col("link"),
    }
    for kind, fits in kinds.items():
        columns[f"{kind}_url"] = pl.when(fits).then("link")
        columns[f"{kind}_type"] = pl.when(fits).then("media_type")
        columns[f"{kind}_size"] = pl.when(fits).then("size")
    columns["message_link"] = pl.lit(None, pl.String)
    return {name: columns[name] for name in FILE_KEYS}


def attachment_json(columns: dict[str, pl.Expr], remote: pl.Expr, file_id: pl.Expr, file_name: pl.Expr) -> pl.Expr:
    """One attachment as the JSON form has it."""
    address = pl.coalesce(*(columns[name] for name in FILE_KEYS[2:7]))
    return object_json(
        optional=(*FILE_KEYS, "fileId", "fileName"), **columns, url=address, remote=remote, fileId=file_id,
        fileName=file_name,
    )  # fmt: skip


def attach(archive: ArchiveWriter, job: Job, view: View, files: pl.DataFrame) -> dict[str, int]:
    """Append the bodies of these files in order of id; name those that are missing. Returns the counts."""
    columns = ("id", "name", "member", "why", "sha256", "crc32", "size", "uploaded_at")
    counts = {"files": 0, "file_bytes": 0, "files_missing": 0}
    rows = files.sort("id").select(columns).iter_rows() if files.height else ()
    for file_id, name, member, why, sha256, crc32, size, at in rows:
        if why is None:
            blob = job.held(view, sha256, size)
            archive.add(member, Content(whole(blob, crc32), size, crc32, blob.sha256), at, file_id)
            counts["files"] += 1
            counts["file_bytes"] += size
        else:
            archive.missing({"file_id": file_id, "name": name, "reason": why})
            counts["files_missing"] += 1
    if not counts["files"]:
        archive.folder(FOLDER)
    return counts


def warnings_of(files: pl.DataFrame) -> list[str]:
    """What whoever opens the archive should know first."""
    missing = int(files["why"].is_not_null().sum())
    return [f"{missing} of {files.height} files have no bytes here; `missing` says why"] if missing else []
