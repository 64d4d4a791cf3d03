"""What a mail says, and how that becomes a message that no text can break out of."""

import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from html import escape

import msgspec

from exeunt.errors import InvalidInput

LINK = "{link}"
"""Where the link of a finished export goes in texts of a mail that waits for it."""

LONGEST_ADDRESS = 254
_LOCAL = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_LOCAL}@{_LABEL}(\.{_LABEL})*")


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """One mail. `to` are addresses; where there is one of them, `to_name` may stand before it.

    `LINK` in the texts becomes `link`, in which `{export_id}` is the export the mail waits for. With `signed_at`
    (scheme and host) it becomes the signed link of that export instead.
    """

    to: tuple[str, ...]
    subject: str
    text: str
    html: str = ""
    to_name: str = ""
    reply_to: str = ""
    link: str = ""
    signed_at: str = ""

    def linking_to(self, address: str) -> "Mail":
        """The same mail with its link filled in."""
        return msgspec.structs.replace(
            self, text=self.text.replace(LINK, address), html=self.html.replace(LINK, escape(address))
        )


def is_address(text: str) -> bool:
    """Whether this is one plain address, without a name and without anything that could end a header."""
    return len(text) <= LONGEST_ADDRESS and _ADDRESS.fullmatch(text) is not None


def one_line(text: str) -> str:
    """A text fit for a header: control characters are blanks."""
    return re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029]+", " ", text).strip()


def composed(mail: Mail, sender: str, message_id: str, now: datetime) -> EmailMessage:
    """The message as it goes over the wire. Raises `InvalidInput` for an address that is none."""
    message = EmailMessage(policy=SMTP)
    message["From"] = _sender(sender)
    message["To"] = [Address(one_line(mail.to_name) if len(mail.to) == 1 else "", addr_spec=_checked(to))
                     for to in mail.to]  # fmt: skip
    if mail.reply_to:
        message["Reply-To"] = Address(addr_spec=_checked(mail.reply_to))
    message["Subject"] = one_line(mail.subject)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    return message


def _sender(text: str) -> Address:
    name, address = parseaddr(text)
    return Address(one_line(name), addr_spec=_checked(address))


def _checked(text: str) -> str:
    if not is_address(text):
        raise InvalidInput(f"{text[:80]!r} is not an e-mail address")
    return text
