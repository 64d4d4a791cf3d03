"""Asking for exports, looking at them, ending and renewing them."""

from contextlib import suppress
from datetime import timedelta

import msgspec
from msgspec import UNSET

from exeunt.access.audit import Action
from exeunt.access.principal import Principal
from exeunt.apis.native.operation import Call, Reply
from exeunt.apis.native.words import Accepted, ExportRequest, ExportsPage, ExportWords, export_words
from exeunt.errors import Conflict, Forbidden, InvalidInput
from exeunt.exports.records import Export, State
from exeunt.exports.service import Request
from exeunt.lake.rows import RoomKind
from exeunt.lake.selection import Selection

FRESH = timedelta(seconds=30)
"""An export younger than this may well be done in a second; an older one is asked about less often."""

WHOLE_NETWORK = ("yammer-files",)
"""Layouts that are the copy of a network by their nature: who reaches only some of its rooms may not have them."""


def create(call: Call) -> Reply:
    """`POST /v1/exports`. What nobody may have is written down as refused."""
    asked: ExportRequest = call.body
    installation, access = call.installation, call.installation.access
    try:
        access.require(call.principal, "export:create")
        who = access.within(call.principal, asked.workspace or call.principal.workspace_id)
        selection = _selection(call, who, asked)
    except Forbidden as error:
        call.write_down(Action.EXPORT_REFUSE, asked.workspace or call.principal.workspace_id,
                        detail={"layout": asked.layout, "reason": str(error)})  # fmt: skip
        raise
    if call.query.dry_run:
        return Reply(200, installation.exports.estimate(who.workspace_id, asked.layout, selection, asked.options))
    export = installation.exports.create(
        Request(
            workspaces=(who.workspace_id,), api="native", layout=asked.layout, selection=selection,
            options=asked.options, requested_by=who.account_id, requested_by_name=who.email,
            keep_seconds=None if asked.keep_seconds is UNSET else asked.keep_seconds,
        ),
        by=call.actor,
    )  # fmt: skip
    url = f"{call.base}/v1/exports/{export.id}"
    return Reply(202, Accepted(export.id, url), {"Content-Location": url})


def _selection(call: Call, who: Principal, asked: ExportRequest) -> Selection:
    """What was asked, within what may be seen. Raises `InvalidInput` for a room or person that is unknown here."""
    installation = call.installation
    wished = Selection(
        rooms=tuple(dict.fromkeys(asked.rooms)), people=tuple(dict.fromkeys(asked.people)), since=asked.since,
        until=asked.until, text=asked.text, files=asked.files, whole_threads=asked.whole_threads,
    )  # fmt: skip
    reach = installation.access.reach(who, wished)
    if asked.layout in WHOLE_NETWORK and reach.room_kinds:
        raise Forbidden(f"the layout {asked.layout} holds a whole network: it needs the scope export:private")
    installation.directory.require_known(who.workspace_id, reach)
    return _of_kinds(call, who, reach, asked.kinds) if asked.kinds else reach


def _of_kinds(call: Call, who: Principal, reach: Selection, kinds: tuple[RoomKind, ...]) -> Selection:
    if not reach.room_kinds or set(kinds) <= set(reach.room_kinds):
        return msgspec.structs.replace(reach, room_kinds=tuple(dict.fromkeys(kinds)), private_to="")
    # kinds of which only some rooms are in reach: those are named one by one
    found = call.installation.directory.room_ids(who.workspace_id, reach, kinds)
    chosen = tuple(room for room in found if not reach.rooms or room in set(reach.rooms))
    if not chosen:
        raise InvalidInput(f"there is no room of kind {', '.join(kinds)} that you may export")
    return msgspec.structs.replace(reach, rooms=chosen)


def show(call: Call) -> Reply:
    """`GET /v1/exports/{id}`."""
    return _status(call, _find(call))


def listed(call: Call) -> Reply:
    """`GET /v1/exports`."""
    access = call.installation.access
    access.require(call.principal, "export:read")
    who = access.within(call.principal, call.query.workspace or call.principal.workspace_id)
    found = call.installation.exports.list(
        who.workspace_id, requested_by=None if access.sees_all_exports(who) else who.account_id,
        before=int(call.query.cursor) if call.query.cursor else None, limit=call.query.limit + 1,
    )  # fmt: skip
    page = found[: call.query.limit]
    following = str(page[-1].sequence) if len(found) > len(page) else None
    return Reply(200, ExportsPage([_words(call, export) for export in page], following))


def end(call: Call) -> Reply:
    """`DELETE /v1/exports/{id}`: cancel what runs, revoke the links of what is done."""
    export = _find(call, "export:manage")
    exports = call.installation.exports
    if export.state.unfinished:
        # it may have been completed meanwhile, and whoever ends it wants its links ended then
        with suppress(Conflict):
            return Reply(202, _words(call, exports.cancel(export.id, by=call.actor)))
    return Reply(202, _words(call, exports.expire(export.id, cut=True, by=call.actor)))


def renew(call: Call) -> Reply:
    """`POST /v1/exports/{id}/renew`."""
    export = _find(call, "export:manage")
    keep = None if call.body is None or call.body.keep_seconds is UNSET else call.body.keep_seconds
    renewed = call.installation.exports.renew(export.id, keep, by=call.actor)
    return Reply(200, _words(call, renewed))


def _find(call: Call, scope: str = "export:read") -> Export:
    """The export that the path names. Raises `NotFound` for one this principal must not know of."""
    call.installation.access.require(call.principal, scope)
    export = call.installation.exports.get(call.names["export_id"])
    call.installation.access.check_export(call.principal, export.id, export.workspace_id, export.requested_by)
    return export


def _words(call: Call, export: Export) -> ExportWords:
    links = call.installation.access.may_fetch(call.principal, export.workspace_id, export.selection)
    return export_words(call.installation, export, call.base, links=links)


def _status(call: Call, export: Export) -> Reply:
    words = _words(call, export)
    if not export.state.unfinished:
        return Reply(200, words)
    age = call.installation.clock() - export.created_at
    progress = "waiting for a worker" if export.state is State.QUEUED else f"{export.percent}% done"
    return Reply(202, words, {"X-Progress": progress, "Retry-After": "1" if age < FRESH else "5"})
