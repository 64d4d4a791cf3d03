"""What markers become: names of people and rooms, and emoji, only for those that occur."""

from html import escape, unescape

import msgspec
import polars as pl

from exeunt.lake import markers
from exeunt.layouts.emojis import character

_ANY = "[\ue000-\ue003][^\ue000-\ue00f]*\ue00f"
_LOOSE = [markers.PERSON, markers.ROOM, markers.EMOJI, markers.EVERYONE, markers.END]
"""The characters of a marker that is none, because a reader cut it: they vanish and leave its id as text."""


class References(msgspec.Struct, frozen=True):
    """Replacements for the markers of a shard. `people` are the numbers of those who were mentioned."""

    found: list[str]
    html: list[str]
    plain: list[str]
    people: list[int]

    def in_html(self, text: pl.Expr) -> pl.Expr:
        """Markers in escaped HTML as links and characters."""
        return text.str.replace_many(self.found + _LOOSE, self.html + [""] * len(_LOOSE), leftmost=True)

    def in_text(self, text: pl.Expr) -> pl.Expr:
        """Markers in plain text as words: `@Alice`, `#general`, `:tada:`."""
        return text.str.replace_many(self.found + _LOOSE, self.plain + [""] * len(_LOOSE), leftmost=True)


def references(
    texts: list[pl.Series], people: pl.DataFrame, rooms: dict[str, tuple[str, str]], root: str
) -> References:
    """The references in these texts. `rooms` gives (label, address below `root`, or nothing) by id."""
    found = _occurring(texts)
    ids = [marker[1:-1] for marker in found if marker[0] == markers.PERSON]
    known = people.filter(pl.col("id").is_in(ids))
    names = {row[0]: (row[1], row[2]) for row in known.select("id", "number", "name").iter_rows()}
    shown = [_shown(marker[0], unescape(marker[1:-1]), names, rooms, root) for marker in found]
    mentioned = sorted(number for number, _ in names.values())
    return References(found, [html for html, _ in shown], [plain for _, plain in shown], mentioned)


def _occurring(texts: list[pl.Series]) -> list[str]:
    marked = [text.filter(text.str.contains(markers.END, literal=True)).alias("text") for text in texts]
    every = pl.concat(marked).str.extract_all(_ANY).explode().drop_nulls()
    return every.unique().sort().to_list()


def _shown(
    kind: str, target: str, names: dict[str, tuple[int, str]], rooms: dict[str, tuple[str, str]], root: str
) -> tuple[str, str]:
    if kind == markers.PERSON:
        number, name = names.get(target, (0, ""))
        plain = "@" + (name or target)
        return _link(f"{root}people.html#u{number}" if number else "", plain), plain
    if kind == markers.ROOM:
        plain, address = rooms.get(target, ("#" + target, ""))
        return _link(root + address if address else "", plain), plain
    if kind == markers.EMOJI:
        return escape(character(target)), f":{target}:"
    return f"<b class=u>@{escape(target)}</b>", "@" + target


def _link(address: str, label: str) -> str:
    if not address:
        return f"<bdi class=u>{escape(label)}</bdi>"
    return f'<a class=u dir=auto href="{address}">{escape(label)}</a>'
