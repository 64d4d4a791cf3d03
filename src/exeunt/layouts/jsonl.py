"""JSON Lines for machines: every field of every message, one a line; people, rooms and files as files of their own."""

from collections.abc import Iterable
from typing import IO, cast

import polars as pl

from exeunt.archives.packs import PackIndex, PackWriter
from exeunt.archives.parts import ManifestForm
from exeunt.lake.columns import INSTANT
from exeunt.layouts.attachments import attach, lost_bodies, member_name, referred, selected_files
from exeunt.layouts.job import Job, Layout, Output, ShardPlan, archive_outputs
from exeunt.layouts.manifest import manifest_head
from exeunt.layouts.options import JsonlOptions
from exeunt.layouts.shardfacts import members, read_facts, write_facts
from exeunt.layouts.shards import message_shards
from exeunt.layouts.tables import COLUMNS, SLICE_ROWS, names_of, timed, with_names

TIME = "%Y-%m-%dT%H:%M:%S%.6fZ"
"""Times are UTC with microseconds: Slack's message times need them to stay what they are."""

FIELDS = (
    "id", "number", "room_id", "room", "room_kind", "created_at", "author_id", "author", "author_name", "kind",
    "subtype", "thread_id", "is_reply", "is_broadcast", "title", "text", "mentions", "reactions", "file_ids",
    "attachments", "edited_at", "edited_by", "deleted_at", "deleted_by", "is_pinned", "permalink", "revision",
)  # fmt: skip

_ASSIGNED = ("content_hash", "seen_at", "import_no")
"""What the lake keeps for itself."""


def render(job: Job, plan: ShardPlan, pack: PackWriter) -> None:
    """One file of up to a shard's messages, by room, thread and time."""
    view = job.views[plan.view]
    assert isinstance(job.options, JsonlOptions)
    columns = (*COLUMNS, "raw") if job.options.raw else COLUMNS
    messages = view.messages(plan.groups, columns)
    if messages.is_empty():
        write_facts(pack, [])
        return
    names = names_of(view)
    fields = (*FIELDS, "raw") if job.options.raw else FIELDS
    name = "messages.jsonl" if plan.extra.get("only") else f"messages-{plan.number:04d}.jsonl"
    _write(pack, name, (with_names(part, names).select(fields) for part in messages.iter_slices(SLICE_ROWS)))
    pack.count("messages", messages.height)
    job.progress(messages.height, pack.last().size)
    write_facts(pack, referred(view, messages))


def _write(pack: PackWriter, name: str, tables: Iterable[pl.DataFrame]) -> None:
    """A member with the rows of all tables as JSON Lines, written as they are made: it is never in memory whole."""
    with pack.member(name) as member:
        for rows in tables:
            rows.with_columns(timed(INSTANT, TIME)).write_ndjson(cast(IO[bytes], member))


def _plan(job: Job) -> list[ShardPlan]:
    plans = message_shards(job)
    return [ShardPlan(p.number, p.view, p.groups, {"only": True}) for p in plans] if len(plans) == 1 else plans


def assemble(job: Job, packs: list[PackIndex]) -> list[Output]:
    """The messages of all shards, the tables beside them, and the files themselves."""
    view = job.view
    numbers = [number for pack in packs for number in read_facts(job, pack, list[int])]
    files = selected_files(view, numbers)
    lost = lost_bodies(job.blobs, view, files)
    rooms = view.rooms()
    assert isinstance(job.options, JsonlOptions)
    hidden = _ASSIGNED if job.options.raw else (*_ASSIGNED, "raw")

    def public(table: pl.DataFrame) -> pl.DataFrame:
        return table.drop(hidden, strict=False)

    with job.pack("tables") as pack:
        _write(pack, "users.jsonl", [public(view.users())])
        _write(pack, "rooms.jsonl", [public(rooms)])
        members_of = pl.col("room_id").is_in(rooms["id"].implode())
        _write(pack, "memberships.jsonl", [public(view.all_memberships().filter(members_of))])
        names = [
            member_name(number, name) if job.selection.files and storage == "held" and sha256 not in lost else None
            for number, name, storage, sha256 in files.select("number", "name", "storage", "sha256").iter_rows()
        ]
        _write(pack, "files.jsonl", [public(files.with_columns(pl.Series("member", names, pl.String)))])
        tables = pack.seal()
    job.count("users", view.users().height)
    job.count("rooms", rooms.height)
    with job.archive(f"{view.workspace.id}-jsonl", ManifestForm(manifest_head(job))) as archive:
        for index in [*packs, tables]:
            for entry in members(index):
                archive.entry(index, entry)
        attach(job, archive, view, files, lost)
        counts = {"messages": sum(p.counts.get("messages", 0) for p in packs), **job.counts}
        return archive_outputs(archive.seal(counts))


LAYOUT = Layout("jsonl", _plan, render, assemble)
