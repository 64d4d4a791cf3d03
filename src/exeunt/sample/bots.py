"""What the integrations write."""

from collections.abc import Callable
from typing import Any

from .facts import Message
from .markup import escape
from .people import Bot
from .rhythm import SECOND
from .scene import Scene, block_id, from_bot

_GREEN, _RED, _AMBER = "2eb886", "a30200", "daa038"


def bot_message(scene: Scene) -> Message:
    """A message of the room's own bot."""
    bot = next(bot for bot in scene.world.plan.bots if bot.key == scene.room.bot)
    return _WRITERS[bot.key](scene, bot)


def _build(scene: Scene, bot: Bot) -> Message:
    rng = scene.rng
    number = rng.randrange(1000, 9999)
    failed = rng.random() < 0.2
    url = f"https://ci.example.org/gauge/{number}"
    state = "failed" if failed else "passed"
    card = {
        "id": 1,
        "color": _RED if failed else _GREEN,
        "fallback": f"Build #{number} {state}",
        "title": f"Build #{number} {state}",
        "title_link": url,
        "text": "`make all && make check` on `main`\n&lt;no warnings&gt;" if not failed else "2 tests failed: *drift*",
        "fields": [
            {"title": "Branch", "value": "main", "short": True},
            {"title": "Duration", "value": f"{rng.randrange(3, 40)} min", "short": True},
        ],
        "footer": "Buildkeeper",
        "ts": scene.instant // SECOND,
        "mrkdwn_in": ["text"],
    }
    return from_bot(scene, bot, "", attachments=[card])


def _alarm(scene: Scene, bot: Bot) -> Message:
    rng = scene.rng
    station = f"LX-{rng.randrange(1, 40):02d}"
    card = {
        "id": 1,
        "color": _AMBER,
        "fallback": f"{station}: battery low",
        "pretext": f"Alarm from *{station}*",
        "author_name": station,
        "title": "Battery low",
        "text": f"{10 + rng.random():.2f} V &lt; 11.50 V",
        "fields": [{"title": "Level", "value": f"{rng.randrange(4000)} mm", "short": True}],
        "image_url": f"https://charts.example.org/{station}.png",
    }
    return from_bot(scene, bot, f":warning: {station} needs you", attachments=[card])


def _standup(scene: Scene, bot: Bot) -> Message:
    question = f"<@{scene.world.user_id(scene.rng.choice(scene.members))}> what do you *do today*?"
    asked_by = "Asked by <https://www.example.org/standup|Standup Heron>"
    skip = {"type": "button", "action_id": "skip", "text": _words("Skip today"), "value": "skip"}
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": _words("Stand-up &amp; plans :seedling:")},
        {"type": "section", "text": _markup(question)},
        {"type": "divider"},
        {
            "type": "section",
            "fields": [_markup(f"*Yesterday*\n{escape(scene.speaker.prose(1))}"), _markup("*Blocked*\nno")],
        },
        {"type": "image", "image_url": "https://charts.example.org/burndown.png", "alt_text": "Burn-down chart"},
        {"type": "context", "elements": [_markup(asked_by)]},
        {"type": "actions", "elements": [skip]},
    ]
    for block in blocks:
        block["block_id"] = block_id(scene.rng)
    return from_bot(scene, bot, question, blocks=blocks)


def _ticket(scene: Scene, bot: Bot) -> Message:
    number = scene.rng.randrange(100, 9000)
    url = f"https://tickets.example.org/TIDE-{number}"
    text = f"New ticket <{url}|TIDE-{number}>: {escape(scene.speaker.prose(1))}"
    return from_bot(scene, bot, text)


def _words(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": True}


def _markup(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": False}


_WRITERS: dict[str, Callable[[Scene, Bot], Message]] = {
    "buildkeeper": _build,
    "buoy-alarms": _alarm,
    "standup-heron": _standup,
    "ticketline": _ticket,
    "tide-clerk": _alarm,
}
