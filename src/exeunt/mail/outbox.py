"""Mail that waits, was sent or was given up: rows that outlive any process, so that nothing is forgotten or doubled.

A mail has a key, and the same key is never taken twice. A worker claims a mail before it hands it over; if it dies in
between, another one tries again with the same Message-ID, by which a second copy can be told.
"""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.utils import parseaddr

import msgspec
from sqlalchemy import Connection, and_, exists, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from exeunt.clock import Clock, IdSource
from exeunt.config import Settings
from exeunt.errors import InvalidInput
from exeunt.ledger.database import Ledger
from exeunt.ledger.schema import exports, mails
from exeunt.mail.message import Mail, composed
from exeunt.mail.transport import Refused, hand_over, is_configured

CLAIM = timedelta(minutes=5)
"""When a claimed mail that nobody reported on is tried again."""

PAUSES = (60, 300, 1800, 7200, 21_600, 43_200)
"""Seconds before the next try; after the last one a mail is given up."""

WAITING, SENT, FAILED, DROPPED = "waiting", "sent", "failed", "dropped"


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a mail. `dropped` ones waited for an export that did not complete."""

    id: str
    key: str
    workspace_id: str | None
    export_id: str | None
    to: tuple[str, ...]
    subject: str
    state: str
    attempts: int
    created_at: datetime
    sent_at: datetime | None
    error: str | None


class Claimed(msgspec.Struct, frozen=True):
    """A mail that this process may hand over now."""

    id: str
    key: str
    mail: Mail
    export_id: str | None
    workspace_id: str | None
    attempts: int


class Outbox:
    """The mails of an installation."""

    def __init__(self, ledger: Ledger, settings: Settings, clock: Clock, ids: IdSource) -> None:
        self._ledger, self._settings, self._clock, self._ids = ledger, settings, clock, ids

    @property
    def is_open(self) -> bool:
        """Whether mail can be sent; without, nothing should be put in."""
        return is_configured(self._settings)

    def put(
        self, db: Connection, mail: Mail, *, key: str, workspace_id: str | None = None, export_id: str | None = None
    ) -> None:
        """Write a mail down inside somebody's write transaction; with `export_id` it waits until that is completed.

        The same key again changes nothing.
        """
        now = self._clock()
        if mail.link and not mail.signed_at:
            mail = mail.linking_to(mail.link.replace("{export_id}", export_id or ""))
        new = (sqlite if db.dialect.name == "sqlite" else postgresql).insert(mails)
        values = self._row(mail, key, workspace_id, export_id, now)
        db.execute(new.values(**values, state=WAITING, attempts=0, next_at=now).on_conflict_do_nothing())

    def send_now(self, mail: Mail, *, key: str, workspace_id: str | None = None) -> None:
        """Hand a mail over at once, and write down how that went. Raises `Refused`, `InvalidInput`."""
        error: str | None = None
        try:
            self._hand_over(mail, key)
        except (Refused, InvalidInput) as refused:
            error = str(refused)
            raise
        finally:
            now = self._clock()
            with self._ledger.write() as db:
                values = self._row(mail, key, workspace_id, None, now)
                db.execute(
                    insert(mails).values(
                        **values, state=FAILED if error else SENT, attempts=1, next_at=None,
                        sent_at=None if error else now, error=error,
                    )
                )  # fmt: skip

    def claim(self) -> Claimed | None:
        """The next mail that is due, for this process alone; ends those whose export ended without a result."""
        m, e, now = mails.c, exports.c, self._clock()
        ended = exists().where(e.id == m.export_id, e.state.not_in(("QUEUED", "RUNNING", "COMPLETED")))
        ready = exists().where(e.id == m.export_id, e.state == "COMPLETED")
        due = and_(m.state == WAITING, m.next_at <= now)
        query = select(mails).where(due, or_(m.export_id.is_(None), ready, ended)).order_by(m.next_at, m.id).limit(1)
        with self._ledger.read() as db:
            if db.execute(query).first() is None:
                return None
        with self._ledger.write() as db:
            db.execute(update(mails).where(m.state == WAITING, m.export_id.is_not(None), ended)
                       .values(state=DROPPED, error="the export did not complete", next_at=None))  # fmt: skip
            row = db.execute(query.with_for_update(skip_locked=True)).first()
            if row is None:
                return None
            db.execute(update(mails).where(m.id == row.id).values(next_at=now + CLAIM, attempts=row.attempts + 1))
        mail = msgspec.json.decode(row.mail, type=Mail)
        return Claimed(row.id, row.key, mail, row.export_id, row.workspace_id, row.attempts + 1)

    def deliver(self, claimed: Claimed, link: Callable[[str, str], str]) -> str | None:
        """Hand a claimed mail over. `link(export_id, base)` makes a signed link. Returns what went wrong, if anything;
        it is tried again unless the mail server said that it never will take it."""
        try:
            mail = claimed.mail
            if mail.signed_at and claimed.export_id is not None:
                mail = mail.linking_to(link(claimed.export_id, mail.signed_at))
            self._hand_over(mail, claimed.key)
        except (Refused, InvalidInput) as error:
            for_good = isinstance(error, InvalidInput) or error.for_good or claimed.attempts > len(PAUSES)
            pause = timedelta(seconds=0 if for_good else PAUSES[claimed.attempts - 1])
            self._settle(claimed.id, state=FAILED if for_good else WAITING, error=str(error),
                         next_at=None if for_good else self._clock() + pause)  # fmt: skip
            return str(error)
        self._settle(claimed.id, state=SENT, error=None, next_at=None, sent_at=self._clock())
        return None

    def deliveries(self, *, workspace_id: str | None = None, export_id: str | None = None,
                   limit: int = 100) -> Sequence[Delivery]:  # fmt: skip
        """What became of mails, the newest first."""
        query = select(mails).order_by(mails.c.created_at.desc(), mails.c.id).limit(limit)
        if workspace_id is not None:
            query = query.where(mails.c.workspace_id == workspace_id)
        if export_id is not None:
            query = query.where(mails.c.export_id == export_id)
        with self._ledger.read() as db:
            rows = db.execute(query).all()
        return [
            Delivery(
                id=row.id, key=row.key, workspace_id=row.workspace_id, export_id=row.export_id,
                to=tuple(msgspec.json.decode(row.recipients)), subject=row.subject, state=row.state,
                attempts=row.attempts, created_at=row.created_at, sent_at=row.sent_at, error=row.error,
            )
            for row in rows
        ]  # fmt: skip

    def _row(self, mail: Mail, key: str, workspace_id: str | None, export_id: str | None,
             now: datetime) -> dict[str, object]:  # fmt: skip
        return {
            "id": self._ids(), "key": key, "workspace_id": workspace_id, "export_id": export_id,
            "recipients": msgspec.json.encode(mail.to).decode(), "subject": mail.subject,
            "mail": msgspec.json.encode(mail).decode(), "created_at": now,
        }  # fmt: skip

    def _settle(self, mail_id: str, **values: object) -> None:
        with self._ledger.write() as db:
            db.execute(update(mails).where(mails.c.id == mail_id).values(**values))

    def _hand_over(self, mail: Mail, key: str) -> None:
        sender = self._settings.smtp_from
        domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
        message_id = f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain}>"
        hand_over(self._settings, composed(mail, sender or "exeunt@localhost", message_id, self._clock()))
