"""Topics and purposes of rooms, made readable when they come in.

Slack writes them with the entities and the `<…>` of messages (docs.slack.dev/messaging/formatting-message-text), but
nothing in them is formatted. Whatever lists rooms shows them as they are, so they get names and no markers.
"""

import re
from collections.abc import Container, Mapping

from exeunt.lake import markers
from exeunt.sources.slack.angles import token, unescaped

_SPECIAL = re.compile(r"<[^<>\n]+>|&(?:amp|lt|gt);")
_SIGNS = {markers.PERSON: "@", markers.ROOM: "#", markers.EVERYONE: "@"}


def readable(text: str, known: Container[str], names: Mapping[str, str]) -> str:
    """A topic or purpose as a person would read it.

    `known` is as for `token`; `names` are those of people and rooms by id. Who has none keeps the id, as the name of a
    private room must that stands in the topic of a public one.
    """
    return _SPECIAL.sub(lambda found: _said(found[0], known, names), markers.without_markers(text))


def _said(found: str, known: Container[str], names: Mapping[str, str]) -> str:
    if found.startswith("&"):
        return unescaped(found)
    plain = token(found[1:-1], known).plain
    return markers.PATTERN.sub(lambda mark: _SIGNS[mark[1]] + names.get(mark[2], mark[2]), plain)
