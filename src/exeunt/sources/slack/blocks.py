"""Slack's blocks into plain text and HTML with markers (docs.slack.dev/reference/block-kit/blocks).

What people write arrives as `rich_text`; what programs post arrives as the other kinds, of which only the words are
kept: a button is its label, a picture its description with its address.
"""

import re
from collections.abc import Callable, Iterable

from exeunt.lake import markers
from exeunt.sources.slack.angles import unescaped
from exeunt.sources.slack.flow import Flow, labelled, link
from exeunt.sources.slack.instants import at_seconds
from exeunt.sources.slack.mrkdwn import Markup
from exeunt.sources.slack.wire import Element, Style, TextObject

Piece = tuple[str, str]
"""The same thing in plain text and in HTML."""

NOTHING: Piece = ("", "")
_DEEPEST = 12
"""How deep parts may lie in parts; Slack's own stay below five."""

_NOT_IN_ID = re.compile(r"[^A-Za-z0-9]+")
_NOT_IN_NAME = re.compile(r"[^\w+-]+")
_QUOTES = re.compile("[\"'&<>\n\ue000-\ue00f]").search


def render(blocks: Iterable[Element], markup: Markup, mentions: dict[str, None]) -> Piece:
    """All blocks of a message under each other. Ids of mentioned people are added to `mentions`."""
    page = _Page(markup, mentions)
    for block in blocks:
        page.block(block)
    return "\n".join(page.plain), page.flow.html()


class _Page:
    """The blocks of one message as they are written down."""

    def __init__(self, markup: Markup, mentions: dict[str, None]) -> None:
        self.markup = markup
        self.mentions = mentions
        self.plain: list[str] = []
        self.flow = Flow()

    def block(self, block: Element) -> None:
        if block.type == "rich_text":
            for part in block.elements or ():
                self._rich(part)
        elif block.type == "table":
            for row in block.rows or ():
                self._line(_joined((self._cell(cell) for cell in row), " | "))
        else:
            for piece in self._words(block):
                self._line(piece)

    def _line(self, piece: Piece) -> None:
        if piece[0] or piece[1]:
            self.plain.append(piece[0])
            self.flow.line(piece[1])

    def _rich(self, part: Element) -> None:
        if part.type == "rich_text_list":
            numbered, indent = part.style == "ordered", max(0, min(part.indent or 0, _DEEPEST))
            for number, item in enumerate(part.elements or (), 1):
                plain, html = self._inline(item.elements)
                self.plain.append(f"{'    ' * indent}{f'{number}.' if numbered else '•'} {plain}")
                self.flow.item(indent, numbered, html)
            return
        plain, html = self._inline(part.elements, line_break="\n" if part.type == "rich_text_preformatted" else "<br>")
        if part.type == "rich_text_preformatted":
            self.plain.append(plain)
            self.flow.block(f"<pre>{html}</pre>")
        elif part.type == "rich_text_quote":
            self.plain.append("> " + plain.replace("\n", "\n> "))
            self.flow.quoted(html)
        else:
            # A section ends with a line break where a list or code follows it: the block itself is the break.
            self._line((plain.removesuffix("\n"), html.removesuffix("<br>")))

    def _inline(self, parts: Iterable[Element] | None, line_break: str = "<br>", depth: int = 0) -> Piece:
        plain: list[str] = []
        html: list[str] = []
        for part in parts or ():
            if part.type == "text" and type(part.text) is str:
                words = unescaped(part.text)
                shown = words
                if _QUOTES(words) is not None:
                    words, shown = markers.without_markers(words), _escaped(words, line_break)
            else:
                words, shown = self._part(part, line_break, depth)
            style = part.style
            plain.append(words)
            html.append(_styled(style, shown) if type(style) is Style and shown else shown)
        return "".join(plain), "".join(html)

    def _part(self, part: Element, line_break: str, depth: int) -> Piece:
        render = _PARTS.get(part.type)
        if render is not None and (piece := render(part)) is not None:
            if part.type == "user":
                self.mentions[_NOT_IN_ID.sub("", part.user_id or "")] = None
            return piece
        if part.elements and depth < _DEEPEST:
            return self._inline(part.elements, line_break, depth + 1)
        return _joined(self._words(part, depth), " ")

    def _cell(self, cell: Element) -> Piece:
        if cell.type == "rich_text":
            return _joined((self._inline(part.elements) for part in cell.elements or ()), " ")
        return _joined(self._words(cell), " ")

    def _words(self, block: Element, depth: int = 0) -> list[Piece]:
        """Everything readable in a block of any kind, in the order in which Slack shows it."""
        found = [self._text(block.title), self._text(block.text), self._text(block.label)]
        found += [self._text(field) for field in block.fields or ()]
        found.append(self._text(block.description))
        address = block.image_url or block.title_url or block.url or ""
        label = block.alt_text or block.fallback or ""
        if block.type in ("image", "video") or label or (address and not found[1][0]):
            found.append(_linked(address, "" if found[0][0] == label and not address else label))
        if depth < _DEEPEST:
            if block.elements:
                found.append(_joined((piece for part in block.elements for piece in self._words(part, depth + 1)), " "))
            if block.accessory:
                found += self._words(block.accessory, depth + 1)
        if block.type == "header":
            found = [(plain, f"<b>{html}</b>" if html else "") for plain, html in found]
        return [piece for piece in found if piece[0] or piece[1]]

    def _text(self, text: str | TextObject | None) -> Piece:
        if not text:
            return NOTHING
        words = text if isinstance(text, str) else text.text
        if not words:
            return NOTHING
        is_plain = isinstance(text, TextObject) and text.type == "plain_text"
        plain, html, mentioned = self.markup.emoji_only(words) if is_plain else self.markup.parse(words)
        self.mentions.update(dict.fromkeys(mentioned))
        return plain, html


def _escaped(words: str, line_break: str) -> str:
    return markers.escape(words).replace("\n", line_break)


def _styled(style: Style, html: str) -> str:
    if style.code:
        html = f"<code>{html}</code>"
    if style.strike:
        html = f"<s>{html}</s>"
    if style.italic:
        html = f"<i>{html}</i>"
    if style.bold:
        html = f"<b>{html}</b>"
    return html


def _joined(pieces: Iterable[Piece], between: str) -> Piece:
    shown = [piece for piece in pieces if piece[0] or piece[1]]
    return between.join(piece[0] for piece in shown), between.join(piece[1] for piece in shown)


def _linked(address: str, label: str) -> Piece:
    plain = markers.without_markers(labelled(address, label or address))
    html = link(address, _escaped(label or address, "<br>"))
    return plain, html if html.startswith("<a ") else _escaped(plain, "<br>")


def _marker(marker: Callable[[str], str], target: str) -> Piece | None:
    return (marker(target), marker(target)) if target else None


def _user(part: Element) -> Piece | None:
    return _marker(markers.person, _NOT_IN_ID.sub("", part.user_id or ""))


def _channel(part: Element) -> Piece | None:
    return _marker(markers.room, _NOT_IN_ID.sub("", part.channel_id or ""))


def _usergroup(part: Element) -> Piece | None:
    return _marker(markers.everyone, _NOT_IN_ID.sub("", part.usergroup_id or ""))


def _broadcast(part: Element) -> Piece | None:
    return _marker(markers.everyone, _NOT_IN_ID.sub("", part.range or ""))


def _emoji(part: Element) -> Piece | None:
    name, _, tone = (part.name or "").partition("::skin-tone-")
    name = _NOT_IN_NAME.sub("", name)
    tone = str(part.skin_tone) if part.skin_tone else tone
    return _marker(markers.emoji, f"{name}::skin-tone-{tone[:1]}" if name and tone[:1] in "23456" and tone else name)


def _link(part: Element) -> Piece:
    label = part.text if isinstance(part.text, str) else ""
    return _linked(part.url or "", label or (part.url or "").removeprefix("mailto:"))


def _color(part: Element) -> Piece:
    value = markers.without_markers(part.value or "")
    return value, markers.escape(value)


def _date(part: Element) -> Piece:
    when = at_seconds(part.timestamp)
    text = part.fallback or (when.strftime("%Y-%m-%d %H:%M UTC") if when else "")
    return _linked(part.url or "", text) if part.url else (markers.without_markers(text), _escaped(text, "<br>"))


_PARTS: dict[str, Callable[[Element], Piece | None]] = {
    "user": _user,
    "channel": _channel,
    "usergroup": _usergroup,
    "broadcast": _broadcast,
    "emoji": _emoji,
    "link": _link,
    "color": _color,
    "date": _date,
}
