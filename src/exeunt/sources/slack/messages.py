"""Messages of an export into rows: who said what when, in which thread, with what below it."""

from datetime import datetime

import msgspec
from msgspec import Raw

from exeunt.lake.rows import MessageKind, MessageRow, Reaction
from exeunt.sources.slack import attachments, blocks, decode
from exeunt.sources.slack.files import Files
from exeunt.sources.slack.instants import at_ts, instant, micros
from exeunt.sources.slack.limits import Unreadable
from exeunt.sources.slack.mrkdwn import Markup
from exeunt.sources.slack.people import People
from exeunt.sources.slack.rooms import Place
from exeunt.sources.slack.wire import NOTHING, Element, Message, Profile

_KINDS: dict[str, MessageKind] = {
    "bot_message": "bot",
    "slackbot_response": "bot",
    "me_message": "me",
    "file_comment": "comment",
    "channel_join": "join",
    "group_join": "join",
    "channel_leave": "leave",
    "group_leave": "leave",
    "channel_topic": "topic",
    "group_topic": "topic",
    "channel_purpose": "purpose",
    "group_purpose": "purpose",
    "channel_name": "rename",
    "group_name": "rename",
    "channel_archive": "archive",
    "group_archive": "archive",
    "channel_unarchive": "unarchive",
    "group_unarchive": "unarchive",
    "pinned_item": "pin",
}
_SPEECH = frozenset(
    ("file_share", "file_mention", "thread_broadcast", "reply_broadcast", "document_mention", "assistant_app_thread",
     "tombstone", "message_changed", "message_deleted")
)  # fmt: skip
"""Subtypes of what a person or a bot says; every other subtype that has no kind of its own is the room speaking."""

_LINE_MARKS = frozenset("->•◦▪ ")

_decode = msgspec.json.Decoder(Message).decode


class Said(msgspec.Struct):
    """The words of a message in every form, and whom they mention."""

    plain: str
    html: str
    mentions: list[str]
    attachments: str = ""


class Messages:
    """Makes the rows of one room."""

    def __init__(self, place: Place, people: People, markup: Markup, files: Files) -> None:
        self._room_id = place.id
        self._pins = place.pins
        self._people = people
        self._markup = markup
        self._files = files
        self.attachments = 0

    def row(self, raw: Raw | bytes) -> tuple[MessageRow, str]:
        """The row, and what was wrong with the message, if anything. Raises `Unreadable` when it is no message."""
        try:
            message, text, problem = _decode(raw), str(raw, "utf-8"), ""
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            message, problem = decode.read(raw, Message)
            text, repair = decode.text(raw)
            problem = problem or repair
        count = micros(message.ts)
        if count is None:
            raise Unreadable(f"it has no time: ts is {message.ts[:40]!r}" if message.ts else "it has no time (ts)")
        sent_at = instant(count)
        if message.subtype in ("message_changed", "message_deleted"):
            row = self._revision(message, sent_at, text) or self._plain_row(message, sent_at, text)
        else:
            row = self._plain_row(message, sent_at, text)
        return row, problem

    def _plain_row(self, message: Message, sent_at: datetime, raw: str) -> MessageRow:
        subtype = message.subtype or ""
        own_id = f"{self._room_id}/{message.ts}"
        thread_ts = message.thread_ts
        if not thread_ts or thread_ts == message.ts or (thread_started_at := at_ts(thread_ts)) is None:
            thread_id, thread_started_at = own_id, sent_at
        else:
            thread_id = f"{self._room_id}/{thread_ts}"
        author_id, author_name = self._author(message)
        said = self._said(message)
        edited = message.edited
        return MessageRow(
            id=own_id,
            room_id=self._room_id,
            kind=self._kind(message, author_id),
            subtype=subtype,
            author_id=author_id,
            author_name=author_name,
            thread_id=thread_id,
            thread_started_at=thread_started_at,
            is_broadcast=subtype in ("thread_broadcast", "reply_broadcast"),
            created_at=sent_at,
            edited_at=at_ts(edited.ts) if edited else None,
            edited_by=edited.user or "" if edited else "",
            # Slack leaves a tombstone where a deleted message had replies and does not say when it was deleted.
            deleted_at=sent_at if subtype == "tombstone" else None,
            text=said.plain,
            body_html=said.html,
            mentions=said.mentions,
            reactions=_reactions(message) if message.reactions else [],
            file_ids=self._file_ids(message, sent_at),
            attachments=said.attachments,
            is_pinned=bool(message.pinned_to or message.pinned_info) or message.ts in self._pins,
            permalink=message.permalink or "",
            raw=raw,
        )

    def _revision(self, message: Message, at: datetime, raw: str) -> MessageRow | None:
        """An entry of the edit log that some plans export: a later state of the message that `original_ts` names."""
        original = message.original_ts or message.deleted_ts
        sent_at = at_ts(original)
        if not original or sent_at is None:
            return None
        previous = message.previous
        editor = message.editor_id or message.user or ""
        deleted = message.subtype == "message_deleted"
        message.ts = original
        message.user = message.user or (previous.user if previous else None)
        message.thread_ts = message.thread_ts or (previous.thread_ts if previous else None)
        if deleted and not message.text and previous:
            message.text = previous.text
        row = self._plain_row(message, sent_at, raw)
        if deleted:
            row.deleted_at, row.deleted_by = at, editor
        else:
            row.edited_at, row.edited_by = at, editor
        return row

    def _author(self, message: Message) -> tuple[str, str]:
        """(id, the name that the message itself gives). A comment on a file belongs to who commented."""
        name = _name(message)
        if message.comment and message.subtype == "file_comment":
            return message.comment.user or message.user or "", name
        user = message.user or ""
        if not message.bot_id or (user and user in self._people.names):
            return user, name
        return self._people.author_of_bot(message.bot_id, user, name), name

    def _kind(self, message: Message, author_id: str) -> MessageKind:
        subtype = message.subtype
        if subtype and subtype not in _SPEECH:
            return _KINDS.get(subtype, "system")
        if message.bot_id and author_id not in self._people.names:
            return "bot"
        return "bot" if author_id in self._people.bots and subtype != "tombstone" else "message"

    def _said(self, message: Message) -> Said:
        """The text field is the plain text; blocks, where there are any, are what Slack shows."""
        text = message.text
        if message.comment and message.subtype == "file_comment":
            text = message.comment.comment or text
        plain, html, mentions = self._markup.parse(text) if text else ("", "", [])
        below = ""
        if message.blocks and not _says_only(message.blocks, plain):
            others = dict.fromkeys(mentions)
            block_plain, block_html = blocks.render(message.blocks, self._markup, others)
            plain, html, mentions = plain or block_plain, block_html or html, list(others)
        if message.attachments:
            normal = attachments.normalised(message.attachments, self._markup)
            self.attachments += len(message.attachments)
            below = attachments.encoded(normal)
            if not plain and not html:
                others = {}
                plain, html = attachments.shown(message.attachments, self._markup, others)
                mentions = list(others)
        return Said(plain, html, mentions, below)

    def _file_ids(self, message: Message, sent_at: datetime) -> list[str]:
        """Old messages have one `file`, newer ones `files`; a shared message brings its own in an attachment."""
        if message.files is None and message.file is NOTHING and not message.attachments:
            return []
        raws = list(message.files or ())
        if message.file is not NOTHING:
            raws.append(message.file)
        for attachment in message.attachments or ():
            raws += attachment.files or ()
        found: dict[str, None] = {}
        for raw in raws:
            try:
                found[self._files.named(raw, self._room_id, sent_at)] = None
            except Unreadable:
                # null, or no object: there is no file to speak of, and the message's original text keeps it.
                continue
        found.pop("", None)
        return list(found)


def _says_only(parts: list[Element], plain: str) -> bool:
    """Whether the blocks are one unformatted text that is the plain text itself: most of what people write.

    Without markup in it, which the text field would have as well, both have the same HTML.
    """
    if len(parts) != 1 or not (rich := parts[0].elements) or len(rich) != 1 or rich[0].type != "rich_text_section":
        return False
    words = rich[0].elements
    if not words or len(words) != 1 or words[0].type != "text" or words[0].style is not None:
        return False
    return words[0].text == plain and "\n" not in plain and plain[:1] not in _LINE_MARKS


def _reactions(message: Message) -> list[Reaction]:
    return [
        Reaction(one.name, one.users or [], one.count if one.count is not None else len(one.users or []))
        for one in message.reactions or ()
        if one.name
    ]


def _name(message: Message) -> str:
    name = message.username
    if name:
        # Old uploads have the mention of their author there.
        return name[1:-1].partition("|")[2] if name.startswith("<@") else name
    profile: Profile | None = message.user_profile or message.bot_profile
    if profile is None:
        return ""
    return profile.display_name or profile.real_name or profile.name or ""
