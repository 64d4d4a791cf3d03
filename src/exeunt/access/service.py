"""Who may sign in, with what, and how far they reach: everything an API or a command asks before it does a thing."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

import msgspec
from sqlalchemy import Connection

from exeunt.access import accounts, limits, passwords, reach, tokens
from exeunt.access.accounts import Account
from exeunt.access.audit import Action, Actor, write_down
from exeunt.access.permissions import holds
from exeunt.access.principal import Principal
from exeunt.access.tokens import Token
from exeunt.clock import Clock, IdSource
from exeunt.config import Settings
from exeunt.errors import Forbidden, NotFound
from exeunt.lake.catalog import Catalog, WorkspaceFacts
from exeunt.lake.selection import Selection
from exeunt.ledger.database import Ledger


class Access:
    """Accounts, roles, tokens and limits of an installation. What belongs to another workspace is unknown here.

    Every change takes `by`: who is written down as having made it, in the same transaction.
    """

    def __init__(self, ledger: Ledger, catalog: Catalog, settings: Settings, clock: Clock, ids: IdSource) -> None:
        self._ledger, self._catalog, self._settings = ledger, catalog, settings
        self._clock, self._ids, self._local = clock, ids, limits.LocalLimits()

    # --- tokens ------------------------------------------------------------------------------------------------

    def authenticate(self, token: str, api: str) -> Principal | None:
        """Who acts with a token.

        None when it is unknown, revoked, expired or for another API, its account disabled or without a role by now.
        """
        with self._ledger.read() as db:
            return tokens.principal_of(db, token, api, self._clock())

    def create_token(self, email: str, workspace_id: str, *, api: str, scopes: Iterable[str] | None = None,
                     expires: timedelta | None = None, by: Actor | None = None) -> tuple[str, Token]:  # fmt: skip
        """Make a token: its text, which is nowhere kept, and its record. Without `scopes` it gets those of its API.

        Raises `NotFound`, `Conflict` for a disabled account, `InvalidInput` for an API, scope or life that cannot be.
        """
        now = self._clock()
        with self._ledger.write() as db:
            secret, record = tokens.create(db, self._ids(), email, workspace_id, api, scopes, expires, now)
            detail = {"email": record.email, "for": api, "scopes": record.scopes}
            write_down(db, now, by, Action.TOKEN_CREATE, record.id, detail=detail, workspace_id=workspace_id)
        return secret, record

    def list_tokens(self, *, email: str | None = None, workspace_id: str | None = None) -> Sequence[Token]:
        """Tokens, ended ones too, the oldest first. Raises `NotFound` for an unknown account."""
        with self._ledger.read() as db:
            return tokens.listed(db, email, workspace_id)

    def revoke_token(self, token_id: str, workspace_id: str | None = None, *, by: Actor | None = None) -> Token:
        """End a token at once. Raises `NotFound` for one that is unknown, or not of this workspace."""
        now = self._clock()
        with self._ledger.write() as db:
            record = tokens.revoke(db, token_id, workspace_id, now)
            write_down(db, now, by, Action.TOKEN_REVOKE, record.id, detail={"email": record.email},
                       workspace_id=record.workspace_id)  # fmt: skip
        return record

    # --- accounts ----------------------------------------------------------------------------------------------

    def add_account(self, email: str, workspace_id: str, role: str, password: str | None = None, *,
                    by: Actor | None = None, action: Action = Action.USER_ADD) -> Account:  # fmt: skip
        """Give an address a role in a workspace (or another role), and make or re-enable its account.

        Raises `InvalidInput`, `NotFound` for an unknown workspace, `Conflict` when that changes nothing or would
        replace a password. `action` is what the audit trail calls it: the first administrator comes another way.
        """
        now = self._clock()
        with self._ledger.write() as db:
            account = accounts.add(db, self._ids(), email, workspace_id, role, password, now)
            write_down(db, now, by, action, account.email, detail={"role": role}, workspace_id=workspace_id)
        return account

    def account(self, email: str) -> Account:
        """One account. Raises `NotFound`."""
        with self._ledger.read() as db:
            return accounts.get(db, email)

    def list_accounts(self, workspace_id: str | None = None) -> Sequence[Account]:
        """Accounts by address; of one workspace, those with a role in it."""
        with self._ledger.read() as db:
            return accounts.listed(db, workspace_id)

    def disable_account(self, email: str, workspace_id: str | None = None, *, by: Actor | None = None) -> Account:
        """End all access of an account, or its role in one workspace, and revoke the tokens. Raises `NotFound`."""
        now = self._clock()
        with self._ledger.write() as db:
            account = accounts.disable(db, email, workspace_id, now)
            write_down(db, now, by, Action.USER_DISABLE, account.email, workspace_id=workspace_id)
        return account

    def set_password(self, email: str, password: str, *, by: Actor | None = None) -> Account:
        """Replace a password. Raises `NotFound`, `Conflict` for a disabled account, `InvalidInput` for its length."""
        with self._ledger.write() as db:
            account = accounts.set_password(db, email, password)
            write_down(db, self._clock(), by, Action.USER_PASSWORD, account.email)
        return account

    def check_password(self, email: str, password: str) -> Account | None:
        """The account when the password is right; None else, after the same time whatever was wrong."""
        return self.check_digest(email, passwords.digest_of(password))

    def check_digest(self, email: str, digest: str) -> Account | None:
        """The same for a client that sends the SHA-256 of the password in lower-case hex."""
        with self._ledger.read() as db:
            kept = accounts.password_hash(db, email)
        return self.account(email) if passwords.fits(kept, digest) else None

    def person(self, email: str, workspace_id: str) -> str:
        """The id of a workspace's person with this address, in any case; empty when there is none."""
        with self._ledger.read() as db:
            return accounts.person_of(db, workspace_id, email)

    # --- what a principal may ----------------------------------------------------------------------------------

    def require(self, principal: Principal, scope: str) -> None:
        """Raises `Forbidden` unless the principal has this scope."""
        if not holds(principal.scopes, scope):
            raise Forbidden(f"this needs the scope {scope}")

    def reach(self, principal: Principal, selection: Selection) -> Selection:
        """The selection with what the principal may see of rooms. Raises `Forbidden` when that is nothing.

        It holds in the principal's workspace; `within` is for another one.
        """
        return reach.limited(principal, selection)

    def within(self, principal: Principal, workspace_id: str) -> Principal:
        """The same principal at work in a workspace it reaches, as that workspace's person. Raises `NotFound`."""
        if workspace_id == principal.workspace_id:
            return principal
        reach.workspace(principal, self._catalog.workspaces(), workspace_id)
        person = "" if principal.role == "operator" else self.person(principal.email, workspace_id)
        return msgspec.structs.replace(principal, workspace_id=workspace_id, user_id=person)

    def workspaces(self, principal: Principal) -> list[WorkspaceFacts]:
        """Every workspace the principal reaches, its home first."""
        return reach.reachable(principal, self._catalog.workspaces())

    def networks(
        self, principal: Principal, numbers: Sequence[int] | None = None, include_externals: bool = False
    ) -> list[WorkspaceFacts]:
        """Workspaces by their numbers, the home without any; with `include_externals` all external ones after them.

        Raises `Forbidden` naming the number of one that is unknown or out of reach, in the same words.
        """
        return reach.networks(principal, self._catalog.workspaces(), numbers, include_externals)

    def check_export(self, principal: Principal, export_id: str, workspace_id: str, requested_by: str | None) -> None:
        """Raises `NotFound` unless the principal may know of this export: it is in reach, and its own or all are."""
        if not any(w.id == workspace_id for w in self.workspaces(principal)) or not (
            reach.sees_all_exports(principal) or (requested_by is not None and requested_by == principal.account_id)
        ):
            raise NotFound(f"no export {export_id}")

    def sees_all_exports(self, principal: Principal) -> bool:
        """Whether exports that others asked for are shown too."""
        return reach.sees_all_exports(principal)

    def may_fetch(self, principal: Principal, workspace_id: str, held: Selection) -> bool:
        """Whether the links of an export of that workspace, made with this selection, are shown to the principal."""
        return reach.may_fetch(self.within(principal, workspace_id), held)

    # --- limits ------------------------------------------------------------------------------------------------

    def limit_exact(self, key: str, count: int, seconds: float) -> None:
        """Count a request over all processes. Raises `Busy` above `count` in one window of `seconds`."""
        with self._ledger.write() as db:
            limits.count_exactly(db, key, count, seconds, self._clock())

    def counting(self, key: str, count: int, seconds: float) -> Callable[[Connection], None]:
        """`limit_exact` as a part of somebody else's write transaction."""
        return lambda db: limits.count_exactly(db, key, count, seconds, self._clock())

    def limit_local(self, key: str, count: int, seconds: float) -> None:
        """Count a request in this process. Raises `Busy` above `count` in the last `seconds`."""
        self._local.count(key, count, seconds)
