"""What stands between `<` and `>` in Slack's text: people, rooms, groups, dates, links.

The forms are those of docs.slack.dev/messaging/formatting-message-text, "Retrieving formatted messages".
"""

import re
from collections.abc import Container

import msgspec

from exeunt.lake import markers
from exeunt.sources.slack.flow import labelled, link
from exeunt.sources.slack.instants import at_seconds

_MENTION = re.compile(r"([@#])([A-Za-z0-9]+)(?:\|(.*))?", re.DOTALL).fullmatch
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x1f]+").fullmatch
_MANY = frozenset(("here", "channel", "everyone", "group"))
_NOT_IN_HANDLE = re.compile(r"[^\w.-]+")


class Token(msgspec.Struct, frozen=True):
    """What one `<…>` says: in plain text, in HTML, and whom it mentions."""

    plain: str
    html: str
    mention: str = ""


def token(inner: str, known: Container[str] | None) -> Token:
    """The meaning of `<inner>`.

    A person or a room is a marker, unless the archive does not know it (`known` says) and the text gives its name:
    then the name is what a reader can use.
    """
    if found := _MENTION(inner):
        sign, target, name = found[1], found[2], unescaped(found[3] or "")
        mention = target if sign == "@" else ""
        if name and known is not None and target not in known:
            name = sign + name.removeprefix(sign)
            return Token(name, markers.escape(name), mention)
        marker = markers.person(target) if sign == "@" else markers.room(target)
        return Token(marker, marker, mention)
    first, _, label = inner.partition("|")
    first, label = unescaped(first), unescaped(label)
    if first.startswith("!"):
        return _command(first[1:], label)
    if _ADDRESS(first):
        return _linked(first, label or first.removeprefix("mailto:"))
    text = f"<{unescaped(inner)}>"
    return Token(text, markers.escape(text))


def _command(command: str, label: str) -> Token:
    name, *rest = command.split("^")
    if name in _MANY:
        marker = markers.everyone(name)
        return Token(marker, marker)
    if name == "subteam" and rest:
        marker = markers.everyone(_NOT_IN_HANDLE.sub("", label.removeprefix("@")) or _NOT_IN_HANDLE.sub("", rest[0]))
        return Token(marker, marker)
    if name == "date" and rest:
        when = at_seconds(rest[0])
        text = label or (when.strftime("%Y-%m-%d %H:%M UTC") if when else rest[0])
        return _linked(rest[2], text) if len(rest) > 2 else Token(text, markers.escape(text))
    text = label or command
    return Token(text, markers.escape(text))


def _linked(address: str, label: str) -> Token:
    plain = labelled(address, label)
    html = link(address, markers.escape(label))
    return Token(plain, html if html.startswith("<a ") else markers.escape(plain))


def unescaped(text: str) -> str:
    """Without Slack's three entities; `&amp;` last, so that `&amp;lt;` becomes `&lt;`."""
    if "&" not in text:
        return text
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
