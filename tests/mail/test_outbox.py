"""Mail by real SMTP: what is sent, what is tried again, what is given up, what is kept of it."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from exeunt.cli.doctor import Unsound, check_mail
from exeunt.clock import utc_now
from exeunt.config import Settings
from exeunt.errors import InvalidInput
from exeunt.exports.service import Request
from exeunt.installation import Installation
from exeunt.mail.message import LINK, Mail, composed, is_address
from exeunt.mail.outbox import PAUSES
from exeunt.mail.transport import Refused
from tests.conftest import fill, settings_for, wait_for, working
from tests.mail.conftest import SECRET, USER, Post, texts
from tests.processes import until

MAIL = Mail(
    to=("jane@example.org",), to_name="Jane Röe", subject="Grüße", text="plain ünï\n", html="<p>rich &amp; ünï</p>"
)


class Time:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = utc_now()

    def __call__(self) -> datetime:
        return self.now


Make = Callable[..., Installation]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Installation] = []

    def build(clock: Any = utc_now, **settings: Any) -> Installation:
        installation = Installation.create(settings_for(tmp_path, **settings), clock=clock)
        made.append(installation)
        return installation

    yield build
    for installation in made:
        installation.ledger.close()


def put(installation: Installation, key: str = "k", **values: Any) -> None:
    with installation.ledger.write() as db:
        installation.outbox.put(db, MAIL, key=key, **values)


def send(installation: Installation) -> str | None:
    claimed = installation.outbox.claim()
    assert claimed is not None
    return installation.outbox.deliver(claimed, lambda export_id, base: f"{base}/{export_id}")


def test_a_mail_arrives_as_it_was_put_in(make: Make, post: Post) -> None:
    installation = make(**post.settings)
    put(installation)
    assert send(installation) is None
    (mail,) = post.mails
    assert {name: mail[name] for name in ("From", "To", "Subject")} == {
        "From": "Exports <exports@example.org>", "To": "Jane Röe <jane@example.org>", "Subject": "Grüße",
    }  # fmt: skip
    assert texts(mail) == ["plain ünï\n", "<p>rich &amp; ünï</p>\n"]
    (kept,) = installation.outbox.deliveries()
    assert (kept.state, kept.attempts, kept.to, kept.error) == ("sent", 1, ("jane@example.org",), None)
    assert installation.outbox.claim() is None


def test_the_same_key_is_taken_once(make: Make, post: Post) -> None:
    installation = make(**post.settings)
    for _ in range(3):
        put(installation)
    assert send(installation) is None
    put(installation)
    assert installation.outbox.claim() is None
    assert len(post.mails) == 1


def test_a_server_that_cannot_now_is_asked_again_later(make: Make, post: Post) -> None:
    time = Time()
    installation = make(clock=time, **post.settings)
    put(installation)
    post.refusals = ["451 try later"] * 2
    for pause in PAUSES[:2]:
        assert send(installation) == "451 try later"
        assert installation.outbox.claim() is None
        time.now += timedelta(seconds=pause)
    assert send(installation) is None
    assert [kept.attempts for kept in installation.outbox.deliveries()] == [3]
    assert len(post.mails) == 1


def test_a_mail_is_given_up_at_last_or_at_once(make: Make, post: Post) -> None:
    time = Time()
    installation = make(clock=time, **post.settings)
    put(installation, "late")
    post.refusals = ["451 later"] * (len(PAUSES) + 1)
    for pause in (*PAUSES, 0):
        assert send(installation) is not None
        time.now += timedelta(seconds=pause)
    put(installation, "never")
    post.unknown = {"jane@example.org"}
    assert send(installation) == "jane@example.org: 550 no such mailbox"
    assert installation.outbox.claim() is None
    assert {kept.key: kept.state for kept in installation.outbox.deliveries()} == {"late": "failed", "never": "failed"}


def test_a_claimed_mail_whose_process_died_is_sent_with_the_same_message_id(make: Make, post: Post) -> None:
    time = Time()
    installation = make(clock=time, **post.settings)
    put(installation)
    claimed = installation.outbox.claim()
    assert claimed is not None
    assert installation.outbox.deliver(claimed, lambda *_: "") is None
    put(installation, "other")
    assert installation.outbox.claim() is not None
    assert installation.outbox.claim() is None
    time.now += timedelta(minutes=6)
    assert send(installation) is None
    assert post.mails[0]["Message-ID"] != post.mails[1]["Message-ID"]
    again = composed(MAIL, "x@example.org", "<1@x>", time.now)
    assert again["Message-ID"] == "<1@x>"


def test_a_mail_waits_for_its_export_and_is_dropped_with_it(make: Make, post: Post) -> None:
    installation = make(**post.settings)
    fill(installation)
    linked = msgspec.structs.replace(MAIL, text=LINK, html=f'<a href="{LINK}">', link="https://x.org/d/{export_id}?a&b")
    request = Request(workspaces=("acme",), api="native", layout="jsonl", mail=linked)
    first, second = (installation.exports.create(request).id for _ in range(2))
    assert installation.outbox.claim() is None
    installation.exports.cancel(second)
    with working(installation):
        wait_for(installation, first)
        until(lambda: bool(post.mails))
    (mail,) = post.mails
    assert texts(mail) == [f"https://x.org/d/{first}?a&b\n", f'<a href="https://x.org/d/{first}?a&amp;b">\n']
    states = {kept.export_id: kept.state for kept in installation.outbox.deliveries()}
    assert states == {first: "sent", second: "dropped"}
    entry = installation.audit.latest("acme")[-1]
    assert (entry.action, entry.subject, entry.detail) == ("mail:send", first, {"to": ["jane@example.org"]})


def test_sending_at_once_says_what_was_wrong_and_keeps_it(make: Make, post: Post) -> None:
    installation = make(**post.settings)
    post.refusals = ["554 spam"]
    with pytest.raises(Refused, match="554 spam"):
        installation.outbox.send_now(MAIL, key="a")
    installation.outbox.send_now(MAIL, key="b")
    assert {kept.key: kept.state for kept in installation.outbox.deliveries()} == {"a": "failed", "b": "sent"}


def test_tls_and_a_login(make: Make, secured: Post, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(f"{SECRET}\n")
    own = {**secured.settings, "smtp_tls": "starttls", "smtp_ca_file": str(tmp_path / "server.pem"),
           "smtp_user": USER, "smtp_password_file": str(tmp_path / "password")}  # fmt: skip
    installation = make(**own)
    installation.outbox.send_now(MAIL, key="a")
    assert len(secured.mails) == 1
    assert secured.sessions[0].ssl
    assert check_mail(installation.settings) == f"127.0.0.1:{secured.port} answers"
    for wrong in ({"smtp_ca_file": ""}, {"smtp_tls": "none"}, {"smtp_user": "other"}):
        settings = settings_for(tmp_path, **{**own, **wrong})
        with pytest.raises(Unsound):
            check_mail(settings)


def test_the_doctor_says_how_mail_stands(tmp_path: Path, post: Post) -> None:
    assert check_mail(Settings()) == "not set: no mail is sent"
    assert check_mail(settings_for(tmp_path, mail_transport="folder")) == "mail goes into a folder"
    assert check_mail(settings_for(tmp_path, **post.settings)) == f"127.0.0.1:{post.port} answers"
    with pytest.raises(Unsound, match="smtp_from"):
        check_mail(settings_for(tmp_path, smtp_host="localhost"))


def test_a_folder_takes_one_file_a_mail(make: Make, tmp_path: Path) -> None:
    installation = make(mail_transport="folder", mail_folder=str(tmp_path / "out"))
    installation.outbox.send_now(MAIL, key="a")
    (file,) = (tmp_path / "out").glob("*.eml")
    assert b"jane@example.org" in file.read_bytes()


@pytest.mark.parametrize("address", ["", "jane", "a b@x.org", "a@x.org\nBcc: b@x.org", "a@x.org,b@x.org", "<a@x.org>",
                                     "a@-x.org", "a" * 250 + "@x.org", "a@x..org", "Jané@x.org"])  # fmt: skip
def test_what_is_no_address(address: str) -> None:
    assert not is_address(address)
    mail = msgspec.structs.replace(MAIL, to=(address,))
    with pytest.raises(InvalidInput):
        composed(mail, "x@example.org", "<1@x>", utc_now())


def test_no_text_adds_a_header() -> None:
    hostile = "Hi\r\nBcc: eve@example.org\x00\n\n<b>"
    mail = msgspec.structs.replace(MAIL, subject=hostile, to_name=hostile, text=hostile)
    message = composed(mail, "x@example.org", "<1@x>", utc_now())
    assert message["Subject"] == "Hi Bcc: eve@example.org <b>"
    assert message["Bcc"] is None
    head = message.as_bytes().partition(b"\r\n\r\n")[0]
    assert b"\nBcc" not in head
