"""The rows of `Files.csv`: which files, and their columns, as the Yammer contract's 1.7 and 3.4 give them."""

import polars as pl

from exeunt.lake.selection import Selection
from exeunt.lake.view import View
from exeunt.layouts.attachments import WHY_MISSING
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

HELD, EXTERNAL, MISSING = "held", "external", "missing"
"""What `state` of a row says: its bytes are here, at an address that is not ours, or nowhere."""

LOST = "the bytes that were kept are missing or damaged"
NOT_WANTED = "the export was asked for without file bodies"


def options_of(job: Job) -> YammerFilesOptions:
    """The options of this layout."""
    assert isinstance(job.options, YammerFilesOptions)
    return job.options


def file_rows(job: Job, view: View) -> pl.DataFrame:
    """The selected files of one network by version id, without `path` and `archive`.

    Beside the columns a row has `network_id`, `state`, `why` (of a missing one), `extension`, `crc32` and `uploaded`.
    """
    options, rooms, users = options_of(job), view.all_rooms(), view.users()
    files = (
        _reached(view.files(), view, job.selection)
        .filter(_in_window(job.selection))
        .join(rooms.select(room_id="id", _room="number", _room_name="name", _kind="kind"), on="room_id", how="left")
        .join(users.select(uploader_id="id", _uploader="number"), on="uploader_id", how="left")
        .with_columns(_group=pl.when(pl.col("_kind").is_in(["public", "private"])).then("_room"))
    )
    if options.groups:
        files = files.filter(pl.col("_group").is_in(options.groups))
    if options.users:
        files = files.filter(pl.col("_uploader").is_in(options.users))
    files = _with_state(files, job, view)
    base = options.base or f"{job.public_url.rstrip('/')}/yammer"
    columns = _columns(view, base, "SharePoint" if options.sharepoint else "External")
    return files.sort("version_number").select(**columns)


def _reached(files: pl.DataFrame, view: View, wanted: Selection) -> pl.DataFrame:
    """The files of rooms the selection reaches. Where rooms are withheld, a file of no known room is withheld too."""
    if wanted.rooms or wanted.room_kinds:
        files = files.filter(pl.col("room_id").is_in(view.rooms()["id"].implode()))
    if wanted.people:
        files = files.filter(pl.col("uploader_id").is_in(wanted.people))
    if wanted.text:
        words = pl.concat_str("name", "title", "description", separator="\n").str.to_lowercase()
        files = files.filter(words.str.contains(wanted.text.lower(), literal=True))
    return files


def _in_window(wanted: Selection) -> pl.Expr:
    """Uploaded or deleted in `[since, until)`."""

    def within(column: str) -> pl.Expr:
        inside = pl.col(column).is_not_null()
        if wanted.since:
            inside &= pl.col(column) >= wanted.since
        if wanted.until:
            inside &= pl.col(column) < wanted.until
        return inside

    return within("uploaded_at") | within("deleted_at")


def _with_state(files: pl.DataFrame, job: Job, view: View) -> pl.DataFrame:
    """Add `state` and `why`. A kept body counts only if it is really there, which one listing tells."""
    sizes: dict[str, int] = {}
    if (files["storage"] == "held").any():
        sizes = {key.rpartition("/")[2]: size for key, size in job.blobs.sizes(f"held/{view.workspace.id}")}
    there = pl.DataFrame({"sha256": sizes.keys(), "_there": sizes.values()},
                         schema={"sha256": pl.String, "_there": pl.Int64})  # fmt: skip
    kept = pl.col("storage") == "held"
    whole = kept & (pl.col("_there") == pl.col("size")).fill_null(False)
    state = (
        pl.when(whole & pl.lit(job.selection.files)).then(pl.lit(HELD))
        .when(is_elsewhere()).then(pl.lit(EXTERNAL))
        .otherwise(pl.lit(MISSING))
    )  # fmt: skip
    source = pl.col("reason").str.replace_all(r"[\s\x00-\x1f\x7f]+", " ").str.strip_chars()
    reason = (
        pl.when(whole).then(pl.lit(NOT_WANTED))
        .when(kept).then(pl.lit(LOST))
        .when(source == "").then(pl.col("storage").replace_strict(WHY_MISSING, default="unknown"))
        .otherwise(pl.format("{}: {}", pl.col("storage").replace_strict(WHY_MISSING, default="unknown"), source))
    )  # fmt: skip
    return files.join(there, on="sha256", how="left").with_columns(state=state, why=reason)


def is_elsewhere() -> pl.Expr:
    """Kept at an address that is not ours: by the source's own word, or because its export carried no bytes.

    `exeunt.lake.uploaded` says the same in SQL.
    """
    return pl.col("storage").is_in(["external", "absent"]) & pl.col("url").str.contains(r"(?i)^https?://")


def _columns(view: View, base: str, kept_at: str) -> dict[str, pl.Expr]:
    address = pl.lit(f"{base}/api/v1/uploaded_files/") + pl.col("version_number").cast(pl.String)
    elsewhere = pl.col("state") == EXTERNAL
    storage = pl.when(elsewhere).then(pl.lit(kept_at)).otherwise(pl.lit("Yammer"))
    unknown = pl.lit(None, pl.String)
    return {
        "id": pl.col("version_number"),
        "file_id": pl.col("number"),
        "name": pl.col("name"),
        "description": pl.col("description"),
        "uploader_id": pl.col("_uploader"),
        "uploader_type": pl.when(pl.col("_uploader").is_not_null()).then(pl.lit("User")),
        "group_id": pl.col("_group"),
        "group_name": pl.when(pl.col("_group").is_not_null()).then("_room_name"),
        "reverted_to_id": unknown,
        "deleted_by_user_id": unknown,
        "in_private_group": pl.col("_kind").eq_missing(pl.lit("private")),
        "in_private_conversation": pl.col("_kind").is_in(["group", "direct"]).fill_null(False),
        "file_api_url": address,
        "download_url": pl.when(elsewhere).then("url").otherwise(address + "/download"),
        "uploaded_at": pl.col("uploaded_at").dt.strftime(TIME),
        "deleted_at": pl.col("deleted_at").dt.strftime(TIME),
        "original_network": pl.lit(view.workspace.id),
        "storage_type": storage,
        "storage_path": storage,
        "size": pl.col("size"),
        "sha256": pl.col("sha256"),
        "network_id": pl.lit(view.workspace.number, pl.Int64),
        "state": pl.col("state"),
        "why": pl.col("why"),
        # the last suffix, case kept; nothing unless it is 1 to 16 letters and digits (3.4.7)
        "extension": pl.col("name").str.extract(r"(\.[A-Za-z0-9]{1,16})$").fill_null(""),
        "crc32": pl.col("crc32"),
        "uploaded": pl.col("uploaded_at"),
    }
