"""How far a principal reaches: rooms, exports, workspaces. What is foreign is answered like what does not exist."""

from collections.abc import Sequence

import msgspec

from exeunt.access.permissions import KINDS, holds, room_grants
from exeunt.access.principal import Principal
from exeunt.errors import Forbidden, NotFound
from exeunt.lake.catalog import WorkspaceFacts
from exeunt.lake.selection import Selection


def limited(principal: Principal, selection: Selection) -> Selection:
    """The selection with what this principal may see of rooms. Raises `Forbidden` when that is nothing."""
    full, own = room_grants(principal.role, principal.api, principal.scopes)
    return msgspec.structs.replace(
        selection,
        # no kinds at all would mean no limit, so that stands for "every kind" and nothing else
        room_kinds=() if len(full) == len(KINDS) else full,
        private_to=principal.user_id if own else "",
    )


def covers(mine: Selection, other: Selection) -> bool:
    """Whether somebody limited like `mine` may have all that a selection limited like `other` may hold."""
    if not mine.room_kinds:
        return True
    return (
        bool(other.room_kinds)
        and set(other.room_kinds) <= set(mine.room_kinds)
        and other.private_to in ("", mine.private_to)
    )


def sees_all_exports(principal: Principal) -> bool:
    """Whether exports that others asked for are shown; an exporter knows of the own ones only."""
    return principal.role in ("administrator", "auditor", "operator")


def may_fetch(principal: Principal, held: Selection) -> bool:
    """Whether the links of an export are shown: only to whoever could ask for the same content now, by this token.

    That somebody made the export does not matter: a token without `export:private` does not get what one with it made.
    """
    if not holds(principal.scopes, "export:download"):
        return False
    try:
        return covers(limited(principal, Selection()), held)
    except Forbidden:
        return False


def reachable(principal: Principal, everything: Sequence[WorkspaceFacts]) -> list[WorkspaceFacts]:
    """The home workspace, then its external ones by number; for the operator all others after them."""
    home = [w for w in everything if w.id == principal.workspace_id]
    external = [w for w in everything if w.external_of == principal.workspace_id]
    if principal.role != "operator":
        return home + external
    return home + external + [w for w in everything if w not in home and w not in external]


def networks(
    principal: Principal, everything: Sequence[WorkspaceFacts], numbers: Sequence[int] | None, include_externals: bool
) -> list[WorkspaceFacts]:
    """The networks that were asked for, each once, in order. Raises `Forbidden` naming one that cannot be had."""
    mine = {w.number: w for w in reachable(principal, everything)}
    chosen: dict[int, WorkspaceFacts] = {}
    for number in numbers or [w.number for w in mine.values() if w.id == principal.workspace_id]:
        if number not in mine:
            raise Forbidden(f"Network {number} cannot be exported with this token")
        chosen[number] = mine[number]
    if include_externals:
        chosen |= {n: w for n, w in mine.items() if w.external_of == principal.workspace_id and n not in chosen}
    return list(chosen.values())


def workspace(principal: Principal, everything: Sequence[WorkspaceFacts], workspace_id: str) -> WorkspaceFacts:
    """One reachable workspace by its id. Raises `NotFound`."""
    for facts in reachable(principal, everything):
        if facts.id == workspace_id:
            return facts
    raise NotFound(f"no workspace {workspace_id}")
