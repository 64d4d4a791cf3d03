"""A shard's messages with everything that stands with them: replies, authors, reactions, files and cards."""

import msgspec
import polars as pl

from exeunt.layouts.html.cards import Cards
from exeunt.layouts.html.files import Shown
from exeunt.layouts.html.markup import spread
from exeunt.layouts.html.messages import bodies, message_parts
from exeunt.layouts.html.people import authors
from exeunt.layouts.html.reactions import reactions
from exeunt.layouts.html.references import References, references
from exeunt.layouts.html.threads import threads

COLUMNS = (
    "id", "number", "room_number", "kind", "author_id", "author_name", "thread_id", "thread_started_at",
    "is_broadcast", "created_at", "edited_at", "deleted_at", "title", "text", "body_html", "reactions", "file_ids",
    "attachments", "is_pinned",
)  # fmt: skip
"""What is read of each message."""

ROOT = "../../"
"""From a page of a room to the root of the archive."""


class Surroundings(msgspec.Struct, frozen=True):
    """What messages refer to: everybody by id, files, and for each room its label and its address, if it has one."""

    people: pl.DataFrame
    files: pl.DataFrame
    rooms: dict[str, tuple[str, str]]
    link_files: bool


class Transcript(msgspec.Struct, frozen=True):
    """The messages of a shard in reading order: their markup, and what pages and search need to know of them."""

    frame: pl.DataFrame
    """Of each message `page` and `who`, the places of its page and of its author, `number`, `created_at`, `text`."""
    authors: pl.DataFrame
    links: References
    files: list[int]
    more: pl.Series
    """Words beside a message's text: its title, its cards, its files. Null where there are none."""


def transcribe(messages: pl.DataFrame, around: Surroundings) -> tuple[Transcript, pl.DataFrame]:
    """Render messages that are sorted by thread and have the place of their `page`.

    Returns with them what the markup of each is made of, for `page_contents`: it is large and needed only there.
    """
    writers, who = authors(messages, around.people)
    carded, filed = messages["attachments"] != "", messages["file_ids"].list.len() > 0
    reacted = messages["reactions"].list.len() > 0
    cards = Cards(messages["attachments"].filter(carded))
    files = Shown(messages["file_ids"].filter(filed), around.files, linked=around.link_files, root=ROOT)
    # A reader may have made the text of a message that has only cards out of them: saying it once is enough.
    said = spread(cards.said(), carded)
    own = pl.when(pl.col("text").ne_missing(pl.lit(said))).then("body_html").otherwise(pl.lit(""))
    frame = messages.with_columns(threads(messages), who=who, body=own)
    links, body, card_html = _resolved(bodies(frame, writers["label"]), cards.html(), around)
    chips = reactions(frame["reactions"].filter(reacted), around.people)
    below = (spread(card_html, carded), spread(files.html, filed), spread(chips, reacted))
    parts = message_parts(frame.with_columns(body), writers["face"], _merged(below, carded | filed | reacted, ""))
    titled = frame["title"] != ""
    words = (frame["title"], spread(cards.plain(), carded), spread(files.names, filed))
    kept = frame.select("page", "who", "number", "created_at", "text")
    return Transcript(kept, writers, links, files.numbers, _merged(words, titled | carded | filed, " ")), parts


def _resolved(body: pl.Series, cards: pl.Series, around: Surroundings) -> tuple[References, pl.Series, pl.Series]:
    """Bodies and cards with their markers replaced, in one go: making the table of them is half of the work."""
    links = references([body, cards], around.people, around.rooms, ROOT)
    done = pl.concat([body, cards.alias("body")]).to_frame("body").select(links.in_html(pl.col("body"))).to_series()
    return links, done.head(len(body)), done.tail(len(cards))


def _merged(parts: tuple[pl.Series, ...], some: pl.Series, between: str) -> pl.Series:
    """One text for each row of `some` out of those parts that are not null; null for other rows."""
    rows = pl.DataFrame({f"part{n}": part for n, part in enumerate(parts)}).filter(some)
    return spread(rows.select(pl.concat_str(pl.all(), separator=between, ignore_nulls=True)).to_series(), some)
