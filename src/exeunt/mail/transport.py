"""Handing a message over: to a mail server by SMTP, or as a file into a folder for trials."""

import asyncio
import secrets
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exeunt.config import Settings
from exeunt.errors import ExeuntError, InvalidInput

if TYPE_CHECKING:
    pass

SECONDS = 30.0


class Refused(ExeuntError):
    """The mail server did not take the message. `for_good` says that trying again would change nothing."""

    def __init__(self, reason: str, *, for_good: bool) -> None:
        super().__init__(reason)
        self.for_good = for_good


def is_configured(settings: Settings) -> bool:
    """Whether mail can be sent at all."""
    return transport_of(settings) != "none"


def transport_of(settings: Settings) -> str:
    """`smtp`, `folder` or `none`; not said, it is `smtp` as soon as there is a server."""
    return settings.mail_transport or ("smtp" if settings.smtp_host else "none")


def hand_over(settings: Settings, message: EmailMessage) -> None:
    """Give the message away. Raises `Refused`, also when somebody of several recipients is refused."""
    if transport_of(settings) == "folder":
        folder = Path(settings.mail_folder or settings.data_path / "mail")
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / f"{secrets.token_hex(12)}.eml").write_bytes(message.as_bytes(policy=SMTP))
        return
    import aiosmtplib

    try:
        refused, _ = asyncio.run(aiosmtplib.send(message, **_arguments(settings)))
    except aiosmtplib.SMTPRecipientsRefused as error:
        first = error.recipients[0]
        raise Refused(f"{first.recipient}: {first.code} {_line(first.message)}", for_good=first.code >= 500) from error
    except aiosmtplib.SMTPResponseException as error:
        raise Refused(f"{error.code} {_line(error.message)}", for_good=error.code >= 500) from error
    except (aiosmtplib.SMTPException, OSError) as error:
        raise Refused(_line(str(error)) or type(error).__name__, for_good=False) from error
    if refused:
        address, answer = next(iter(refused.items()))
        raise Refused(f"{address}: {answer.code} {_line(answer.message)}", for_good=True)


def greet(settings: Settings) -> str:
    """Connect, sign in and leave again, as a check; returns what to say of it. Raises `Refused`, `InvalidInput`."""
    import aiosmtplib

    if transport_of(settings) != "smtp":
        return "mail goes into a folder" if transport_of(settings) == "folder" else "not set: no mail is sent"
    arguments = _arguments(settings)

    async def connect() -> None:
        client = aiosmtplib.SMTP(**arguments)
        async with client:
            await client.noop()

    try:
        asyncio.run(connect())
    except (aiosmtplib.SMTPException, OSError) as error:
        raise Refused(f"{arguments['hostname']}:{arguments['port']}: {_line(str(error))}", for_good=False) from error
    return f"{arguments['hostname']}:{arguments['port']} answers"


def _arguments(settings: Settings) -> dict[str, Any]:
    """Raises `InvalidInput` when the server, the sender or the file with the password is missing."""
    if not settings.smtp_host or not settings.smtp_from:
        raise InvalidInput("mail needs smtp_host and smtp_from")
    password = None
    if settings.smtp_password_file:
        try:
            password = Path(settings.smtp_password_file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise InvalidInput(f"smtp_password_file cannot be read: {error.strerror}") from error
    port = settings.smtp_port or {"tls": 465, "starttls": 587, "none": 25}[settings.smtp_tls]
    return {
        "hostname": settings.smtp_host, "port": port, "timeout": SECONDS,
        "username": settings.smtp_user or None, "password": password,
        "use_tls": settings.smtp_tls == "tls", "start_tls": settings.smtp_tls == "starttls",
        "cert_bundle": settings.smtp_ca_file or None,
    }  # fmt: skip


def _line(text: str) -> str:
    return " ".join(text.split())[:300]
