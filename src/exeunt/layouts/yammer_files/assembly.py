"""Building the archives of a Files Export, as the Yammer contract's 3.4 lays them out. No file is read for it."""

from datetime import UTC, datetime
from typing import Any

import polars as pl

from exeunt.archives.body import Body
from exeunt.archives.extents import whole
from exeunt.archives.index import IndexWriter
from exeunt.archives.packs import PackIndex, PackWriter
from exeunt.archives.parts import ArchiveWriter, Limits, ManifestForm
from exeunt.archives.zips import Content, ZipWriter
from exeunt.lake.view import View
from exeunt.layouts.attachments import WHY_MISSING
from exeunt.layouts.csvtext import quoted_csv, removed_nuls
from exeunt.layouts.job import Job, Output, ShardPlan
from exeunt.layouts.options import YammerFilesOptions
from exeunt.layouts.yammer_files.division import divide
from exeunt.layouts.yammer_files.rows import COLUMNS, extension, file_rows, is_elsewhere

FIXED = datetime(1980, 1, 1, tzinfo=UTC)
"""The time of generated members (contract 3.4.7)."""

LIMITLESS = Limits(part_bytes=1 << 62, part_members=1 << 62)
"""Archives are divided here, by the contract's own limits."""

NETWORK_COLUMNS = ("id", "permalink", "name", "url", "paid", "created_at", "moderated", "usage_policy",
                   "number_of_users", "secure_browser_token")  # fmt: skip


def plan(job: Job) -> list[ShardPlan]:
    """Files need no rendering in shards: their rows are few and their bytes stay where they are."""
    return []


def render(job: Job, plan: ShardPlan, pack: PackWriter) -> None:
    """Never called: there are no shards."""


def assemble(job: Job, packs: list[PackIndex]) -> list[Output]:
    """The archives in order and the metadata CSV last; nothing when no file lies in the window."""
    rows = pl.concat([file_rows(job, view) for view in sorted(job.views, key=lambda v: v.workspace.number)])
    job.count("files_total", rows.height)
    if rows.is_empty():
        return []
    rows = _placed(job, rows)
    numbers = sorted(set(rows["archive_no"]))
    outputs = [_archive(job, rows, number) for number in numbers]
    _count(job, rows)
    return [*outputs, _metadata(job, rows, len(outputs) + 1)]


def _options(job: Job) -> YammerFilesOptions:
    assert isinstance(job.options, YammerFilesOptions)
    return job.options


def _placed(job: Job, rows: pl.DataFrame) -> pl.DataFrame:
    """Give each row its archive, and those with bytes their path and nested archive."""
    options = _options(job)
    held = rows.with_row_index("_at").filter("held")
    places = divide(
        held.select("network_id", "size").iter_rows(), options.archive_max_bytes, options.part_max_bytes,
        flat=options.flat,
    )  # fmt: skip
    archives, nested = [place.archive for place in places], [place.nested for place in places]
    paths = [f"files/{n}{extension(name)}" for n, name in held.select("id", "name").iter_rows()]
    found = pl.DataFrame(
        {
            "_at": held["_at"],
            "archive_no": archives,
            "nested_no": nested,
            "_path": paths,
            "_archive": [f"files-{n:04d}.zip" if n else "" for n in nested],
        },
        schema_overrides={"_at": held["_at"].dtype, "archive_no": pl.Int64, "nested_no": pl.Int64},
    )
    return (
        rows.with_row_index("_at")
        .join(found, on="_at", how="left", maintain_order="left")
        .with_columns(
            path=pl.coalesce("_path", "path"),
            archive=pl.coalesce("_archive", "archive"),
            archive_no=pl.col("archive_no").fill_null(1),
            nested_no=pl.col("nested_no").fill_null(0),
        )
        .drop("_at", "_path", "_archive")
    )


def _archive(job: Job, rows: pl.DataFrame, number: int) -> Output:
    """One archive that stands alone: its own rows, log, request and manifest."""
    base = "files" if number == 1 else f"files.{number}"
    mine = rows.filter(pl.col("archive_no") == number)
    form = ManifestForm(_head(job, base), list_key="entries", name_key="path")
    several = len(job.views) > 1
    with job.archive(base, form, limits=LIMITLESS, merge=False, name=f"archive-{number:04d}", when=FIXED) as archive:
        _generated(job, archive, mine, number, several=several)
        for view in job.views:
            folder = f"{view.workspace.number}/" if several else ""
            _bodies(job, archive, view, mine.filter(pl.col("network_id") == view.workspace.number), folder)
        for row in _missing(mine).iter_rows(named=True):
            archive.missing({"id": row["id"], "name": row["name"], "reason": _why(row)})
        (part,) = archive.seal(_counts(mine))
    return Output(number, "archive", part.name, "application/zip", part.index, part.facts, part.members)


def _generated(job: Job, archive: ArchiveWriter, mine: pl.DataFrame, number: int, *, several: bool) -> None:
    options = _options(job)
    with job.pack(f"tables-{number:04d}") as pack:
        if several:
            pack.add("Networks.csv", quoted_csv(_networks(job), safe=options.safe_csv))
        pack.add("request.txt", _request(job).encode())
        for view in job.views:
            folder = f"{view.workspace.number}/" if several else ""
            rows = mine.filter(pl.col("network_id") == view.workspace.number)
            pack.add(f"{folder}Files.csv", quoted_csv(rows.select(COLUMNS), safe=options.safe_csv))
            pack.add(f"{folder}log.txt", _log(rows).encode())
        index = pack.seal()
    for entry in index.entries:
        archive.entry(index, entry, FIXED)


def _bodies(job: Job, archive: ArchiveWriter, view: View, rows: pl.DataFrame, folder: str) -> None:
    held = rows.filter("held")
    for (nested,), group in held.group_by("nested_no", maintain_order=True):
        if not nested:
            for path, content, when in _contents(job, view, group):
                archive.add(folder + path, content, when)
            continue
        name = f"{folder}files-{nested:04d}.zip"
        index = job.folder / "nested" / f"{nested:04d}.body"
        index.parent.mkdir(parents=True, exist_ok=True)
        with ZipWriter(index) as inner:
            for path, content, when in _contents(job, view, group):
                inner.add(path, content, when)
            inner.seal()
        with Body(index) as body:
            archive.nest(name, body, FIXED)
        for path, content, _ in _contents(job, view, group):
            archive.list_only(f"{name}!/{path}", content)


def _contents(job: Job, view: View, rows: pl.DataFrame) -> list[tuple[str, Content, datetime]]:
    columns = rows.select("path", "sha256", "size", "crc32", "uploaded")
    return [
        (path, Content(whole(job.held(view, sha256, size), crc32), size, crc32, bytes.fromhex(sha256)), when)
        for path, sha256, size, crc32, when in columns.iter_rows()
    ]


def _metadata(job: Job, rows: pl.DataFrame, number: int) -> Output:
    """`Files.csv` of all archives, delivered as it is: a Body that is no ZIP."""
    with job.pack("metadata") as pack:
        entry = pack.add("Files.csv", quoted_csv(rows.select(COLUMNS), safe=_options(job).safe_csv), deflate=False)
        index = pack.seal()
    path = job.folder / "metadata.body"
    with IndexWriter(path) as writer:
        writer.slice(index.blob, entry.offset, entry.packed, entry.packed_crc32)
        facts = writer.seal()
    return Output(number, "metadata", "Files.csv", "text/csv; charset=utf-8", path, facts, 0)


def _networks(job: Job) -> pl.DataFrame:
    rows = [
        {
            "id": view.workspace.number, "permalink": view.workspace.id, "name": view.workspace.name, "url": "",
            "paid": False, "created_at": view.workspace.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "moderated": False, "usage_policy": "", "number_of_users": view.users().height, "secure_browser_token": "",
        }
        for view in job.views
    ]  # fmt: skip
    return pl.DataFrame(rows).select(NETWORK_COLUMNS)


def _request(job: Job) -> str:
    options = _options(job)
    lines = {
        "user_request_id": job.export_id,
        "requested_by": job.requested_by,
        "since": options.since,
        "until": options.until,
        "network": ",".join(str(view.workspace.number) for view in job.views),
        "include_ens": str(options.include_ens).lower(),
        "layout": "flat" if options.flat else "nested",
    }
    extra = {"group": options.groups, "user": options.users}
    lines |= {name: ",".join(map(str, numbers)) for name, numbers in extra.items() if numbers}
    return "".join(f"{name}: {' '.join(str(value).split())}\n" for name, value in lines.items())


def _log(rows: pl.DataFrame) -> str:
    counts = _counts(rows)
    lines = [
        f"Number of exported FILES: {counts['files']}",
        f"Number of included FILES: {counts['included']}",
        f"Number of externally stored FILES: {counts['external']}",
        f"Number of missing FILES: {counts['missing']}",
    ]
    nuls = removed_nuls(rows.select(COLUMNS))
    if nuls:
        lines.append(f"Number of removed NUL characters: {nuls}")
    lines += [f"ERROR FILES {row['id']}: {_why(row)}" for row in _missing(rows).iter_rows(named=True)]
    return "\n".join(lines) + "\n"


def _counts(rows: pl.DataFrame) -> dict[str, Any]:
    included = int(rows["held"].sum())
    external = rows.filter(is_elsewhere()).height
    return {"files": rows.height, "included": included, "external": external,
            "missing": rows.height - included - external}  # fmt: skip


def _missing(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(~pl.col("held") & ~is_elsewhere())


def _why(row: dict[str, Any]) -> str:
    if row["storage"] == "held":
        return "the bytes that were kept are missing or damaged"
    return WHY_MISSING[row["storage"]] + (f": {row['reason']}" if row["reason"] else "")


def _count(job: Job, rows: pl.DataFrame) -> None:
    held = rows.filter("held")
    job.count("files", held.height)
    job.count("file_bytes", int(held["size"].sum() or 0))
    job.count("files_external", rows.filter(is_elsewhere()).height)
    job.count("files_missing", _missing(rows).height)


def _head(job: Job, base: str) -> dict[str, Any]:
    options = _options(job)
    return {
        "request_id": job.export_id,
        "kind": "files",
        "since": options.since,
        "until": options.until,
        "networks": [view.workspace.number for view in job.views],
        "layout": "flat" if options.flat else "nested",
        "archive": f"{base}.zip",
    }
