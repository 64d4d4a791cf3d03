"""Puts file bodies into the archive and describes files as Slack does."""

import re
from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import quote

from . import bodies, documents
from .bodies import Body, FileKind
from .facts import Message, Tally
from .ids import hex_id, slack_id
from .people import Person
from .rhythm import SECOND
from .rooms import Room
from .speech import Speaker
from .world import World
from .writer import ExportZip

_LARGE = -1
_LARGE_AT = 7
_SLUG = re.compile(r"[^a-z0-9._-]+")


class Shelf:
    """Deals `files` bodies one after the other: the odd ones evenly among the everyday ones, the large one with them.

    With fewer files than odd names the last odd ones are left out; the large one comes from eight files on.
    """

    def __init__(
        self, world: World, archive: ExportZip, tally: Tally, files: int, large_file_bytes: int, rng: Random
    ) -> None:
        self.world = world
        self._archive = archive
        self._tally = tally
        self._rng = rng
        self._large_file_bytes = large_file_bytes
        deck = list(range(len(bodies.ODD_NAMES)))
        if large_file_bytes:
            deck.insert(_LARGE_AT, _LARGE)
        spread = max(files, len(deck))
        self._deck = {place * spread // len(deck): card for place, card in enumerate(deck)}
        self._dealt = 0
        self.last_public: Message | None = None
        """A file that a later message may share again."""

    def hosted(self, room: Room, author: Person, instant: int, speaker: Speaker, old: bool) -> Message:
        """The next file: its body goes into the archive, what the message says about it is returned."""
        body = self._next(speaker.prose)
        file_id = slack_id(self.world.seed, "F", str(self._dealt))
        self._dealt += 1
        path = self._path(room, file_id, body.name)
        if body.size > documents.CHUNK:
            self._archive.stream(path, body.size, body.chunks)
        else:
            self._archive.add(path, b"".join(body.chunks))
        self._tally.body(file_id, body.size)
        file = self.describe(file_id, body, room, author, instant, old)
        if room.kind == "public" and not old:
            self.last_public = file
        return file

    def linked(self, room: Room, author: Person, instant: int, name: str, size: int) -> Message:
        """A file that Slack still hosts and nobody downloaded: an address, and no body."""
        kind = bodies.KINDS.get(name.rpartition(".")[2], bodies.KINDS[""])
        file_id = slack_id(self.world.seed, "F", f"linked/{room.key}/{instant}")
        return self.describe(file_id, Body(name, name, kind, size, ()), room, author, instant, False)

    def describe(self, file_id: str, body: Body, room: Room, author: Person, instant: int, old: bool) -> dict[str, Any]:
        """The file object of a hosted file or snippet."""
        world, seconds, slug = self.world, instant // SECOND, _slug(body.name)
        public_secret = hex_id(world.seed, f"public/{file_id}", 10)
        file: Message = {
            **heading(file_id, body.name, body.title, body.kind, world.user_id(author), seconds),
            "editable": bool(body.snippet),
            "size": body.size,
            "mode": "snippet" if body.snippet else "hosted",
            "is_external": False,
            "external_type": "",
            "is_public": room.kind == "public",
            "public_url_shared": False,
            "display_as_bot": False,
            "username": "",
            "url_private": self._address("files-pri", f"{file_id}/{slug}"),
            "url_private_download": self._address("files-pri", f"{file_id}/download/{slug}"),
            "permalink": f"https://{world.host}/files/{world.user_id(author)}/{file_id}/{slug}",
            "permalink_public": f"https://slack-files.com/{world.team_id}-{file_id}-{public_secret}",
        }
        if body.pixels:
            file |= self._pictures(file_id, slug, body.pixels)
        if body.snippet:
            file |= _preview(body.snippet, file["permalink"])
        if old:
            places = {"public": "channels", "private": "groups"}.get(room.kind, "ims")
            return (
                file | {"channels": [], "groups": [], "ims": [], "comments_count": 0} | {places: [world.room_id(room)]}
            )
        return file | {
            "user_team": world.team_id,
            "media_display_type": "unknown",
            "is_starred": False,
            "has_rich_preview": False,
            "file_access": "visible",
        }

    def _next(self, prose: Callable[[int], str]) -> Body:
        card = self._deck.get(self._dealt)
        if card is None:
            return bodies.everyday(self._rng, prose)
        return bodies.large(self._large_file_bytes) if card == _LARGE else bodies.odd(card, self._rng, prose)

    def _path(self, room: Room, file_id: str, name: str) -> str:
        if self.world.plan.layout == "uploads":
            return f"__uploads/{file_id}/{name}"
        return f"{self.world.folder(room)}/attachments/{file_id}-{name}"

    def _address(self, kind: str, tail: str) -> str:
        return f"https://files.slack.com/{kind}/{self.world.team_id}-{tail}?t={self.world.file_token}"

    def _pictures(self, file_id: str, slug: str, pixels: tuple[int, int]) -> dict[str, Any]:
        width, height = pixels
        stem = slug.rpartition(".")[0]
        secret = hex_id(self.world.seed, f"thumb/{file_id}", 10)
        sizes: dict[str, Any] = {"image_exif_rotation": 1, "original_w": width, "original_h": height}
        for size in (64, 80, 160, 360, 480, 720):
            if size > 160 and size > width:
                break
            sizes[f"thumb_{size}"] = self._address("files-tmb", f"{file_id}-{secret}/{stem}_{size}.png")
            if size > 160:
                sizes |= {f"thumb_{size}_w": size, f"thumb_{size}_h": size * height // width}
        return sizes


def heading(file_id: str, name: str, title: str, kind: FileKind, user_id: str, seconds: int) -> dict[str, Any]:
    """The first fields of every file that is more than a stub; `seconds` since 1970."""
    return {
        "id": file_id,
        "created": seconds,
        "timestamp": seconds,
        "name": name,
        "title": title,
        "mimetype": kind.mimetype,
        "filetype": kind.filetype,
        "pretty_type": kind.pretty_type,
        "user": user_id,
    }


def _slug(name: str) -> str:
    return quote(_SLUG.sub("_", name.lower())[-100:])


def _preview(text: str, permalink: str) -> dict[str, Any]:
    lines = text.split("\n")
    shown = "\n".join(lines[:5])
    return {
        "edit_link": f"{permalink}/edit",
        "preview": shown,
        "preview_highlight": f'<div class="CodeMirror"><pre>{shown}</pre></div>',
        "lines": len(lines),
        "lines_more": max(0, len(lines) - 5),
        "preview_is_truncated": len(lines) > 5,
    }
