"""A real mail server in this process, with what it was given."""

import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.docs.stories import free_port

USER, SECRET = "exports", "a secret with ümlaut"


def texts(mail: EmailMessage) -> list[str]:
    """What the parts of a mail say."""
    parts = [part for part in mail.walk() if not part.is_multipart()]
    return [part.get_content().replace("\r\n", "\n") for part in parts]


class Post:
    """A mail server. `refusals` are answers it gives instead of taking a mail, one after the other."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.sessions: list[Session] = []
        self.refusals: list[str] = []
        self.unknown: set[str] = set()
        self.port = 0

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str,
                          options: list[str]) -> str:  # fmt: skip
        if address in self.unknown:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refusals:
            return self.refusals.pop(0)
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        self.recipients.append(list(envelope.rcpt_tos))
        self.sessions.append(session)
        return "250 OK"

    @contextmanager
    def open(self, **values: Any) -> Iterator["Post"]:
        self.port = free_port()
        controller = Controller(self, hostname="127.0.0.1", port=self.port, **values)
        controller.start()
        try:
            yield self
        finally:
            controller.stop()

    @property
    def settings(self) -> dict[str, Any]:
        """What an installation that sends to it is set to."""
        return {"smtp_host": "127.0.0.1", "smtp_port": self.port, "smtp_tls": "none",
                "smtp_from": "Exports <exports@example.org>"}  # fmt: skip


@pytest.fixture
def post() -> Iterator[Post]:
    with Post().open() as opened:
        yield opened


def certificate(folder: Path) -> Path:
    """A certificate of 127.0.0.1 with its key, in one file."""
    path = folder / "server.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(folder / "key.pem"), "-out", str(path)],
        check=True, capture_output=True,
    )  # fmt: skip
    return path


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[Post]:
    """A server that takes mail only after STARTTLS and a login."""
    found = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(found, tmp_path / "key.pem")

    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        return AuthResult(success=(data.login.decode(), data.password.decode()) == (USER, SECRET))

    with Post().open(tls_context=context, require_starttls=True, authenticator=check, auth_required=True) as opened:
        yield opened
