"""Slack's objects as its exports write them, reduced to what is used; the original is kept beside them as it came.

Names are Slack's: the objects of docs.slack.dev/reference/objects, the events of
docs.slack.dev/reference/events/message and the fields that only exports have ("How to read Slack data exports").
Everything may be missing, and almost everything may be null.
"""

from typing import Any

import msgspec
from msgspec import Raw

NOTHING = Raw()


class Stamp(msgspec.Struct):
    """Just enough of a message to put it in its place."""

    ts: str = ""


class Profile(msgspec.Struct):
    display_name: str | None = None
    real_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    title: str | None = None
    phone: str | None = None
    image_original: str | None = None
    image_512: str | None = None
    image_192: str | None = None
    image_72: str | None = None
    bot_id: str | None = None
    name: str | None = None


class User(msgspec.Struct):
    id: str = ""
    name: str | None = None
    real_name: str | None = None
    deleted: bool | None = None
    is_admin: bool | None = None
    is_owner: bool | None = None
    is_primary_owner: bool | None = None
    is_restricted: bool | None = None
    is_ultra_restricted: bool | None = None
    is_stranger: bool | None = None
    is_bot: bool | None = None
    tz: str | None = None
    updated: int | str | None = None
    profile: Profile | None = None


class Remark(msgspec.Struct):
    """A topic or a purpose."""

    value: str | None = None


class Pin(msgspec.Struct):
    id: str | None = None


class Room(msgspec.Struct):
    id: str = ""
    name: str | None = None
    created: int | str | None = None
    updated: int | str | None = None
    creator: str | None = None
    is_archived: bool | None = None
    is_general: bool | None = None
    is_private: bool | None = None
    is_mpim: bool | None = None
    is_im: bool | None = None
    is_shared: bool | None = None
    is_ext_shared: bool | None = None
    is_org_shared: bool | None = None
    members: list[str] | None = None
    user: str | None = None
    topic: Remark | None = None
    purpose: Remark | None = None
    pins: list[Pin] | None = None


class File(msgspec.Struct):
    id: str = ""
    name: str | None = None
    title: str | None = None
    mimetype: str | None = None
    filetype: str | None = None
    size: int | None = None
    created: int | str | None = None
    timestamp: int | str | None = None
    user: str | None = None
    bot_id: str | None = None
    mode: str | None = None
    file_access: str | None = None
    is_external: bool | None = None
    external_type: str | None = None
    external_url: str | None = None
    url_private: str | None = None
    url_private_download: str | None = None
    permalink: str | None = None
    alt_txt: str | None = None
    date_delete: int | str | None = None
    shares: Any = None


class Style(msgspec.Struct):
    bold: bool | None = None
    italic: bool | None = None
    strike: bool | None = None
    code: bool | None = None


class TextObject(msgspec.Struct):
    type: str | None = None
    text: str | None = None


class Element(msgspec.Struct):
    """A block, a part of a block or a part of a part: told apart by `type`, as Slack does."""

    type: str = ""
    text: str | TextObject | None = None
    elements: list["Element"] | None = None
    style: str | Style | None = None
    user_id: str | None = None
    channel_id: str | None = None
    usergroup_id: str | None = None
    range: str | None = None
    name: str | None = None
    skin_tone: int | None = None
    url: str | None = None
    value: str | None = None
    timestamp: int | str | None = None
    fallback: str | None = None
    indent: int | None = None
    fields: list[TextObject] | None = None
    accessory: "Element | None" = None
    label: str | TextObject | None = None
    title: str | TextObject | None = None
    alt_text: str | None = None
    image_url: str | None = None
    title_url: str | None = None
    description: str | TextObject | None = None
    rows: list[list["Element"]] | None = None


class Field(msgspec.Struct):
    title: str | None = None
    value: str | None = None


class Attachment(msgspec.Struct):
    title: str | None = None
    title_link: str | None = None
    pretext: str | None = None
    text: str | None = None
    fallback: str | None = None
    fields: list[Field] | None = None
    image_url: str | None = None
    author_name: str | None = None
    footer: str | None = None
    from_url: str | None = None
    color: str | None = None
    blocks: list[Element] | None = None
    files: list[Raw] | None = None


class Edited(msgspec.Struct):
    user: str | None = None
    ts: str | None = None


class ReactionIn(msgspec.Struct):
    name: str | None = None
    users: list[str] | None = None
    count: int | None = None


class Comment(msgspec.Struct):
    user: str | None = None
    comment: str | None = None


class Previous(msgspec.Struct):
    user: str | None = None
    text: str | None = None
    thread_ts: str | None = None


class Message(msgspec.Struct):
    ts: str = ""
    user: str | None = None
    text: str | None = None
    subtype: str | None = None
    thread_ts: str | None = None
    bot_id: str | None = None
    username: str | None = None
    user_profile: Profile | None = None
    bot_profile: Profile | None = None
    edited: Edited | None = None
    reactions: list[ReactionIn] | None = None
    files: list[Raw] | None = None
    file: Raw = NOTHING
    comment: Comment | None = None
    attachments: list[Attachment] | None = None
    blocks: list[Element] | None = None
    pinned_to: list[str] | None = None
    pinned_info: dict[str, Any] | None = None
    permalink: str | None = None
    original_ts: str | None = None
    deleted_ts: str | None = None
    editor_id: str | None = None
    previous: Previous | None = None
