"""Comings and goings of a room: the lines that Slack writes by itself."""

from random import Random

from .facts import Message
from .people import Person
from .rhythm import DAY, HOUR, SECOND, ts
from .rooms import Room
from .scene import Maker, Scene, Script, system

_JOINS = 8
"""At most so many join lines a room; the others were there from the start."""


def room_events(room: Room, members: list[Person], begin: int, end: int, rng: Random) -> Script:
    """What happens to a room between two instants; direct messages have no such lines."""
    if room.kind in ("dm", "group_dm"):
        return []
    prefix = "group" if room.kind == "private" else "channel"
    creator, last = members[0], end - DAY
    script: Script = [(begin, _join(prefix, creator, None))]
    if room.purpose:
        script.append((begin + 40 * SECOND, _set(prefix, "purpose", creator, room.purpose)))
    joining = members[1:] if len(members) <= _JOINS else rng.sample(members[1:], _JOINS - 1)
    for person in joining:
        at = begin + rng.randrange(HOUR, 3 * DAY) if rng.random() < 0.7 else rng.randrange(begin, last)
        script.append((at, _join(prefix, person, creator if rng.random() < 0.3 else None)))
    for person in members:
        if person.role == "deleted":
            script.append((begin + (last - begin) * 3 // 5, _leave(prefix, person)))
    topic = f"Now: {room.topics.replace(' ', ' &amp; ')}"
    script.append((rng.randrange(begin, last), _set(prefix, "topic", rng.choice(members), topic)))
    script.append((rng.randrange(begin + (last - begin) // 2, last), _pin(rng.choice(members))))
    if room.key in ("engineering", "leadership"):
        script.append((begin + 2 * HOUR, _rename(prefix, creator, f"{room.key[:3]}-old")))
    if room.bot:
        script.append((begin + 3 * HOUR, _bot_add(creator, room.bot)))
    if room.key == "bike-to-work":
        script.append((end - 20 * DAY, _archive(prefix, creator)))
        script.append((end - 19 * DAY, _unarchive(prefix, creator)))
    if room.archived:
        script.append((end - HOUR, _archive(prefix, creator)))
    return script


def _join(prefix: str, person: Person, inviter: Person | None) -> Maker:
    def write(scene: Scene) -> Message:
        who = scene.world.user_id(person)
        name = f"|{person.login}" if scene.old else ""
        more = {"inviter": scene.world.user_id(inviter)} if inviter else {}
        return system(scene, person, f"{prefix}_join", f"<@{who}{name}> has joined the {_noun(prefix)}", **more)

    return write


def _leave(prefix: str, person: Person) -> Maker:
    def write(scene: Scene) -> Message:
        text = f"<@{scene.world.user_id(person)}> has left the {_noun(prefix)}"
        return system(scene, person, f"{prefix}_leave", text)

    return write


def _set(prefix: str, what: str, person: Person, value: str) -> Maker:
    def write(scene: Scene) -> Message:
        text = f"<@{scene.world.user_id(person)}> set the {_noun(prefix)} {what}: {value}"
        return system(scene, person, f"{prefix}_{what}", text, **{what: value})

    return write


def _rename(prefix: str, person: Person, old_name: str) -> Maker:
    def write(scene: Scene) -> Message:
        name = scene.room.key
        who = scene.world.user_id(person)
        text = f'<@{who}> has renamed the {_noun(prefix)} from "{old_name}" to "{name}"'
        return system(scene, person, f"{prefix}_name", text, old_name=old_name, name=name)

    return write


def _archive(prefix: str, person: Person) -> Maker:
    def write(scene: Scene) -> Message:
        members = [scene.world.user_id(member) for member in scene.members]
        text = f"<@{scene.world.user_id(person)}> archived the {_noun(prefix)} (w/ {len(members)} members)"
        return system(scene, person, f"{prefix}_archive", text, members=members)

    return write


def _unarchive(prefix: str, person: Person) -> Maker:
    def write(scene: Scene) -> Message:
        text = f"<@{scene.world.user_id(person)}> un-archived the {_noun(prefix)}"
        return system(scene, person, f"{prefix}_unarchive", text)

    return write


def _bot_add(person: Person, key: str) -> Maker:
    def write(scene: Scene) -> Message:
        bot = next(bot for bot in scene.world.plan.bots if bot.key == key)
        bot_id = scene.world.bot_id(bot)
        text = f"added an integration to this channel: <https://{scene.world.host}/services/{bot_id}|{bot.name}>"
        return system(scene, person, "bot_add", text, bot_id=bot_id, bot_link=f"<{bot_id}|{bot.name}>")

    return write


def _pin(person: Person) -> Maker:
    def write(scene: Scene) -> Message:
        world, pinned = scene.world, scene.recent
        text = f"<@{world.user_id(person)}> pinned a message to this channel."
        message = system(scene, person, "pinned_item", text, item_type="C")
        if pinned is None:
            return message
        room_id = world.room_id(scene.room)
        scene.pins.append({
            "id": pinned["ts"],
            "type": "C",
            "created": scene.instant // SECOND,
            "user": world.user_id(person),
            "owner": pinned.get("user", ""),
        })  # fmt: skip
        card = {
            "id": 1,
            "fallback": f"[{ts(scene.instant)}] {pinned['text'][:80]}",
            "ts": pinned["ts"],
            "author_id": pinned.get("user", ""),
            "channel_id": room_id,
            "channel_name": world.folder(scene.room),
            "is_msg_unfurl": True,
            "text": pinned["text"],
            "from_url": permalink(scene, pinned["ts"]),
            "mrkdwn_in": ["text"],
        }
        return message | {"attachments": [card], "item": {"type": "message", "channel": room_id}}

    return write


def permalink(scene: Scene, moment: str) -> str:
    """The address of the message with that `ts` in the scene's room."""
    return f"https://{scene.world.host}/archives/{scene.world.room_id(scene.room)}/p{moment.replace('.', '')}"


def _noun(prefix: str) -> str:
    return "channel" if prefix == "channel" else "group"
