"""Tokens: 256 random bits that act for an account in one workspace and one API. Only their SHA-256 is kept."""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, func, insert, or_, select, update

from exeunt.access import accounts as people
from exeunt.access.permissions import ROLE_SCOPES, token_scopes
from exeunt.access.principal import Principal
from exeunt.errors import Conflict, InvalidInput, NotFound
from exeunt.ledger.schema import accounts, roles, tokens, users

PREFIX = "exeunt_"
"""What every token starts with, so that scanners of leaked secrets can tell one."""


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a token. `user_id` is the workspace's person behind it, or empty."""

    id: str
    email: str
    workspace_id: str
    api: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    user_id: str


def hash_of(secret: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(secret.encode()).digest()


def create(db: Connection, token_id: str, email: str, workspace_id: str, api: str, scopes: Iterable[str] | None,
           expires: timedelta | None, now: datetime) -> tuple[str, Token]:  # fmt: skip
    """Make a token; its text is returned here and never again. Without `expires` it lives until it is revoked.

    Raises `NotFound` for an unknown account or a workspace it has no role in, `Conflict` for a disabled one and
    `InvalidInput` for an API, scope or life time that cannot be.
    """
    account = people.get(db, email)
    if workspace_id not in account.roles:
        raise NotFound(f"{account.email} has no role in workspace {workspace_id}")
    if account.disabled_at is not None:
        raise Conflict(f"{account.email} is disabled; `exeunt user add` enables it again")
    allowed = token_scopes(account.roles[workspace_id], api, scopes)
    if expires is not None and expires <= timedelta(0):
        raise InvalidInput("a token must live longer than no time at all")
    secret = PREFIX + secrets.token_urlsafe(32)
    db.execute(
        insert(tokens).values(
            id=token_id, hash=hash_of(secret), account_id=account.id, workspace_id=workspace_id, api=api,
            scopes=" ".join(sorted(allowed)), created_at=now, expires_at=None if expires is None else now + expires,
        )
    )  # fmt: skip
    row = db.execute(_records().where(tokens.c.id == token_id)).one()
    return secret, _record(row)


def listed(db: Connection, email: str | None, workspace_id: str | None) -> Sequence[Token]:
    """Every token of an account, of a workspace or of all, the oldest first."""
    query = _records().order_by(tokens.c.created_at, tokens.c.id)
    if email is not None:
        query = query.where(accounts.c.email == people.get(db, email).email)
    if workspace_id is not None:
        query = query.where(tokens.c.workspace_id == workspace_id)
    return [_record(row) for row in db.execute(query)]


def revoke(db: Connection, token_id: str, workspace_id: str | None, now: datetime) -> Token:
    """End a token; one that has ended stays as it was. Raises `NotFound` when there is none, or none in there."""
    mine = [tokens.c.id == token_id]
    if workspace_id is not None:
        mine.append(tokens.c.workspace_id == workspace_id)
    db.execute(update(tokens).where(*mine, tokens.c.revoked_at.is_(None)).values(revoked_at=now))
    row = db.execute(_records().where(*mine)).first()
    if row is None:
        raise NotFound(f"no token {token_id}")
    return _record(row)


def principal_of(db: Connection, secret: str, api: str, now: datetime) -> Principal | None:
    """Who acts with this text, in one query by the token's hash; None when it may not act here and now."""
    query = _records().add_columns(accounts.c.id.label("account_id"), roles.c.role).where(
        tokens.c.hash == hash_of(secret), tokens.c.api == api, tokens.c.revoked_at.is_(None),
        or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > now), accounts.c.disabled_at.is_(None),
    )  # fmt: skip
    mine = (roles.c.account_id == tokens.c.account_id) & (roles.c.workspace_id == tokens.c.workspace_id)
    row = db.execute(query.join(roles, mine)).first()
    if row is None:
        return None
    # a role may have become smaller since
    scopes = frozenset(row.scopes.split()) & ROLE_SCOPES[row.role]
    return Principal(row.account_id, row.email, row.workspace_id, row.role, scopes, api, row.id, row.user_id or "")


def _records() -> Select[Any]:
    u, t = users.c, tokens.c
    # lower() on both sides: SQLite does not use the index on the one for a plain column on the other
    person = (
        select(u.id)
        .where(u.workspace_id == t.workspace_id, func.lower(u.email) == func.lower(accounts.c.email))
        .order_by(u.kind != "person", u.is_disabled, u.number)
        .limit(1)
        .correlate(tokens, accounts)
        .scalar_subquery()
    )
    return select(
        t.id, accounts.c.email, t.workspace_id, t.api, t.scopes, t.created_at, t.expires_at, t.revoked_at,
        person.label("user_id"),
    ).join(accounts, accounts.c.id == t.account_id)  # fmt: skip


def _record(row: Row[Any]) -> Token:
    values = dict(row._mapping) | {"scopes": tuple(row.scopes.split()), "user_id": row.user_id or ""}
    return Token(**values)
