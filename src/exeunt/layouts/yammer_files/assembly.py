"""Building the archives of a Files Export, as the Yammer contract's 3.4 lays them out. No file is read for it."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TypeAlias

import polars as pl

from exeunt.archives.body import Body
from exeunt.archives.extents import whole
from exeunt.archives.index import IndexWriter
from exeunt.archives.packs import Entry, PackIndex, PackWriter
from exeunt.archives.parts import ArchiveWriter, Limits, ManifestForm
from exeunt.archives.zips import Content, ZipWriter
from exeunt.lake.view import View
from exeunt.layouts.csvtext import quoted_csv, row_bytes
from exeunt.layouts.job import Job, Output, ShardPlan
from exeunt.layouts.yammer_files.division import FIXED, divide
from exeunt.layouts.yammer_files.rows import COLUMNS, HELD, file_rows, options_of
from exeunt.layouts.yammer_files.texts import (
    counts,
    log_text,
    manifest_head,
    missing,
    networks_table,
    request_text,
)

GENERATED = datetime(1980, 1, 1, tzinfo=UTC)
"""The time of generated members (3.4.7)."""

LIMITLESS = Limits(part_bytes=1 << 62, part_members=1 << 62)
"""Archives are divided here, by the contract's own limits."""

LISTED = 256
"""An upper bound of a file's line in the manifest, and of its `path` and `archive` in the CSV."""

AT_ONCE = 1000
"""After so many files the job is told how far it is."""

Member: TypeAlias = tuple[str, Content, datetime]


def plan(job: Job) -> list[ShardPlan]:
    """No shards: the rows of files are few and their bytes stay where they are."""
    return []


def render(job: Job, plan: ShardPlan, pack: PackWriter) -> None:
    """Never called, as there are no shards."""


def assemble(job: Job, packs: list[PackIndex]) -> list[Output]:
    """The archives in order and the metadata CSV last; nothing when `Files.csv` would have no row."""
    views = sorted(job.views, key=lambda view: view.workspace.number)
    rows = pl.concat([file_rows(job, view) for view in views])
    job.progress(0, 0)
    _count(job, rows)
    if rows.is_empty():
        return []
    rows = _placed(job, rows)
    outputs = []
    for (number,), mine in rows.group_by("archive_number", maintain_order=True):
        outputs.append(_archive(job, views, mine, int(number)))
    outputs.sort(key=lambda output: output.part)
    return [*outputs, _metadata(job, rows, len(outputs) + 1)]


def _count(job: Job, rows: pl.DataFrame) -> None:
    number = counts(rows)
    job.count("files_total", number["exported"])
    job.count("files", number["included"])
    job.count("files_external", number["external"])
    job.count("files_missing", number["missing"])
    job.count("file_bytes", int(rows.filter(pl.col("state") == HELD)["size"].sum()))


def _placed(job: Job, rows: pl.DataFrame) -> pl.DataFrame:
    """Give each row its archive, and each held one its path and its nested archive."""
    options, held = options_of(job), pl.col("state") == HELD
    rows = rows.with_columns(_beside=row_bytes(rows) + LISTED)
    # a missing file has a line in the log and one in the manifest too
    first = int(rows.filter(~held).select(pl.col("_beside").sum() + 2 * pl.col("why").str.len_bytes().sum()).item())
    places = divide(
        rows.filter(held).select("network_id", "size", "_beside").iter_rows(),
        options.archive_max_bytes, options.part_max_bytes, flat=options.flat, first=first + FIXED * len(job.views),
    )  # fmt: skip
    found = pl.DataFrame(
        {"id": rows.filter(held)["id"], "archive_number": [p.archive for p in places],
         "nested_number": [p.nested for p in places]},
        schema={"id": pl.Int64, "archive_number": pl.Int64, "nested_number": pl.Int64},
    )  # fmt: skip
    number = pl.col("nested_number").cast(pl.String).str.zfill(4)
    nested = pl.when(pl.col("nested_number") > 0).then(pl.lit("files-") + number + pl.lit(".zip"))
    return rows.join(found, on="id", how="left", maintain_order="left").with_columns(
        path=pl.when(held).then(pl.format("files/{}{}", "id", "extension")),
        archive=nested,
        archive_number=pl.col("archive_number").fill_null(1),
        nested_number=pl.col("nested_number").fill_null(0),
    )


def _archive(job: Job, views: list[View], rows: pl.DataFrame, number: int) -> Output:
    """One archive that stands alone: its own rows, log, request and manifest."""
    base = "files" if number == 1 else f"files.{number}"
    form = ManifestForm(manifest_head(job, f"{base}.zip"), list_key="entries", name_key="path")
    several = len(views) > 1
    # the first archive tells of every network, also of those without a file
    folders = [
        (view, f"{view.workspace.number}/" if several else "", mine)
        for view in views
        if (mine := rows.filter(pl.col("network_id") == view.workspace.number)).height or number == 1
    ]
    name = f"archive-{number:04d}"
    with job.archive(base, form, limits=LIMITLESS, merge=False, name=name, when=GENERATED) as archive:
        with job.pack(f"tables-{number:04d}") as pack:
            if several:
                _add_csv(job, pack, "Networks.csv", networks_table(job))
            pack.add("request.txt", request_text(job).encode())
            for _, folder, mine in folders:
                _add_csv(job, pack, f"{folder}Files.csv", mine.select(COLUMNS))
                pack.add(f"{folder}log.txt", log_text(mine).encode())
            index = pack.seal()
        for entry in index.entries:
            archive.entry(index, entry, GENERATED)
        for view, folder, mine in folders:
            _bodies(job, archive, view, mine.filter(pl.col("state") == HELD), folder)
        for network_id, file_id, why in missing(rows).select("network_id", "id", "why").iter_rows():
            archive.missing({"network_id": network_id, "id": file_id, "reason": why})
        (part,) = archive.seal(counts(rows))
    return Output(number, "archive", part.name, "application/zip", part.index, part.facts, part.members)


def _add_csv(job: Job, pack: PackWriter, name: str, rows: pl.DataFrame, *, deflate: bool = True) -> Entry:
    with pack.member(name, deflate=deflate) as member:
        for piece in quoted_csv(rows, safe=options_of(job).safe_csv):
            member.write(piece)
    return pack.last()


def _bodies(job: Job, archive: ArchiveWriter, view: View, held: pl.DataFrame, folder: str) -> None:
    for (nested,), group in held.group_by("nested_number", maintain_order=True):
        members = _members(job, view, group)
        if nested:
            _nest(job, archive, f"{folder}files-{nested:04d}.zip", f"nested-{nested:04d}.body", members)
        else:
            for path, content, when in members:
                archive.add(folder + path, content, when)


def _nest(job: Job, archive: ArchiveWriter, name: str, index_name: str, members: Iterable[Member]) -> None:
    """Add a nested archive. Its index file is not needed once its extents are in the outer one."""
    index, listed = job.folder / index_name, []
    with ZipWriter(index) as inner:
        for path, content, when in members:
            inner.add(path, content, when)
            listed.append((path, content))
        inner.seal()
    with Body(index) as body:
        archive.nest(name, body, GENERATED)
    index.unlink()
    for path, content in listed:
        archive.list_only(f"{name}!/{path}", content)


def _members(job: Job, view: View, held: pl.DataFrame) -> Iterator[Member]:
    """The files as members, each taken up when the next one is asked for; tells the job how far it is."""
    columns = held.select("path", "sha256", "size", "crc32", "uploaded")
    for rows in columns.iter_slices(AT_ONCE):
        for path, sha256, size, crc32, when in rows.iter_rows():
            blob = job.held(view, sha256, size)
            yield path, Content(whole(blob, crc32), size, crc32, blob.sha256), when
        job.placed(rows.height, int(rows["size"].sum()))


def _metadata(job: Job, rows: pl.DataFrame, number: int) -> Output:
    """`Files.csv` with all rows, delivered as it is: a Body that is no ZIP."""
    with job.pack("metadata") as pack:
        entry = _add_csv(job, pack, "Files.csv", rows.select(COLUMNS), deflate=False)
        index = pack.seal()
    path = job.folder / "metadata.body"
    with IndexWriter(path) as writer:
        writer.slice(index.blob, entry.offset, entry.packed, entry.packed_crc32)
        facts = writer.seal()
    return Output(number, "metadata", "Files.csv", "text/csv; charset=utf-8", path, facts, 0)
