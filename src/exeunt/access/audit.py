"""The audit trail: who did what to what, when and through which API. Entries are only ever added."""

import re
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, select

from exeunt.access.principal import Principal
from exeunt.clock import Clock
from exeunt.ledger.database import Ledger
from exeunt.ledger.schema import archives, audit, downloads, exports


class Action(StrEnum):
    """Everything that is written down, as `noun:verb`."""

    INSTALLATION_INIT = "installation:init"
    INSTALLATION_MIGRATE = "installation:migrate"
    WORKSPACE_ADD = "workspace:add"
    WORKSPACE_QUOTA = "workspace:quota"
    USER_ADD = "user:add"
    USER_DISABLE = "user:disable"
    USER_PASSWORD = "user:password"
    USER_LOGIN = "user:login"
    USER_REFUSE = "user:refuse"
    USER_LOGOUT = "user:logout"
    TOKEN_CREATE = "token:create"
    TOKEN_REVOKE = "token:revoke"
    IMPORT_COMMIT = "import:commit"
    IMPORT_FAIL = "import:fail"
    EXPORT_CREATE = "export:create"
    EXPORT_REFUSE = "export:refuse"
    EXPORT_COMPLETE = "export:complete"
    EXPORT_FAIL = "export:fail"
    EXPORT_CANCEL = "export:cancel"
    EXPORT_REVOKE = "export:revoke"
    EXPORT_RENEW = "export:renew"
    EXPORT_DOWNLOAD = "export:download"
    LINK_REFUSE = "link:refuse"
    FILE_DOWNLOAD = "file:download"
    MAIL_SEND = "mail:send"
    MAIL_FAIL = "mail:fail"


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who does something, through which API, from where and under which request id.

    `name` is for what no principal does: the worker that ends an export, say.
    """

    principal: Principal | None = None
    api: str
    name: str = ""
    client: str = ""
    request_id: str = ""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the trail. `actor` is the e-mail address, the system's user at the command line, or `worker`."""

    id: int
    at: datetime
    workspace_id: str | None
    account_id: str | None
    token_id: str | None
    actor: str
    api: str
    action: str
    subject: str
    client: str
    request_id: str
    detail: dict[str, Any]


class Download(msgspec.Struct, frozen=True, kw_only=True):
    """One client's use of one archive. `ranges` are the bytes it was given, as `[first, end)` pairs in JSON."""

    id: str
    export_id: str
    workspace_id: str
    archive_id: str
    name: str
    link_id: str | None
    account_id: str | None
    client: str
    first_at: datetime
    last_at: datetime
    requests: int
    bytes: int
    ranges: str
    outcome: str


def write_down(db: Connection, now: datetime, by: Actor | None, action: Action, subject: str, *,
               detail: dict[str, Any] | None = None, workspace_id: str | None = None) -> None:  # fmt: skip
    """Add an entry inside the transaction of the change it tells of, so that neither is ever there without the other.

    Without `workspace_id` it belongs to the principal's workspace; without both to the installation. Without `by`
    nothing is written: for what builds an installation and is nobody's deed, such as tests.
    """
    if by is None:
        return
    who = by.principal
    values = {
        "at": now,
        "workspace_id": workspace_id or (who.workspace_id if who else "") or None,
        "account_id": (who.account_id if who else "") or None,
        "token_id": (who.token_id if who else "") or None,
        "actor": who.email if who else by.name,
        "api": by.api, "action": action.value, "subject": without_secrets(subject), "client": by.client,
        "request_id": by.request_id, "detail": msgspec.json.encode(without_secrets(detail or {})).decode(),
    }  # fmt: skip
    db.execute(insert(audit).values(values))


class Audit:
    """Writes and reads the trail. No entry ever holds a token, a signature or a password."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger, self._clock = ledger, clock

    def write(self, principal: Principal | None, action: Action, subject: str, *, api: str, client: str = "",
              request_id: str = "", detail: dict[str, Any] | None = None,
              workspace_id: str | None = None) -> None:  # fmt: skip
        """Add an entry of what is no change of the ledger. Without `workspace_id` it belongs to the principal's."""
        actor = Actor(principal=principal, api=api, client=client, request_id=request_id)
        with self._ledger.write() as db:
            write_down(db, self._clock(), actor, action, subject, detail=detail, workspace_id=workspace_id)

    def entries(self, workspace_id: str | None, after_id: int = 0, limit: int = 100) -> Sequence[Entry]:
        """Entries after one already seen, oldest first; of one workspace, or with None of the whole installation."""
        query = select(audit).where(audit.c.id > after_id)
        if workspace_id is not None:
            query = query.where(audit.c.workspace_id == workspace_id)
        with self._ledger.read() as db:
            return [_entry(row) for row in db.execute(query.order_by(audit.c.id).limit(limit))]

    def latest(self, workspace_id: str | None, limit: int = 100) -> Sequence[Entry]:
        """The last entries, oldest first."""
        query = select(audit)
        if workspace_id is not None:
            query = query.where(audit.c.workspace_id == workspace_id)
        with self._ledger.read() as db:
            rows = db.execute(query.order_by(audit.c.id.desc()).limit(limit)).all()
        return [_entry(row) for row in reversed(rows)]

    def downloads(
        self, workspace_id: str | None, *, export_id: str | None = None, limit: int = 100
    ) -> Sequence[Download]:
        """Who fetched what, the latest first; of one export, one workspace or, with None, of all."""
        d, e = downloads.c, exports.c
        query = (
            select(d.id, e.id.label("export_id"), e.workspace_id, d.archive_id, archives.c.name, d.link_id,
                   d.account_id, d.client, d.first_at, d.last_at, d.requests, d.bytes, d.ranges, d.outcome)
            .join(archives, archives.c.id == d.archive_id)
            .join(exports, e.id == archives.c.export_id)
            .order_by(d.last_at.desc(), d.id)
            .limit(limit)
        )  # fmt: skip
        if workspace_id is not None:
            query = query.where(e.workspace_id == workspace_id)
        if export_id is not None:
            query = query.where(e.id == export_id)
        with self._ledger.read() as db:
            return [Download(**row._mapping) for row in db.execute(query)]


def _entry(row: Row[Any]) -> Entry:
    values = dict(row._mapping)
    values["detail"] = msgspec.json.decode(values["detail"])
    return Entry(**values)


_SECRET_NAMES = {"token", "access_token", "password", "secret", "sig", "signature", "authorization"}
_SECRET_TEXT = re.compile(r"exeunt_[A-Za-z0-9_-]{20,}|(?<=sig=)[^&\s]+|(?<=access_token=)[^&\s]+|(?<=Bearer )\S+")


def without_secrets(value: Any) -> Any:
    """The same value with every token, signature and password replaced: a net under callers, not their licence."""
    if isinstance(value, dict):
        return {k: "***" if str(k).lower() in _SECRET_NAMES else without_secrets(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [without_secrets(item) for item in value]
    return _SECRET_TEXT.sub("***", value) if isinstance(value, str) else value
