"""One shard: its pages, its part of the search, and its facts."""

from collections.abc import Iterator
from datetime import datetime
from html import escape
from urllib.parse import quote

import msgspec
import polars as pl

from exeunt.archives.packs import PackWriter
from exeunt.lake.selection import Group
from exeunt.lake.view import View
from exeunt.layouts.html import shell
from exeunt.layouts.html.facts import PageFacts, ShardFacts
from exeunt.layouts.html.messages import END_OF_PAGE, page_contents
from exeunt.layouts.html.pages import PageNames, pages_of, title_of
from exeunt.layouts.html.people import named
from exeunt.layouts.html.rooms import Room, rooms_of, targets_of
from exeunt.layouts.html.search import write_search
from exeunt.layouts.html.threads import sorted_by_thread
from exeunt.layouts.html.transcript import COLUMNS, ROOT, Surroundings, Transcript, transcribe
from exeunt.layouts.job import Job, ShardPlan
from exeunt.layouts.options import HtmlOptions
from exeunt.layouts.shardfacts import write_facts

BLANKS = ("label", "title", "topic", "pager", "content")
NOTHING = "<p class=o>Nothing of this month was selected.</p>\n"

PIECE = 8192
"""Messages made into text at once: enough to be fast, and little enough not to fill the memory twice."""


def render(job: Job, plan: ShardPlan, pack: PackWriter) -> None:
    """Write the pages of a shard, then its search, then its facts."""
    assert isinstance(job.options, HtmlOptions)
    view, names = job.view, msgspec.convert(plan.extra, PageNames)
    around = Surroundings(named(view.users()), view.files(), targets_of(view), job.selection.files)
    # What is no longer needed has no name here: a shard would be held several times over while its words are counted.
    transcript, parts = transcribe(_messages(view, plan.groups), around)
    rooms, count = rooms_of(view), transcript.frame.height
    pages = list(_write_pages(pack, job, plan, names, transcript, parts, rooms))
    del parts
    pack.count("messages", count)
    job.progress(count, sum(size for _, size in pages))
    blocks = 0
    if job.options.search and count:
        where = [(rooms[group.room_number], name) for group, name in zip(plan.groups, names.own, strict=True)]
        listed = [(quote(room.page(name)), room.label) for room, name in where]
        blocks = write_search(pack, plan.number, transcript, listed)
        job.progress(0, 0)
    people, others = _writers(transcript)
    shown = [page for page, _ in pages if page.messages]
    facts = ShardFacts(shown, people, others, transcript.links.people, transcript.files, blocks)
    write_facts(pack, facts)


def _messages(view: View, groups: tuple[Group, ...]) -> pl.DataFrame:
    """The messages of a shard in reading order, with the place of their page."""
    messages = sorted_by_thread(view.messages(groups, COLUMNS))
    return messages.with_columns(page=pages_of(messages, groups))


def _write_pages(
    pack: PackWriter, job: Job, plan: ShardPlan, names: PageNames, transcript: Transcript, parts: pl.DataFrame,
    rooms: dict[int, Room],
) -> Iterator[tuple[PageFacts, int]]:  # fmt: skip
    """Every page with messages. The first and the last one of a room that goes on in another shard come out even
    without: the other shard links to them, as it cannot know what was found here."""
    counts = _counts(transcript, len(plan.groups))
    shown = [count > 0 for count, _ in counts]
    shown[0] |= names.before != ""
    shown[-1] |= names.after != ""
    neighbours = names.neighbours(plan.groups, shown)
    contents = _contents(parts, [count for count, _ in counts])
    skeleton = shell.Skeleton(
        "room.html", BLANKS, root=ROOT, search=job.options.search, workspace=job.view.workspace.name
    )
    for group, name, (count, last_at), is_shown, (before, after) in zip(
        plan.groups, names.own, counts, shown, neighbours, strict=True
    ):
        if is_shown:
            room = rooms[group.room_number]
            head, foot = skeleton.fill(**_blanks(room, name, before, after))
            with pack.member(room.page(name)) as member:
                member.write(head)
                if count:
                    member.write(next(contents))
                member.write((END_OF_PAGE if count else NOTHING).encode() + foot)
            yield PageFacts(room.number, name, count, last_at), member.size


def _contents(parts: pl.DataFrame, counts: list[int]) -> Iterator[bytes]:
    """The content of every page with messages, some pages at once."""
    start = rows = 0
    for count in counts:
        if rows and rows + count > PIECE:
            yield from page_contents(parts.slice(start, rows))
            start, rows = start + rows, 0
        rows += count
    if rows:
        yield from page_contents(parts.slice(start, rows))


def _blanks(room: Room, name: str, before: str, after: str) -> dict[str, str]:
    back = f'<a rel=prev href="{before}.html">← {title_of(before)}</a>' if before else "<span></span>"
    on = f'<a rel=next href="{after}.html">{title_of(after)} →</a>' if after else "<span></span>"
    return {
        "label": escape(room.label),
        "title": title_of(name),
        "topic": f'<p class="topic" dir="auto">{escape(room.topic)}</p>' if room.topic else "",
        "pager": f'{back}<a href="{ROOT}{room.address}">All months</a>{on}',
    }


def _counts(transcript: Transcript, groups: int) -> list[tuple[int, datetime | None]]:
    """How many messages each page has, and when the youngest of them was written."""
    found = transcript.frame.group_by("page").agg(pl.len(), pl.col("created_at").max())
    by_page = {page: (count, last_at) for page, count, last_at in found.iter_rows()}
    return [by_page.get(page, (0, None)) for page in range(groups)]


def _writers(transcript: Transcript) -> tuple[dict[int, int], dict[str, int]]:
    """How many messages everybody wrote: those the workspace lists by number, others by name."""
    counts = transcript.frame.group_by("who").len()
    wrote = transcript.authors.with_row_index("who").join(counts, on="who").sort("who")
    listed = wrote.drop_nulls("number").group_by("number").agg(pl.col("len").sum()).sort("number")
    others = wrote.filter(pl.col("number").is_null()).group_by("name").agg(pl.col("len").sum()).sort("name")
    return dict(listed.iter_rows()), dict(others.iter_rows())
