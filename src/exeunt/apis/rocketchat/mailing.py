"""What the API mails: chosen messages to people, and the link of a finished export (1.12)."""

from datetime import datetime
from html import escape
from typing import Any

import msgspec

from exeunt.access.audit import Action
from exeunt.apis.rocketchat import words
from exeunt.apis.rocketchat.calls import Call
from exeunt.apis.rocketchat.messages import ask
from exeunt.errors import InvalidInput
from exeunt.lake.roster import RoomFacts
from exeunt.mail.message import LINK, Mail, is_address, one_line
from exeunt.mail.transport import Refused

MOST_ADDRESSES = 50
DATE = "%m/%d/%Y %-I:%M %p"


def ready(call: Call, subject: str) -> Mail | None:
    """The mail that a finished export is announced with; None where it cannot be sent."""
    if not call.installation.outbox.is_open or not is_address(call.me.email):
        return None
    signed = call.installation.settings.rocketchat_mail_link == "signed"
    return Mail(
        to=(call.me.email,), to_name=call.me.name, subject=subject,
        text=f"{words.READY} Download it here:\n\n{LINK}\n",
        html=f'{words.READY} Click <a href="{LINK}">here</a> to download it.',
        link=f"{call.link_base}/data-export/{{export_id}}", signed_at=call.base if signed else "",
    )  # fmt: skip


def mail_messages(call: Call, room: RoomFacts) -> list[str]:
    """Mail some messages of a room; returns the user names that nobody could be mailed under. Raises `Failure`."""
    usernames, emails = _texts(call.body.get("toUsers")), _texts(call.body.get("toEmails"))
    if not usernames and not emails:
        raise words.invalid_recipient()
    ids = _texts(call.body.get("messages"), split=False)
    if not ids:
        raise words.invalid_messages()
    found = ask(call, room, ids=tuple(ids))
    if not found.messages:
        raise words.invalid_messages()
    known = call.roster.people_named(call.workspace_id, usernames)
    missing = [name for name in usernames if name not in known or not known[name].email]
    to = list(dict.fromkeys([*(known[name].email for name in usernames if name not in missing), *emails]))
    _check_addresses(call, to)
    if not to:
        return missing
    if not call.installation.outbox.is_open:
        raise words.no_mail()
    _send(call, room, to, [msgspec.json.decode(text) for text in reversed(found.messages)])
    return missing


def _texts(value: Any, *, split: bool = True) -> list[str]:
    """The entries of a list, trimmed; a plain text is split at commas. What is no text, or empty, is none."""
    if isinstance(value, str) and split:
        value = value.split(",")
    entries = [entry.strip() for entry in value if isinstance(entry, str)] if isinstance(value, list) else []
    return list(dict.fromkeys(entry for entry in entries if entry))


def _check_addresses(call: Call, to: list[str]) -> None:
    for address in to:
        if not is_address(address):
            raise words.invalid_email()
    allowed = {domain.lower() for domain in call.installation.settings.rocketchat_email_allowed_domains}
    outside = [address for address in to if address.rpartition("@")[2].lower() not in allowed]
    if (allowed and outside) or len(to) > MOST_ADDRESSES:
        raise words.invalid_recipient()


def _send(call: Call, room: RoomFacts, to: list[str], messages: list[dict[str, Any]]) -> None:
    subject = call.body.get("subject")
    subject = one_line(subject) if isinstance(subject, str) else ""
    mail = Mail(
        to=tuple(to), subject=subject or words.selected_portion(room.name or room.id),
        text="\n\n".join(_plain(message) for message in messages) + "\n",
        html="".join(_html(message) for message in messages),
        reply_to=call.me.email if is_address(call.me.email) else "",
    )  # fmt: skip
    try:
        call.installation.outbox.send_now(
            mail, key=f"messages:{call.installation.ids()}", workspace_id=call.workspace_id
        )
    except (Refused, InvalidInput) as error:
        call.write_down(Action.MAIL_FAIL, room.id, to=to, error=str(error))
        raise words.mail_refused(str(error)) from error
    call.write_down(Action.MAIL_SEND, room.id, to=to, messages=[message["_id"] for message in messages])


def _written_at(message: dict[str, Any]) -> str:
    return datetime.fromisoformat(message["ts"].replace("Z", "+00:00")).strftime(DATE)


def _names(message: dict[str, Any]) -> list[str]:
    return [str(file["name"]) for file in message.get("files", ())]


def _html(message: dict[str, Any]) -> str:
    text = "<br/>".join(escape(line) for line in [*message["msg"].split("\n"), *_names(message)])
    return (
        f"<p style='margin-bottom: 5px'><b>{escape(message['u']['username'])}</b> "
        f"<span style='color: #aaa; font-size: 12px'>{_written_at(message)}</span><br/>{text}</p>"
    )


def _plain(message: dict[str, Any]) -> str:
    return "\n".join([f"{message['u']['username']} {_written_at(message)}", message["msg"], *_names(message)])
