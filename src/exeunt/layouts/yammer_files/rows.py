"""The rows of `Files.csv`: which files, and their columns, as the Yammer contract's 1.7 and 3.4 give them."""

import polars as pl

from exeunt.lake.view import View
from exeunt.layouts.job import Job
from exeunt.layouts.options import YammerFilesOptions

TIME = "%Y-%m-%dT%H:%M:%SZ"

COLUMNS = (
    "id", "file_id", "name", "description", "uploader_id", "uploader_type", "group_id", "group_name",
    "reverted_to_id", "deleted_by_user_id", "in_private_group", "in_private_conversation", "file_api_url",
    "download_url", "path", "uploaded_at", "deleted_at", "original_network", "storage_type", "storage_path",
    "archive", "size", "sha256",
)  # fmt: skip
"""Published columns first, in their order; `archive`, `size` and `sha256` are ours and come last."""

BESIDE = ("network_id", "storage", "reason", "url", "crc32", "uploaded", "source_id", "held")
"""What assembly needs beside the columns."""


def file_rows(job: Job, view: View) -> pl.DataFrame:
    """The files of one network in the window, by version id; `path` and `archive` are still empty."""
    options = job.options
    assert isinstance(options, YammerFilesOptions)
    files = view.files().filter(_in_window(job))
    rooms = view.all_rooms().select(room_id="id", _room="number", _room_name="name", _kind="kind")
    users = view.users().select(uploader_id="id", _uploader="number")
    reached = view.rooms()["id"]
    files = (
        files.filter((pl.col("room_id") == "") | pl.col("room_id").is_in(reached.implode()))
        .join(rooms, on="room_id", how="left", maintain_order="left")
        .join(users, on="uploader_id", how="left", maintain_order="left")
    )
    if options.groups:
        files = files.filter(pl.col("_room").is_in(options.groups))
    if options.users:
        files = files.filter(pl.col("_uploader").is_in(options.users))
    held = _held(job, view)
    files = files.with_columns(held=(pl.col("storage") == "held") & pl.struct("sha256", "size").is_in(held.implode()))
    return files.select(*_columns(options, view)).sort("id")


def _in_window(job: Job) -> pl.Expr:
    wanted = job.selection

    def within(column: str) -> pl.Expr:
        inside = pl.col(column).is_not_null()
        if wanted.since:
            inside &= pl.col(column) >= wanted.since
        if wanted.until:
            inside &= pl.col(column) < wanted.until
        return inside

    return within("uploaded_at") | within("deleted_at")


def _held(job: Job, view: View) -> pl.Series:
    """(sha256, size) of the bodies that are really there, by one listing."""
    found = [
        {"sha256": key.rpartition("/")[2], "size": size} for key, size in job.blobs.sizes(f"held/{view.workspace.id}")
    ]
    return pl.Series("held", found, pl.Struct({"sha256": pl.String, "size": pl.Int64}))


def _columns(options: YammerFilesOptions, view: View) -> list[pl.Expr]:
    api = f"{options.base}/api/v1/uploaded_files/"
    group, private = pl.col("_kind").is_in(["public", "private"]), pl.col("_kind").is_in(["group", "direct"])
    elsewhere = is_elsewhere()
    address = pl.format(api + "{}", "version_number")
    no_text, kept_at = pl.lit(None, pl.String), "SharePoint" if options.sharepoint else "External"
    values: dict[str, pl.Expr] = {
        "id": pl.col("version_number"),
        "file_id": pl.col("number"),
        "name": pl.col("name"),
        "description": pl.col("description"),
        "uploader_id": pl.col("_uploader"),
        "uploader_type": pl.when(pl.col("_uploader").is_not_null()).then(pl.lit("User")),
        "group_id": pl.when(group).then("_room"),
        "group_name": pl.when(group).then("_room_name"),
        "reverted_to_id": no_text,
        "deleted_by_user_id": no_text,
        "in_private_group": (pl.col("_kind") == "private").fill_null(False),
        "in_private_conversation": private.fill_null(False),
        "file_api_url": address,
        "download_url": pl.when(elsewhere).then("url").otherwise(address + "/download"),
        "path": pl.lit(""),
        "uploaded_at": pl.col("uploaded_at").dt.strftime(TIME),
        "deleted_at": pl.col("deleted_at").dt.strftime(TIME),
        "original_network": pl.lit(view.workspace.id),
        "storage_type": pl.when(elsewhere).then(pl.lit(kept_at)).otherwise(pl.lit("Yammer")),
        "storage_path": pl.when(elsewhere).then(pl.lit(kept_at)),
        "archive": pl.lit(""),
        "size": pl.col("size"),
        "sha256": pl.col("sha256"),
        "network_id": pl.lit(view.workspace.number),
        "storage": pl.col("storage"),
        "reason": pl.col("reason"),
        "url": pl.col("url"),
        "crc32": pl.col("crc32"),
        "uploaded": pl.col("uploaded_at"),
        "source_id": pl.col("id"),
        "held": pl.col("held"),
    }
    return [value.alias(name) for name, value in values.items()]


def is_elsewhere() -> pl.Expr:
    """Kept at an address that is not ours: by the source's own word, or because its export carried no bytes."""
    return pl.col("storage").is_in(["external", "absent"]) & (pl.col("url") != "")


def extension(name: str) -> str:
    """`.pdf` of `Report.pdf`, case kept; nothing unless it is 1 to 16 letters and digits (contract 3.4.7)."""
    _, dot, suffix = name.rpartition(".")
    return f".{suffix}" if dot and 1 <= len(suffix) <= 16 and suffix.isascii() and suffix.isalnum() else ""
