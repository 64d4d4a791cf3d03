"""Reads: workspaces, rooms, people and the audit trail."""

from msgspec import UNSET

from exeunt.apis.native.operation import Call, Reply
from exeunt.apis.native.words import (
    AuditPage,
    DownloadsPage,
    RoomsPage,
    UsersPage,
    WorkspacesPage,
    WorkspaceWords,
)
from exeunt.lake.selection import Selection


def workspaces(call: Call) -> Reply:
    """`GET /v1/workspaces`."""
    installation = call.installation
    installation.access.require(call.principal, "workspace:read")
    found = [
        WorkspaceWords(
            id=facts.id, number=facts.number, name=facts.name, external_of=facts.external_of,
            created_at=facts.created_at, snapshot=installation.catalog.head(facts.id).number,
        )
        for facts in installation.access.workspaces(call.principal)
    ]  # fmt: skip
    return Reply(200, WorkspacesPage(found))


def rooms(call: Call) -> Reply:
    """`GET /v1/rooms`: those that an export by this principal could hold."""
    access = call.installation.access
    access.require(call.principal, "workspace:read")
    who = access.within(call.principal, call.query.workspace or call.principal.workspace_id)
    kinds = () if call.query.kind is UNSET else (call.query.kind,)
    found = call.installation.directory.rooms(
        who.workspace_id, access.reach(who, Selection()), kinds=kinds, after=_after(call), limit=call.query.limit + 1
    )
    page = found[: call.query.limit]
    return Reply(200, RoomsPage(page, str(page[-1].number) if len(found) > len(page) else None))


def users(call: Call) -> Reply:
    """`GET /v1/users`."""
    access = call.installation.access
    access.require(call.principal, "workspace:read")
    who = access.within(call.principal, call.query.workspace or call.principal.workspace_id)
    found = call.installation.directory.people(
        who.workspace_id, email=call.query.email, after=_after(call), limit=call.query.limit + 1
    )
    page = found[: call.query.limit]
    return Reply(200, UsersPage(page, str(page[-1].number) if len(found) > len(page) else None))


def audit(call: Call) -> Reply:
    """`GET /v1/audit`."""
    access = call.installation.access
    access.require(call.principal, "audit:read")
    who = access.within(call.principal, call.query.workspace or call.principal.workspace_id)
    found = call.installation.audit.entries(who.workspace_id, _after(call), call.query.limit)
    following = str(found[-1].id) if found else call.query.cursor or None
    return Reply(200, AuditPage(list(found), following))


def downloads(call: Call) -> Reply:
    """`GET /v1/audit/downloads`."""
    access = call.installation.access
    access.require(call.principal, "audit:read")
    who = access.within(call.principal, call.query.workspace or call.principal.workspace_id)
    found = call.installation.audit.downloads(
        who.workspace_id, export_id=call.query.export or None, limit=call.query.limit
    )
    return Reply(200, DownloadsPage(list(found)))


def _after(call: Call) -> int:
    return int(call.query.cursor) if call.query.cursor else 0
