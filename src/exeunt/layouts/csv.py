"""Spreadsheets: `messages.csv` and the tables beside it. UTF-8 with a mark, RFC 4180, verbatim unless `safe`."""

from collections.abc import Iterable
from typing import IO, cast

import polars as pl

from exeunt.archives.packs import PackIndex, PackWriter
from exeunt.archives.parts import ManifestForm
from exeunt.lake.columns import INSTANT
from exeunt.layouts.attachments import attach, referred, selected_files
from exeunt.layouts.csvtext import guarded
from exeunt.layouts.job import Job, Layout, Output, ShardPlan, archive_outputs
from exeunt.layouts.manifest import manifest_head
from exeunt.layouts.options import CsvOptions
from exeunt.layouts.shardfacts import members, read_facts, write_facts
from exeunt.layouts.shards import message_shards
from exeunt.layouts.tables import SLICE_ROWS, Names, file_words, names_of, reaction_words, timed, with_names

MARK = b"\xef\xbb\xbf"
"""Spreadsheets take a file for UTF-8 only when it starts with this."""

TIME = "%Y-%m-%d %H:%M:%S"
"""A form that spreadsheets read as a time; all times are UTC."""

COLUMNS = ("id", "number", "room_id", "kind", "author_id", "author_name", "thread_id", "created_at", "edited_at",
           "deleted_at", "title", "text", "reactions", "file_ids", "permalink")  # fmt: skip


def render(job: Job, plan: ShardPlan, pack: PackWriter) -> None:
    """One CSV of up to a shard's messages: small enough for any spreadsheet."""
    view = job.views[plan.view]
    messages = view.messages(plan.groups, COLUMNS)
    if messages.is_empty():
        write_facts(pack, [])
        return
    names = names_of(view)
    name = "messages.csv" if plan.extra.get("only") else f"messages-{plan.number:04d}.csv"
    _write(job, pack, name, (_rows(part, names) for part in messages.iter_slices(SLICE_ROWS)))
    pack.count("messages", messages.height)
    job.progress(messages.height, pack.last().size)
    write_facts(pack, referred(view, messages))


def _rows(messages: pl.DataFrame, names: Names) -> pl.DataFrame:
    table = with_names(messages, names)
    words = {"reactions": reaction_words(table), "files": file_words(table, names)}
    return table.with_columns(**words).select(
        time=timed("created_at", TIME), room="room", room_kind="room_kind", author="author", text="text",
        thread=pl.when("is_reply").then("thread_id"), is_reply="is_reply", kind="kind",
        edited=timed("edited_at", TIME), deleted=timed("deleted_at", TIME), reactions="reactions", files="files",
        title="title", permalink="permalink", author_id="author_id", room_id="room_id", id="id", number="number",
    )  # fmt: skip


def _plan(job: Job) -> list[ShardPlan]:
    plans = message_shards(job)
    return [ShardPlan(p.number, p.view, p.groups, {"only": True}) for p in plans] if len(plans) == 1 else plans


def _write(job: Job, pack: PackWriter, name: str, tables: Iterable[pl.DataFrame]) -> None:
    """A member with the rows of all tables, which have the same columns, under one header."""
    assert isinstance(job.options, CsvOptions)
    text = pl.col(pl.String)
    with pack.member(name) as member:
        member.write(MARK)
        for at, rows in enumerate(tables):
            if job.options.safe:
                rows = rows.with_columns(guarded(text))
            # an empty text is an empty field: Polars would write quotes
            rows = rows.with_columns(pl.when(text != "").then(text))
            rows.write_csv(cast(IO[bytes], member), include_header=at == 0, line_terminator="\r\n")


def assemble(job: Job, packs: list[PackIndex]) -> list[Output]:
    """The CSVs of all shards, the tables of people, rooms and files, and the files themselves."""
    view = job.view
    numbers = [number for pack in packs for number in read_facts(job, pack, list[int])]
    files = selected_files(view, numbers)
    with job.pack("tables") as pack:
        _write(job, pack, "users.csv", [_flat(view.users())])
        _write(job, pack, "rooms.csv", [_flat(view.rooms())])
        _write(job, pack, "files.csv", [_flat(files)])
        tables = pack.seal()
    job.count("users", view.users().height)
    job.count("rooms", view.rooms().height)
    with job.archive(f"{view.workspace.id}-csv", ManifestForm(manifest_head(job))) as archive:
        for index in [*packs, tables]:
            for entry in members(index):
                archive.entry(index, entry)
        attach(job, archive, view, files)
        counts = {"messages": sum(p.counts.get("messages", 0) for p in packs), **job.counts}
        return archive_outputs(archive.seal(counts))


def _flat(table: pl.DataFrame) -> pl.DataFrame:
    """A table as people want to see it: no hashes, no source JSON, times readable."""
    unwanted = {"raw", "content_hash", "seen_at", "import_no", "revision", "crc32", "md5", "version_number"}
    kept = table.select([name for name in table.columns if name not in unwanted])
    return kept.with_columns(timed(INSTANT, TIME))


LAYOUT = Layout("csv", _plan, render, assemble)
