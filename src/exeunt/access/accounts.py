"""Accounts and the roles they hold in workspaces. Every function works inside the caller's transaction."""

import re
from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from exeunt.access.passwords import hash_password
from exeunt.access.permissions import check_role
from exeunt.errors import Conflict, InvalidInput, NotFound
from exeunt.ledger.schema import accounts, roles, tokens, users, workspaces

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
LONGEST_EMAIL = 254


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Someone who may sign in. `roles` are by workspace; `has_password` is all that is told of a password."""

    id: str
    email: str
    roles: dict[str, str]
    created_at: datetime
    disabled_at: datetime | None
    has_password: bool


def normal_email(text: str) -> str:
    """The address in lower case. Raises `InvalidInput` when it is none."""
    email = text.strip().lower()
    if not _EMAIL.fullmatch(email) or len(email) > LONGEST_EMAIL:
        raise InvalidInput(f"{text.strip()!r} is not an e-mail address")
    return email


def add(db: Connection, new_id: str, email: str, workspace_id: str, role: str, password: str | None,
        now: datetime) -> Account:  # fmt: skip
    """Give an address a role in a workspace, and make or re-enable its account.

    Raises `InvalidInput`, `NotFound` for an unknown workspace, and `Conflict` when the account has that role already
    or a password that this one would replace.
    """
    email, role = normal_email(email), check_role(role)
    if db.scalar(select(workspaces.c.id).where(workspaces.c.id == workspace_id)) is None:
        raise NotFound(f"no workspace {workspace_id}")
    row = _row(db, email)
    if row is None:
        hashed = None if password is None else hash_password(password)
        db.execute(insert(accounts).values(id=new_id, email=email, password_hash=hashed, created_at=now))
    elif password is not None:
        if row.password_hash is not None:
            raise Conflict(f"{email} has a password already; `exeunt user password` changes it")
        db.execute(update(accounts).where(accounts.c.id == row.id).values(password_hash=hash_password(password)))
    account_id = new_id if row is None else row.id
    _set_role(db, account_id, email, workspace_id, role, was_enabled=row is None or row.disabled_at is None)
    db.execute(update(accounts).where(accounts.c.id == account_id).values(disabled_at=None))
    return get(db, email)


def _set_role(db: Connection, account_id: str, email: str, workspace_id: str, role: str, *, was_enabled: bool) -> None:
    mine = (roles.c.account_id == account_id, roles.c.workspace_id == workspace_id)
    before = db.scalar(select(roles.c.role).where(*mine))
    if before is None:
        db.execute(insert(roles).values(account_id=account_id, workspace_id=workspace_id, role=role))
    elif before != role:
        db.execute(update(roles).where(*mine).values(role=role))
    elif was_enabled:
        raise Conflict(f"{email} is {role} of workspace {workspace_id} already")


def get(db: Connection, email: str) -> Account:
    """The account of an address. Raises `NotFound`."""
    row = _row(db, email.strip().lower())
    if row is None:
        raise NotFound(f"no account {email.strip()}")
    return _account(row, dict(_roles(db, [row.id]).get(row.id, {})))


def listed(db: Connection, workspace_id: str | None) -> Sequence[Account]:
    """Accounts by address; of one workspace those with a role there, and no other role of theirs."""
    query = select(accounts).order_by(accounts.c.email)
    if workspace_id is not None:
        query = query.where(accounts.c.id.in_(select(roles.c.account_id).where(roles.c.workspace_id == workspace_id)))
    rows = db.execute(query).all()
    held = _roles(db, [row.id for row in rows])
    return [_account(row, {w: r for w, r in held.get(row.id, {}).items() if workspace_id in (None, w)}) for row in rows]


def disable(db: Connection, email: str, workspace_id: str | None, now: datetime) -> Account:
    """Take one role away, or with no workspace all access: the tokens and the password are gone for good then.

    Raises `NotFound` for an unknown account or a role it does not hold.
    """
    account = get(db, email)
    live = update(tokens).where(tokens.c.account_id == account.id, tokens.c.revoked_at.is_(None))
    if workspace_id is None:
        db.execute(live.values(revoked_at=now))
        gone = {"disabled_at": account.disabled_at or now, "password_hash": None}
        db.execute(update(accounts).where(accounts.c.id == account.id).values(gone))
    else:
        if workspace_id not in account.roles:
            raise NotFound(f"{account.email} has no role in workspace {workspace_id}")
        db.execute(live.where(tokens.c.workspace_id == workspace_id).values(revoked_at=now))
        db.execute(delete(roles).where(roles.c.account_id == account.id, roles.c.workspace_id == workspace_id))
    return get(db, email)


def set_password(db: Connection, email: str, password: str) -> Account:
    """Replace the password. Raises `NotFound`, `Conflict` for a disabled account, `InvalidInput` for its length."""
    account = get(db, email)
    if account.disabled_at is not None:
        raise Conflict(f"{account.email} is disabled; `exeunt user add` enables it again")
    db.execute(update(accounts).where(accounts.c.id == account.id).values(password_hash=hash_password(password)))
    return get(db, email)


def password_hash(db: Connection, email: str) -> str | None:
    """What is kept of an enabled account's password; None without one."""
    row = _row(db, email.strip().lower())
    return None if row is None or row.disabled_at is not None else row.password_hash


def person_of(db: Connection, workspace_id: str, email: str) -> str:
    """The id of the workspace's person with this address, in any case; empty when there is none."""
    u = users.c
    # a person before a bot, one who is still there before one who left
    query = (
        select(u.id)
        .where(u.workspace_id == workspace_id, func.lower(u.email) == email.lower(), u.email != "")
        .order_by(u.kind != "person", u.is_disabled, u.number)
        .limit(1)
    )
    return db.scalar(query) or ""


def _row(db: Connection, email: str) -> Row[tuple[object, ...]] | None:
    return db.execute(select(accounts).where(accounts.c.email == email)).first()


def _roles(db: Connection, account_ids: Sequence[str]) -> dict[str, dict[str, str]]:
    held: dict[str, dict[str, str]] = {}
    query = select(roles).where(roles.c.account_id.in_(account_ids)).order_by(roles.c.workspace_id)
    for row in db.execute(query):
        held.setdefault(row.account_id, {})[row.workspace_id] = row.role
    return held


def _account(row: Row[tuple[object, ...]], held: dict[str, str]) -> Account:
    return Account(
        id=row.id, email=row.email, roles=held, created_at=row.created_at, disabled_at=row.disabled_at,
        has_password=row.password_hash is not None,
    )  # fmt: skip
