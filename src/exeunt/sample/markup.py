"""What somebody says, once; written both as Slack's `text` and as its `blocks`.

A passage is a list of blocks; a block holds pieces. Text inside is plain: the three characters that Slack escapes are
escaped here, in `text` and in `blocks` alike, as Slack does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Style = Literal["", "bold", "italic", "strike", "code"]
Kind = Literal["text", "person", "room", "team", "broadcast", "link", "mail", "emoji", "date"]

_MARKS: dict[Style, str] = {"": "", "bold": "*", "italic": "_", "strike": "~", "code": "`"}

EMOJI = {
    "+1": "1f44d", "wave": "1f44b", "tada": "1f389", "eyes": "1f440", "heart": "2764-fe0f", "pray": "1f64f",
    "ocean": "1f30a", "anchor": "2693", "ship": "1f6a2", "fire": "1f525", "joy": "1f602", "thinking_face": "1f914",
    "white_check_mark": "2705", "warning": "26a0-fe0f", "rocket": "1f680", "coffee": "2615", "bug": "1f41b",
    "snowflake": "2744-fe0f", "sunny": "2600-fe0f", "raised_hands": "1f64c", "clap": "1f44f", "cake": "1f370",
    "fish": "1f41f", "crossed_fingers": "1f91e", "sweat_smile": "1f605", "slightly_smiling_face": "1f642",
    "muscle": "1f4aa", "hammer_and_wrench": "1f6e0-fe0f", "memo": "1f4dd", "telephone_receiver": "1f4de",
    "family": "1f46a", "flag-pt": "1f1f5-1f1f9", "woman-bouncing-ball": "26f9-fe0f-200d-2640-fe0f",
    "relaxed": "263a-fe0f", "100": "1f4af", "partying_face": "1f973", "bike": "1f6b2", "seedling": "1f331",
}  # fmt: skip
"""Code points of the standard emoji that the sample uses; any other name is one of the workspace's own."""

TONES = {2: "1f3fb", 3: "1f3fc", 4: "1f3fd", 5: "1f3fe", 6: "1f3ff"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text or one reference; `label` is what stands beside an id or address."""

    kind: Kind
    value: str
    label: str = ""
    style: Style = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A paragraph."""

    pieces: Sequence[Piece]


@dataclass(frozen=True, slots=True)
class Quote:
    """Somebody's words, repeated."""

    pieces: Sequence[Piece]


@dataclass(frozen=True, slots=True)
class Code:
    """Preformatted lines."""

    source: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list; `indent` is its depth."""

    items: Sequence[Sequence[Piece]]
    ordered: bool = False
    indent: int = 0


Block = Section | Quote | Code | Bullets
Passage = list[Block]


def say(text: str, style: Style = "") -> Piece:
    """Plain words."""
    return Piece("text", text, style=style)


def escape(text: str) -> str:
    """The three escapes of Slack."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def mrkdwn(passage: Passage) -> str:
    """The `text` of a message."""
    return "\n".join(_block_text(block) for block in passage)


def rich_text(passage: Passage, block_id: str) -> list[dict[str, Any]]:
    """The `blocks` of a message: one rich_text block."""
    return [{"type": "rich_text", "block_id": block_id, "elements": [_block_element(block) for block in passage]}]


def _block_text(block: Block) -> str:
    match block:
        case Section(pieces):
            return _inline(pieces)
        case Quote(pieces):
            return "\n".join(f"&gt; {line}" for line in _inline(pieces).split("\n"))
        case Code(source):
            return f"```{escape(source)}```"
        case Bullets(items, ordered, indent):
            marks = [f"{number}." if ordered else "◦" if indent else "•" for number in range(1, len(items) + 1)]
            return "\n".join(
                f"{'    ' * indent}{mark} {_inline(item)}" for mark, item in zip(marks, items, strict=True)
            )


def _inline(pieces: Sequence[Piece]) -> str:
    return "".join(f"{_MARKS[piece.style]}{_reference(piece)}{_MARKS[piece.style]}" for piece in pieces)


def _reference(piece: Piece) -> str:
    value, label = piece.value, escape(piece.label)
    match piece.kind:
        case "text":
            return escape(value)
        case "person":
            return f"<@{value}|{label}>" if label else f"<@{value}>"
        case "room":
            return f"<#{value}|{label}>"
        case "team":
            return f"<!subteam^{value}|@{label}>"
        case "broadcast":
            return f"<!{value}>"
        case "link" | "mail":
            address = escape(value if piece.kind == "link" else f"mailto:{value}")
            return f"<{address}|{label}>" if label else f"<{address}>"
        case "emoji":
            return f":{value}:"
        case "date":
            return f"<!date^{value}^{{date_short_pretty}} at {{time}}|{label}>"


def _block_element(block: Block) -> dict[str, Any]:
    match block:
        case Section(pieces):
            return {"type": "rich_text_section", "elements": _elements(pieces)}
        case Quote(pieces):
            return {"type": "rich_text_quote", "elements": _elements(pieces)}
        case Code(source):
            elements = [{"type": "text", "text": escape(source)}]
            return {"type": "rich_text_preformatted", "elements": elements, "border": 0}
        case Bullets(items, ordered, indent):
            return {
                "type": "rich_text_list",
                "elements": [{"type": "rich_text_section", "elements": _elements(item)} for item in items],
                "style": "ordered" if ordered else "bullet",
                "indent": indent,
                "border": 0,
            }


def _elements(pieces: Sequence[Piece]) -> list[dict[str, Any]]:
    return [_element(piece) | ({"style": {piece.style: True}} if piece.style else {}) for piece in pieces]


def _element(piece: Piece) -> dict[str, Any]:
    value = piece.value
    match piece.kind:
        case "text":
            return {"type": "text", "text": escape(value)}
        case "person":
            return {"type": "user", "user_id": value}
        case "room":
            return {"type": "channel", "channel_id": value}
        case "team":
            return {"type": "usergroup", "usergroup_id": value}
        case "broadcast":
            return {"type": "broadcast", "range": value}
        case "link" | "mail":
            url = value if piece.kind == "link" else f"mailto:{value}"
            return {"type": "link", "url": url} | ({"text": escape(piece.label)} if piece.label else {})
        case "emoji":
            return emoji_element(value)
        case "date":
            return {
                "type": "date",
                "timestamp": int(value),
                "format": "{date_short_pretty} at {time}",
                "fallback": piece.label,
            }


def emoji_element(name: str) -> dict[str, Any]:
    """The element for a name such as `tada`, `+1::skin-tone-3` or one of the workspace's own."""
    base, _, tone = name.partition("::skin-tone-")
    element: dict[str, Any] = {"type": "emoji", "name": base}
    if base in EMOJI:
        element["unicode"] = EMOJI[base] + (f"-{TONES[int(tone)]}" if tone else "")
    if tone:
        element["skin_tone"] = int(tone)
    return element
