"""Texts as people typed them, with markers for the people and rooms they name."""

import re
from collections.abc import Collection

from exeunt.lake import markers

_NAMED = re.compile(r"(?<![\w@#.-])([@#])([\w-]+(?:\.[\w-]+)*)")
_EVERYBODY = ("all", "here")


def marked(text: str, people: Collection[str], rooms: Collection[str]) -> tuple[str, str, list[str]]:
    """(plain text, HTML, whom it mentions). Only known names are marked; everything else stays as it was typed."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    plain, html, mentions, at = [], [], dict[str, None](), 0
    for found in _NAMED.finditer(text):
        marker = _marker(found[1], found[2], people, rooms)
        if marker is None:
            continue
        if marker[0] == markers.PERSON:
            mentions[found[2]] = None
        before, at = text[at : found.start()], found.end()
        plain += [markers.without_markers(before), marker]
        html += [markers.escape(before), marker]
    plain.append(markers.without_markers(text[at:]))
    html.append(markers.escape(text[at:]))
    return "".join(plain), "".join(html).replace("\n", "<br>"), list(mentions)


def _marker(sign: str, name: str, people: Collection[str], rooms: Collection[str]) -> str | None:
    if sign == "#":
        return markers.room(name) if name in rooms else None
    if name in people:
        return markers.person(name)
    return markers.everyone(name) if name in _EVERYBODY else None
