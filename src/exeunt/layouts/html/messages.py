"""Messages as HTML: one expression builds the markup of every message of a shard."""

from datetime import timedelta

import polars as pl

from exeunt.lake.markers import PERSON
from exeunt.layouts.html import times
from exeunt.layouts.html.markup import escaped, joined, spread, together

SPEECH = ["message", "bot", "me", "comment"]
"""What people and programs say; of every other kind the room itself speaks, in a small line."""

_CLOSE = timedelta(minutes=5)
"""Messages of one person so near to each other stand under one name."""

END_OF_PAGE = "</ol>\n"

_MOMENT = "%Y-%m-%d %H:%M UTC"


_LINE = joined(
    pl.col("before"), "<li id=m", pl.col("number"), pl.col("beginning"), " <a href=#m", pl.col("number"),
    "><time datetime=", pl.col("date"), "T", pl.col("clock"), "Z>", pl.col("day"), pl.col("minute"), "</time></a>",
    pl.col("flags"), "<div dir=auto>", pl.col("body"), "</div>", pl.col("below"),
    pl.when(pl.col("closes")).then(pl.lit("</ol></details>\n")).otherwise(pl.lit("\n")),
)  # fmt: skip


def page_contents(parts: pl.DataFrame) -> list[bytes]:
    """The content of each page of some whole pages: a list for each day, in it an item for each message.

    A thread is a list in the item of its root, and an item ends where the next one begins.
    """
    pages = together(parts.select("page", line=_LINE), "page")
    found: list[bytes] = pages["line"].cast(pl.Binary).to_list()
    return found


def message_parts(frame: pl.DataFrame, faces: pl.Series, below: pl.Series) -> pl.DataFrame:
    """What the markup of each message is made of.

    The frame has what `threads` finds, `page`, `who` (the place of its author in `faces`) and the finished `body`.
    `below` is what stands under a message, or null.
    """
    days, own_days = times.day_of(frame["thread_started_at"]), times.day_of(frame["created_at"])
    new_day = _new_days(frame, days)
    return frame.select(
        "page", "number", "closes", "body",
        before=_before(frame, days, new_day),
        beginning=_beginning(frame, faces, new_day),
        date=times.days_as(own_days, "%Y-%m-%d"),
        clock=times.clock_of(frame["created_at"]),
        day=_other_day(days, own_days),
        minute=times.minute_of(frame["created_at"]),
        flags=_flags(frame),
        below=below,
    ).with_columns(pl.col("number").cast(pl.String))  # fmt: skip


def _new_days(frame: pl.DataFrame, days: pl.Series) -> pl.Series:
    """Where a thread begins on another day, or another page, than the one before it."""
    other = (days != days.shift(1)) | (frame["page"] != frame["page"].shift(1))
    return frame["first"] & other.fill_null(True)


def _before(frame: pl.DataFrame, days: pl.Series, new_day: pl.Series) -> pl.Series:
    """The heading of a day with the list of its messages, a word about a missing root, and the fold that opens."""
    some = new_day | frame["opens"].is_not_null()
    on = frame["page"] == frame["page"].shift(1)
    rare = frame.select("first", "reply", "opens", new=new_day, on=on, day=days).filter(some)
    opens = pl.col("opens")
    count = joined(opens.cast(pl.String), pl.when(opens == 1).then(pl.lit(" reply")).otherwise(pl.lit(" replies")))
    markup = joined(
        pl.when(pl.col("new") & pl.col("on")).then(pl.lit(END_OF_PAGE)),
        pl.when(pl.col("new")).then(
            joined("<h2>", pl.lit(times.days_as(rare["day"], "%A, %-d %B %Y")), "</h2>\n<ol>\n")
        ),
        pl.when(pl.col("first") & pl.col("reply")).then(
            pl.lit("<li><p class=o>The message that began this thread is not part of this export.</p>\n")
        ),
        pl.when(opens.is_not_null()).then(joined("<details><summary>", count, "</summary>\n<ol>\n")),
    )
    return spread(rare.select(markup).to_series(), some)


def _beginning(frame: pl.DataFrame, faces: pl.Series, new_day: pl.Series) -> pl.Series:
    """The rest of the opening tag with the author's face, or the class of a message that needs none."""
    choices = pl.concat([pl.select(joined(">", pl.lit(faces))).to_series(), pl.Series([" class=k>", " class=s>"])])
    speech, reply = pl.col("kind").is_in(SPEECH), pl.col("reply")
    before = pl.col("reply").shift(1, fill_value=True)
    near = pl.col("created_at") - pl.col("created_at").shift(1) < _CLOSE
    same = (pl.col("who") == pl.col("who").shift(1)) & (pl.col("kind") == pl.col("kind").shift(1))
    follows = near & same & ~pl.lit(new_day) & pl.when(reply).then(before & ~pl.col("first")).otherwise(~before)
    choice = pl.when(~speech).then(len(faces) + 1).when(follows).then(len(faces)).otherwise(pl.col("who"))
    return choices.gather(frame.select(choice.cast(pl.UInt32)).to_series())


def _other_day(days: pl.Series, own_days: pl.Series) -> pl.Series:
    """The day before the time of a reply that was written on another day, or in another year, than its heading says."""
    other = days != own_days
    own = own_days.filter(other)
    years = pl.DataFrame({"root": days.filter(other), "own": own}).select(pl.all().cast(pl.Date).dt.year())
    day, year = times.days_as(own, "%-d %b "), times.days_as(own, "%-d %b %Y ")
    texts = years.with_columns(day=day, year=year).select(
        pl.when(pl.col("root") == pl.col("own")).then("day").otherwise("year")
    )
    return spread(texts.to_series(), other)


def _flags(frame: pl.DataFrame) -> pl.Series:
    """Edited, deleted, pinned and the like, in brackets beside the time."""
    some = pl.any_horizontal(
        pl.col("edited_at", "deleted_at").is_not_null(), "is_broadcast", "is_pinned", pl.col("kind") == "comment"
    )
    flagged = frame.select(some).to_series()
    markup = joined(
        pl.when(pl.col("kind") == "comment").then(pl.lit(" <em>comment on a file</em>")),
        pl.when("is_broadcast").then(pl.lit(" <em>also sent to the room</em>")),
        pl.when("is_pinned").then(pl.lit(" <em>pinned</em>")),
        _dated("edited"),
        _dated("deleted"),
    )
    return spread(frame.filter(flagged).select(markup).to_series(), flagged)


def _dated(word: str) -> pl.Expr:
    when = pl.col(f"{word}_at")
    mark = joined(f' <em title="{word.title()} ', when.dt.strftime(_MOMENT), f'">({word})</em>')
    return pl.when(when.is_not_null()).then(mark)


def bodies(frame: pl.DataFrame, labels: pl.Series) -> pl.Series:
    """The text of each message; under its title, as an action, or as a sentence about its author."""
    speech, text = pl.col("kind").is_in(SPEECH), pl.col("body")
    special = frame.select(~speech | (pl.col("kind") == "me") | (pl.col("title") != "")).to_series()
    rare = frame.filter(special).select("kind", "title", "body", label=labels.gather(frame["who"].filter(special)))
    named = pl.when(~speech & ~text.str.starts_with(PERSON)).then(joined("<b>", pl.col("label"), "</b> "))
    title = pl.when(pl.col("title") != "").then(joined("<h4>", escaped(pl.col("title")), "</h4>"))
    said = pl.when(pl.col("kind") == "me").then(joined("<i>", text, "</i>")).otherwise(joined(named, text))
    other = frame.select("body", special=special, other=spread(rare.select(joined(title, said)).to_series(), special))
    return other.select(pl.when("special").then("other").otherwise("body")).to_series()
