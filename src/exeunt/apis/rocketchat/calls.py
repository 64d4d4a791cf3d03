"""One call of the Rocket.Chat API: who asks, for what, of which installation."""

import re
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import msgspec

from exeunt.access.audit import Action, Actor
from exeunt.access.principal import Principal
from exeunt.errors import NotFound
from exeunt.http.asgi import Scope, header
from exeunt.http.request import base_url, client_address, request_id
from exeunt.installation import Installation
from exeunt.lake.directory import Person
from exeunt.lake.roster import Roster
from exeunt.layouts.asking import Asking

API = "rocketchat"
PREFIX = "/rocketchat"


class Services(msgspec.Struct, frozen=True):
    """What every call works with."""

    installation: Installation
    roster: Roster
    asking: Asking


class Me(msgspec.Struct, frozen=True):
    """Who is signed in. `id` is the id of the workspace's person, or the account's where there is none."""

    principal: Principal
    person: Person | None

    @property
    def id(self) -> str:
        return self.person.id if self.person else self.principal.account_id

    @property
    def username(self) -> str:
        return (self.person.username if self.person else "") or self.principal.email.partition("@")[0]

    @property
    def name(self) -> str:
        found = (self.person.real_name or self.person.display_name) if self.person else ""
        return found or self.username

    @property
    def email(self) -> str:
        return (self.person.email if self.person else "") or self.principal.email


class Call:
    """What a handler is given. `body` is the request's fields; anything that is no object is none."""

    me: Me

    def __init__(self, services: Services, scope: Scope, body: dict[str, Any]) -> None:
        self.services, self.scope, self.body = services, scope, body
        pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True, errors="replace")
        self.query = dict(pairs)
        """By name; of several the last one counts."""

    @property
    def installation(self) -> Installation:
        return self.services.installation

    @property
    def roster(self) -> Roster:
        return self.services.roster

    @property
    def profile(self) -> str:
        return self.installation.settings.rocketchat_profile

    @property
    def workspace_id(self) -> str:
        return self.me.principal.workspace_id

    @property
    def base(self) -> str:
        """Scheme and host the client used, or the configured ones."""
        return base_url(self.scope)

    @property
    def link_base(self) -> str:
        """What the links in mails begin with (1.12)."""
        return self.installation.settings.rocketchat_url.rstrip("/") or self.base + PREFIX

    @property
    def client(self) -> str:
        return client_address(self.scope)

    def header(self, name: str) -> str:
        """A header of this lower-case name; empty without."""
        return header(self.scope, name.encode()) or ""

    @property
    def actor(self) -> Actor:
        """Who is written down for a change."""
        return Actor(principal=self.me.principal, api=API, client=self.client, request_id=request_id(self.scope))

    def write_down(self, action: Action, subject: str, **detail: Any) -> None:
        """Add to the audit trail of the client's workspace."""
        self.installation.audit.write(
            self.me.principal, action, subject, api=API, client=self.client, request_id=request_id(self.scope),
            detail=detail,
        )  # fmt: skip


def sign_in(services: Services, token: str, user_id: str | None) -> Me | None:
    """Who acts with a token, if it belongs to this user; with None whoever it belongs to."""
    principal = services.installation.access.authenticate(token, API) if token else None
    if principal is None:
        return None
    person = services.roster.person(principal.workspace_id, principal.user_id) if principal.user_id else None
    me = Me(principal, person)
    return me if user_id is None or user_id in (me.id, principal.account_id) else None


def fields_of(scope: Scope, data: bytes) -> dict[str, Any]:
    """The body's fields: a JSON object or a form; whatever else it is, it has none (section 5)."""
    kind = (header(scope, b"content-type") or "").partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        form = parse_qs(data.decode("utf-8", "replace"), keep_blank_values=True)
        return {name.removesuffix("[]"): values if len(values) > 1 or name.endswith("[]") else values[0]
                for name, values in form.items()}  # fmt: skip
    if kind not in ("application/json", "") and not kind.endswith("+json"):
        return {}
    for text in (data, _without_literal_feeds(data)):
        try:
            found = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            continue
        return found if isinstance(found, dict) else {}
    return {}


_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


def _without_literal_feeds(data: bytes) -> bytes:
    r"""A body pasted from a single-quoted string: `\n` between its tokens is two characters, and stands for a blank."""
    pieces, at = [], 0
    for found in _STRING.finditer(data):
        pieces += [data[at : found.start()].replace(b"\\n", b" "), found[0]]
        at = found.end()
    return b"".join([*pieces, data[at:].replace(b"\\n", b" ")])


def workspace_of(services: Services, roles: dict[str, str], named_in: str = "") -> str:
    """The workspace that somebody with these roles signs in to. Raises `NotFound` when there is none."""
    wanted = services.installation.settings.rocketchat_workspace
    if wanted:
        if wanted in roles:
            return wanted
        raise NotFound("no role there")
    if named_in in roles:
        return named_in
    known = services.installation.catalog.workspaces()
    mine = [w for w in known if w.id in roles]
    if not mine:
        raise NotFound("no role anywhere")
    return min(mine, key=lambda w: (w.external_of is not None, w.number)).id
