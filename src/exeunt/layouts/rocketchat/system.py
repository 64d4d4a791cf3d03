"""System messages: Rocket.Chat's type for what a room itself says, and the text that stands for it (contract 1.11)."""

import polars as pl

from exeunt.layouts.html.markup import joined

TYPE_OF_KIND = {
    "join": "uj",
    "leave": "ul",
    "topic": "room_changed_topic",
    "purpose": "room_changed_description",
    "rename": "r",
    "archive": "room-archived",
    "unarchive": "room-unarchived",
    "pin": "message_pinned",
}
"""For sources that have words of their own; a source that speaks Rocket.Chat's types keeps them."""

FIXED = {
    "uj": "joined the channel",
    "ul": "left the channel",
    "ult": "left this team",
    "ujt": "joined this team",
    "livechat-started": "Chat started",
    "livechat-close": "Conversation Finished",
}

AROUND = {
    "au": ("added ", ""),
    "ru": ("removed ", ""),
    "r": ("changed room name to ", ""),
    "added-user-to-team": ("added @", " to this team"),
    "removed-user-from-team": ("removed @", " from this team"),
    "user-added-room-to-team": ("added #", " to this team"),
    "user-converted-to-team": ("converted #", " to a team"),
    "user-converted-to-channel": ("converted #", " to channel"),
    "user-deleted-room-from-team": ("deleted #", ""),
    "user-removed-room-from-team": ("removed #", " from this team"),
}
"""What stands before and after the stored text."""

IN_ITALICS = ("uj", "ul", "au", "r", "ru", "wm", "livechat-close")
"""The types whose text is in italics in the HTML form."""

_OURS = (*FIXED, *AROUND, "wm")
_SPEECH = ("message", "bot", "me", "comment")


def system_type() -> pl.Expr:
    """The type of a system message; null for what people and programs say."""
    kind, subtype = pl.col("kind"), pl.col("subtype")
    own = kind.replace_strict(TYPE_OF_KIND, default=pl.when(subtype != "").then(subtype).otherwise(pl.lit("system")))
    return (
        pl.when(subtype.is_in(_OURS)).then(subtype)
        .when(~kind.is_in(_SPEECH)).then(own)
    )  # fmt: skip


def system_text() -> pl.Expr:
    """What the forms show for a system message; null where the stored text stays."""
    kind, stored = pl.col("type"), pl.col("text")
    # a source with words of its own tells of the old name, too: … from "old" to "new"
    new_name = pl.coalesce(stored.str.extract(r'\bto "([^"]+)"\s*$'), stored)
    stored = pl.when((kind == "r") & (pl.col("subtype") != "r")).then(new_name).otherwise(stored)
    cases = [(kind == "wm", joined("Welcome ", pl.col("username"), "."))]
    cases.append((kind.is_in(list(FIXED)), kind.replace(FIXED)))
    cases += [(kind == word, joined(before, stored, after)) for word, (before, after) in AROUND.items()]
    return pl.coalesce(*(pl.when(condition).then(text) for condition, text in cases))
