"""One moment in one room, and the messages that Slack would write for it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from .facts import Message
from .ids import message_uuid
from .markup import Passage, Piece, Section, mrkdwn, rich_text, say
from .people import Bot, Person, card_json
from .rhythm import DAY, SECOND, ts
from .rooms import Room
from .shelf import Shelf
from .snippets import PAGES
from .speech import CUSTOM_EMOJI, Speaker
from .world import World

_REACTIONS = (
    ("+1", 30), ("heart", 10), ("tada", 9), ("eyes", 9), ("joy", 8), ("white_check_mark", 8), ("raised_hands", 5),
    ("pray", 4), ("rocket", 3), ("ocean", 3), ("+1::skin-tone-3", 4), ("+1::skin-tone-5", 2), ("clap::skin-tone-2", 2),
    ("muscle::skin-tone-6", 1), ("woman-bouncing-ball::skin-tone-4", 1), ("flag-pt", 1),
    *((name, 3) for name in CUSTOM_EMOJI),
)  # fmt: skip
_NAMES, _WEIGHTS = zip(*_REACTIONS, strict=True)


@dataclass(slots=True)
class Scene:
    """A room while its story is told; `instant` and `old` change with every message."""

    world: World
    room: Room
    members: list[Person]
    speaker: Speaker
    shelf: Shelf
    rng: Random
    instant: int = 0
    old: bool = False
    """Before rich text: messages have `text` only, a file comes alone in `file`."""
    recent: Message | None = None
    """The last thing somebody said."""
    notes: dict[str, str] = field(default_factory=dict)
    """What one scripted message leaves for a later one."""
    pins: list[dict[str, Any]] = field(default_factory=list)


Maker = Callable[[Scene], Message]
"""Writes one message for the scene's instant."""

Script = list[tuple[int, Maker]]
"""What must happen in a room, and when."""


def spoken(scene: Scene, author: Person, passage: Passage) -> Message:
    """What a person says, in the form of its time."""
    world, rng = scene.world, scene.rng
    user_id = world.user_id(author)
    message: Message = {"type": "message", "user": user_id, "text": mrkdwn(passage), "ts": ts(scene.instant)}
    if not scene.old:
        message |= {"client_msg_id": message_uuid(rng.getrandbits(128)), "team": world.team_id}
        message |= {"user_team": world.team_id, "source_team": world.team_id}
        message["user_profile"] = card_json(author, world.seed, world.team_id)
        if message["text"] and rng.random() < 0.93:
            message["blocks"] = rich_text(passage, block_id(rng))
    unfurled = [unfurl(piece) for piece in _links(passage) if rng.random() < 0.5]
    if unfurled:
        message["attachments"] = [attachment | {"id": number} for number, attachment in enumerate(unfurled, start=1)]
    if rng.random() < 0.04:
        message["edited"] = {"user": user_id, "ts": ts(scene.instant + rng.randrange(5 * SECOND, DAY))}
    return message


def plain(scene: Scene, author: Person, text: str) -> Message:
    """The given words and nothing else."""
    return spoken(scene, author, [Section([say(text)])])


def system(scene: Scene, author: Person, subtype: str, text: str, **more: Any) -> Message:
    """A line that Slack writes about somebody; `text` is already in Slack's markup."""
    user_id = scene.world.user_id(author)
    return {"type": "message", "subtype": subtype, "ts": ts(scene.instant), "user": user_id, "text": text} | more


def line(scene: Scene, author: Person, text: str) -> Message:
    """A message whose `text` is already in Slack's markup and which has no blocks, as an API client posts it."""
    return {"type": "message", "user": scene.world.user_id(author), "text": text, "ts": ts(scene.instant)}


def with_files(message: Message, files: list[Message]) -> Message:
    """The newer form: any number of files on an ordinary message."""
    return message | {"files": files, "upload": True, "display_as_bot": False}


def file_share(scene: Scene, author: Person, file: Message, comment: str) -> Message:
    """The older form: one file, and a text that tells what happened; `comment` is in Slack's markup."""
    who = f"<@{scene.world.user_id(author)}|{author.login}>"
    text = f"{who} uploaded a file: <{file['permalink']}|{file['title']}>"
    if comment:
        text += f" and commented: {comment}"
        created = file["created"]
        note = {"id": f"Fc{file['id'][1:]}", "created": created, "timestamp": created, "user": file["user"]}
        file = file | {"initial_comment": note | {"is_intro": True, "comment": comment}, "comments_count": 1}
    more = {"file": file, "upload": True, "display_as_bot": False, "username": who, "bot_id": None}
    return system(scene, author, "file_share", text, **more)


def from_bot(scene: Scene, bot: Bot, text: str, **more: Any) -> Message:
    """A bot without an account writes with `bot_id` and `username` only, an app as its own user."""
    world = scene.world
    message: Message = {"type": "message", "text": text, "ts": ts(scene.instant), "bot_id": world.bot_id(bot)}
    if not bot.has_user:
        return message | {"subtype": "bot_message", "username": bot.name, "icons": {"emoji": f":{bot.emoji}:"}} | more
    profile = {"id": world.bot_id(bot), "deleted": False, "name": bot.name, "updated": 1_600_000_000}
    profile |= {"app_id": "A" + world.bot_id(bot)[1:], "team_id": world.team_id, "icons": {}}
    user = {"user": world.bot_user_id(bot), "app_id": profile["app_id"], "team": world.team_id}
    return message | user | {"bot_profile": profile} | more


def react(scene: Scene, message: Message) -> None:
    """Some people answer with an emoji."""
    rng = scene.rng
    names = dict.fromkeys(rng.choices(_NAMES, _WEIGHTS, k=rng.choice((1, 1, 1, 2, 2, 3, 5))))
    reactions = []
    for name in names:
        people = rng.sample(scene.members, min(len(scene.members), rng.choice((1, 1, 2, 3, 5, 8))))
        users = [scene.world.user_id(person) for person in people]
        reactions.append({"name": name, "users": users, "count": len(users)})
    message["reactions"] = reactions


def unfurl(piece: Piece) -> dict[str, Any]:
    """The card that Slack adds to a link."""
    path = piece.value.rpartition("/")[2].partition("?")[0]
    title, text = next(((title, text) for name, title, text in PAGES if name == path), (piece.value, ""))
    return {
        "from_url": piece.value,
        "original_url": piece.value,
        "service_name": "Heronmark Journal",
        "service_icon": "https://www.example.org/favicon.ico",
        "title": title,
        "title_link": piece.value,
        "text": text,
        "fallback": f"Heronmark Journal: {title}",
    }


def block_id(rng: Random) -> str:
    """A short id as Slack gives every block."""
    return "".join(rng.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", k=5))


def _links(passage: Passage) -> list[Piece]:
    pieces = (piece for block in passage if isinstance(block, Section) for piece in block.pieces)
    return [piece for piece in pieces if piece.kind == "link" and piece.value.startswith("https://www.example.org/")]
