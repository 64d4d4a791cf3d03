"""Who may do what: plain tables, and the one function that reads the table of rooms. `docs/access.md` prints them.

A role is held in one workspace. A token has some of the scopes its account's role may have there; scopes and role must
both allow a thing. Which rooms an export may hold is decided by role, API and kind of room in `ROOMS`.
"""

from collections.abc import Iterable
from typing import Literal, get_args

from exeunt.errors import Forbidden, InvalidInput
from exeunt.lake.rows import RoomKind

ROLES = ("administrator", "exporter", "auditor")
"""What an account can be in a workspace. `operator` is nobody's role: it is whoever runs commands on the data."""

APIS = ("native", "yammer", "rocketchat")
"""What a token can be for; it is refused everywhere else."""

EVERYTHING = "*"
"""The operator's scope: all of them."""

SCOPES = {
    "export:create": "ask for an export",
    "export:private": "have private rooms and direct messages of others in it",
    "export:read": "read the state, counts and manifest of exports",
    "export:manage": "cancel, revoke and renew exports",
    "export:download": "be given the links of an export, and fetch single files",
    "audit:read": "read the audit trail",
    "workspace:read": "list workspaces, rooms and people",
    "import:write": "take content in",
}
"""Every scope, and what it allows."""

ROLE_SCOPES = {
    "administrator": frozenset(SCOPES),
    "exporter": frozenset({"export:create", "export:read", "export:manage", "export:download", "workspace:read"}),
    "auditor": frozenset({"export:read", "audit:read"}),
}
"""The scopes a role may have. A token never acts with others, even if its account had a larger role once."""

TOKEN_SCOPES = {
    "native": frozenset(SCOPES) - {"export:private", "import:write"},
    "yammer": frozenset({"export:create", "export:private", "export:read", "export:manage", "export:download"}),
    "rocketchat": frozenset({"export:create", "export:read", "export:download", "workspace:read"}),
}
"""What a token made for an API gets when nothing else is asked, as far as the role may have it.

Yammer's has `export:private`: its contract lets a verified admin export the whole network, private groups included.
"""

Grant = Literal["all", "scope or own", "scope", "own", "none"]
"""`all`: every room of the kind. `own`: those the account's own person is a member of. `scope`: every one with
`export:private`, else none. `scope or own`: every one with `export:private`, else the own ones."""

Cells = dict[RoomKind, Grant]

ALL: Cells = {"public": "all", "private": "all", "group": "all", "direct": "all"}
ALL_BY_SCOPE: Cells = {"public": "all", "private": "scope", "group": "scope", "direct": "scope"}
ALL_BY_SCOPE_OR_OWN: Cells = {"public": "all", "private": "scope or own", "group": "scope or own",
                              "direct": "scope or own"}  # fmt: skip
PUBLIC_AND_OWN: Cells = {"public": "all", "private": "own", "group": "own", "direct": "own"}
NONE: Cells = {"public": "none", "private": "none", "group": "none", "direct": "none"}

ROOMS: dict[tuple[str, str], Cells] = {
    ("administrator", "native"): ALL_BY_SCOPE_OR_OWN,
    ("administrator", "yammer"): ALL_BY_SCOPE,
    ("administrator", "rocketchat"): ALL_BY_SCOPE_OR_OWN,
    ("exporter", "native"): PUBLIC_AND_OWN,
    ("exporter", "yammer"): NONE,
    ("exporter", "rocketchat"): PUBLIC_AND_OWN,
    ("auditor", "native"): NONE,
    ("auditor", "yammer"): NONE,
    ("auditor", "rocketchat"): NONE,
    ("operator", "cli"): ALL,
}
"""Role and API, and what an export may hold of each kind of room. What is not here may hold nothing.

On Yammer nobody has `own` rooms: one selection spans networks there, and a person's id means nothing in another one.
"""

KINDS: tuple[RoomKind, ...] = get_args(RoomKind)


def room_grants(role: str, api: str, scopes: frozenset[str]) -> tuple[tuple[RoomKind, ...], bool]:
    """The kinds of which every room may be exported, and whether rooms one is a member of may be too.

    Raises `Forbidden` when neither gives anything.
    """
    cells = ROOMS.get((role, api), NONE)
    if holds(scopes, "export:private"):
        full = tuple(kind for kind in KINDS if cells[kind] in ("all", "scope", "scope or own"))
    else:
        full = tuple(kind for kind in KINDS if cells[kind] == "all")
    own = any(cells[kind] in ("own", "scope or own") for kind in KINDS if kind not in full)
    if not full and not own:
        raise Forbidden(f"the role {role} may not export here")
    return full, own


def holds(scopes: frozenset[str], scope: str) -> bool:
    """Whether these scopes allow what that one does."""
    return scope in scopes or EVERYTHING in scopes


def check_role(role: str) -> str:
    """The role itself. Raises `InvalidInput` when there is no such role."""
    if role not in ROLES:
        raise InvalidInput(f"there is no role {role!r}; there are {', '.join(ROLES)}")
    return role


def token_scopes(role: str, api: str, asked: Iterable[str] | None) -> frozenset[str]:
    """The scopes of a new token. Raises `InvalidInput` for an unknown API or scope, or one the role may not have."""
    if api not in APIS:
        raise InvalidInput(f"a token is for {', '.join(APIS[:-1])} or {APIS[-1]}, not for {api!r}")
    if asked is None:
        return TOKEN_SCOPES[api] & ROLE_SCOPES[role]
    scopes = frozenset(asked)
    for scope in sorted(scopes):
        if scope not in SCOPES:
            raise InvalidInput(f"there is no scope {scope!r}; there are {', '.join(SCOPES)}")
        if scope not in ROLE_SCOPES[role]:
            raise InvalidInput(f"the role {role} may not have the scope {scope}")
    if not scopes:
        raise InvalidInput("a token needs at least one scope")
    return scopes
