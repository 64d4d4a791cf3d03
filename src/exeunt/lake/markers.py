"""Markers: how a stored text names a person, a room or an emoji without saying how it will look.

A marker is a private-use character that says what kind it is, the id, and a closing character: a layout replaces
whole markers and never parses markup again. A source's own private-use characters are written as U+FFFD in plain text
and as numeric references in HTML, so a marker is always ours.
"""

import re

PERSON = "\ue000"
ROOM = "\ue001"
EMOJI = "\ue002"
EVERYONE = "\ue003"
"""A mention of everybody present; the id is the source's word (`here`, `channel`, `everyone`) or a group's handle."""

END = "\ue00f"

PATTERN = re.compile("([\ue000-\ue003])([^\ue000-\ue00f]*)\ue00f")
_OURS = re.compile("[\ue000-\ue00f]")


def person(user_id: str) -> str:
    """The marker of a person."""
    return f"{PERSON}{user_id}{END}"


def room(room_id: str) -> str:
    """The marker of a room."""
    return f"{ROOM}{room_id}{END}"


def emoji(name: str) -> str:
    """The marker of an emoji by its short name without colons, skin tone included (`+1::skin-tone-3`)."""
    return f"{EMOJI}{name}{END}"


def everyone(word: str) -> str:
    """The marker of a mention that means many."""
    return f"{EVERYONE}{word}{END}"


def without_markers(text: str) -> str:
    """Text from outside, safe to stand beside markers."""
    return _OURS.sub("\ufffd", text)


def escape(text: str) -> str:
    """Text from outside as HTML text or attribute value, safe to stand beside markers."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return _OURS.sub(lambda found: f"&#x{ord(found[0]):x};", text.replace("'", "&#39;"))
