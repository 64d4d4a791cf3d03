"""Slack's attachments: what programs add below a message, and what Slack shows of a link or of a shared message.

docs.slack.dev/messaging/formatting-message-text/legacy-attachments; kept as one JSON text of plain texts with markers.
"""

import msgspec

from exeunt.lake import markers
from exeunt.sources.slack import blocks
from exeunt.sources.slack.flow import Flow, link
from exeunt.sources.slack.mrkdwn import Markup
from exeunt.sources.slack.wire import Attachment

_TEXTS = ("title", "pretext", "text", "fallback", "author_name", "footer")
_ADDRESSES = ("title_link", "image_url", "from_url", "color")

Normal = dict[str, str | list[dict[str, str]]]


def normalised(attachments: list[Attachment], markup: Markup) -> list[Normal]:
    """One dictionary an attachment, without what is empty: texts are plain with markers, addresses as they came."""
    found = []
    for attachment in attachments:
        normal: Normal = {}
        for name in _TEXTS:
            value = getattr(attachment, name)
            if value:
                normal[name] = markup.parse(value)[0]
        for name in _ADDRESSES:
            value = getattr(attachment, name)
            if value:
                normal[name] = markers.without_markers(value)
        fields = [
            {"title": markup.parse(field.title or "")[0], "value": markup.parse(field.value or "")[0]}
            for field in attachment.fields or ()
            if field.title or field.value
        ]
        if fields:
            normal["fields"] = fields
        if attachment.blocks and not attachment.text:
            text = blocks.render(attachment.blocks, markup, {})[0]
            if text:
                normal["text"] = text
        if normal:
            found.append(normal)
    return found


def encoded(found: list[Normal]) -> str:
    """The JSON text of the list, empty when nothing is in it."""
    return msgspec.json.encode(found).decode() if found else ""


def shown(attachments: list[Attachment], markup: Markup, mentions: dict[str, None]) -> blocks.Piece:
    """What a reader sees of the attachments, for a message that says nothing else."""
    plain: list[str] = []
    flow = Flow()
    for attachment in attachments:
        before = len(plain)
        for words, address in (
            (attachment.pretext, None),
            (attachment.author_name, None),
            (attachment.title, attachment.title_link),
            (attachment.text, None),
        ):
            _say(words, address, markup, mentions, plain, flow)
        for field in attachment.fields or ():
            _say(": ".join(filter(None, (field.title, field.value))), None, markup, mentions, plain, flow)
        if attachment.blocks and not attachment.text:
            text, html = blocks.render(attachment.blocks, markup, mentions)
            if text or html:
                plain.append(text)
                flow.block(html) if html.endswith(("</pre>", "</blockquote>")) else flow.line(html)
        if len(plain) == before:
            _say(attachment.fallback, attachment.from_url, markup, mentions, plain, flow)
    return "\n".join(plain), flow.html()


def _say(
    words: str | None, address: str | None, markup: Markup, mentions: dict[str, None], plain: list[str], flow: Flow
) -> None:
    if not words:
        return
    text, html, mentioned = markup.parse(words)
    mentions.update(dict.fromkeys(mentioned))
    plain.append(text)
    flow.line(link(address, html) if address and "<a " not in html else html)
