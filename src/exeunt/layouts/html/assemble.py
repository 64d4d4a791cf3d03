"""The archive: front page, people, the pages of every shard, the search, and the files themselves."""

from collections import Counter

import msgspec
import polars as pl

from exeunt.archives.packs import PackIndex
from exeunt.archives.parts import ManifestForm
from exeunt.layouts.attachments import attach, selected_files
from exeunt.layouts.html import shell
from exeunt.layouts.html.facts import ShardFacts
from exeunt.layouts.html.files import listing
from exeunt.layouts.html.front import front_page
from exeunt.layouts.html.people_page import people_page
from exeunt.layouts.html.rooms import rooms_of
from exeunt.layouts.job import Job, Output, archive_outputs
from exeunt.layouts.manifest import manifest_head
from exeunt.layouts.options import HtmlOptions
from exeunt.layouts.shardfacts import members, read_facts


def assemble(job: Job, packs: list[PackIndex]) -> list[Output]:
    """Join the shards. The front page comes first: whoever looks into the archive begins with it."""
    view = job.view
    facts = [read_facts(job, pack, ShardFacts) for pack in packs]
    shown = {number for shard in facts for number in shard.files}
    files = selected_files(view, shown)
    messages = sum(page.messages for shard in facts for page in shard.pages)
    job.count("pages", sum(len(shard.pages) for shard in facts))
    job.count("rooms", len({page.room_number for shard in facts for page in shard.pages}))
    around = _around(job, facts, messages, files, shown)
    with job.archive(f"{view.workspace.id}-html", ManifestForm(manifest_head(job))) as archive:
        for is_search in (False, True):
            for index in (around, *packs):
                for entry in members(index):
                    if entry.name.startswith("search") == is_search:
                        archive.entry(index, entry)
        attach(job, archive, view, files)
        return archive_outputs(archive.seal({"messages": messages, **job.counts}))


def _around(job: Job, facts: list[ShardFacts], messages: int, files: pl.DataFrame, shown: set[int]) -> PackIndex:
    """What no shard can write: pages about the whole, and the parts that are the same in every archive."""
    assert isinstance(job.options, HtmlOptions)
    pages = [page for shard in facts for page in shard.pages]
    unnamed = files.filter(~pl.col("number").is_in(list(shown)))
    wrote: Counter[int] = Counter()
    others: Counter[str] = Counter()
    for shard in facts:
        wrote.update(shard.people)
        others.update(shard.others)
    counts = [("messages", messages), ("rooms", job.counts["rooms"]), ("people", len(wrote) + len(others)),
              ("files", files.height)]  # fmt: skip
    mentioned = {number for shard in facts for number in shard.mentioned}
    with job.pack("around") as pack:
        pack.add("index.html", front_page(job, rooms_of(job.view), pages, counts, unnamed_files=not unnamed.is_empty()))
        pack.add("people.html", people_page(job, wrote, others, mentioned))
        if not unnamed.is_empty():
            pack.add("files.html", _files_page(job, unnamed))
        pack.add("style.css", shell.asset("style.css"))
        if job.options.search:
            pack.add("search.html", shell.page("search.html", root="", search=True, workspace=job.view.workspace.name))
            pack.add("search.js", shell.asset("search.js"))
            shards = [[number, shard.blocks] for number, shard in enumerate(facts, 1) if shard.blocks]
            pack.add("search/catalog.js", b'exeunt("catalog",' + msgspec.json.encode(shards) + b")\n")
        return pack.seal()


def _files_page(job: Job, files: pl.DataFrame) -> bytes:
    assert isinstance(job.options, HtmlOptions)
    skeleton = shell.Skeleton(
        "files.html", ("content",), root="", search=job.options.search, workspace=job.view.workspace.name,
        total=files.height,
    )  # fmt: skip
    head, foot = skeleton.fill()
    return head + listing(files, linked=job.selection.files) + foot
