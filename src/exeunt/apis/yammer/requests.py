"""Export requests: create, status, expire, list (Yammer contract 1.2, 3.3, 4)."""

import re
from typing import Any

from exeunt.access.audit import Action
from exeunt.apis.yammer import words
from exeunt.apis.yammer.answers import Answer
from exeunt.apis.yammer.calls import API, Call
from exeunt.apis.yammer.dates import written
from exeunt.apis.yammer.parameters import BOOLEAN, Asked, asked
from exeunt.errors import Conflict, Forbidden, InvalidInput, NotFound
from exeunt.exports.records import Export, State
from exeunt.exports.service import Request, SlotTaken, TooManyRunning
from exeunt.lake.catalog import WorkspaceFacts
from exeunt.lake.selection import Selection
from exeunt.lake.uploaded import count_files

LAYOUT = "yammer-files"
RUNNING_PER_NETWORK = 6
WRITES, READS, WINDOW = 10, 30, 10.0
"""Calls in ten seconds (contract 3.5.4)."""

PAGE, LARGEST_PAGE = 50, 200

STATUS = {
    State.QUEUED: "IN PROGRESS",
    State.RUNNING: "IN PROGRESS",
    State.COMPLETED: "COMPLETE",
    State.FAILED: "FAILED",
    State.CANCELLED: "EXPIRED",
    State.EXPIRED: "EXPIRED",
}

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def create(call: Call) -> Answer:
    """POST: start an export of files, one at a time for an admin and six for a network."""
    access, who = call.installation.access, call.principal
    access.require(who, "export:create")
    wanted = asked(call.query, call.installation.clock())
    try:
        networks = access.networks(who, wanted.networks or None, wanted.include_ens)
    except Forbidden as error:
        call.write_down(Action.EXPORT_REFUSE, who.workspace_id, detail={"layout": LAYOUT, "reason": str(error)})
        return Answer(403, str(error))
    selection = access.reach(who, Selection(since=wanted.since, until=wanted.until))
    if wanted.dry_run:
        return _estimate(call, wanted, networks, selection)
    # E1 is decided before the rate limit, and answers E1 are not counted (3.5.4)
    count = access.counting(_write_key(call), WRITES, WINDOW)
    try:
        export = call.installation.exports.create(_request(call, wanted, networks, selection), count, by=call.actor)
    except SlotTaken as taken:
        return Answer(400, words.in_progress(taken.export_id))
    except TooManyRunning as busy:
        return Answer(429, words.SIX_AT_MOST, [("retry-after", str(round(busy.retry_after)))])
    return Answer(200, {"user_request_id": export.id})


def _request(call: Call, wanted: Asked, networks: list[WorkspaceFacts], selection: Selection) -> Request:
    who = call.principal
    options: dict[str, Any] = {
        "base": call.api_base, "include_ens": wanted.include_ens, "flat": wanted.flat, "safe_csv": wanted.safe_csv,
        "groups": wanted.groups, "users": wanted.users, "sharepoint": call.installation.settings.yammer_sharepoint,
    }  # fmt: skip
    return Request(
        workspaces=tuple(network.id for network in networks), home=who.workspace_id, api=API, layout=LAYOUT,
        selection=selection, options=options, requested_by=who.account_id, requested_by_name=who.email,
        slot=f"yammer:{who.account_id}:{who.workspace_id}", running_limit=RUNNING_PER_NETWORK,
    )  # fmt: skip


def _estimate(call: Call, wanted: Asked, networks: list[WorkspaceFacts], selection: Selection) -> Answer:
    _count_write(call)
    ids = [network.id for network in networks]
    counts = count_files(call.installation.ledger, ids, selection, wanted.groups, wanted.users)
    return Answer(200, {"estimate": {"files": counts.files, "bytes": counts.bytes, "external": counts.external}})


def status(call: Call) -> Answer:
    """GET of one request: its status object."""
    call.installation.access.require(call.principal, "export:read")
    found = _find(call)
    if found is None:
        return Answer(404, words.no_request(call.written_id))
    details = call.query.choice("details", BOOLEAN)
    _count_read(call)
    if found.state is State.COMPLETED and not _may_fetch(call, found):
        raise Forbidden("this token may not have the files of this request")
    return Answer(200, _status_object(call, found, details=details))


def expire(call: Call) -> Answer:
    """PUT with `state=Expired`: cancel a running request, or end the links of a complete one."""
    call.installation.access.require(call.principal, "export:manage")
    found = _find(call)
    if found is None:
        return Answer(404, words.no_request(call.written_id))
    if {state.lower() for state in call.query.all("state")} != {"expired"}:
        return Answer(401, words.ONLY_EXPIRED)
    if not (found.state.unfinished or found.state is State.COMPLETED):
        return Answer(400, words.already_ended(call.written_id))
    _count_write(call)
    if not _end(call, found):
        return Answer(400, words.already_ended(call.written_id))
    return Answer(200, words.EXPIRING)


def _end(call: Call, found: Export) -> bool:
    """Cancel or expire, whichever fits when it happens: a request may complete in between."""
    exports = call.installation.exports
    for _ in range(2):
        unfinished = exports.get(found.id).state.unfinished
        try:
            if unfinished:
                exports.cancel(found.id, by=call.actor)
            else:
                exports.expire(found.id, by=call.actor)
        except Conflict:
            continue
        return True
    return False


def list_requests(call: Call) -> Answer:
    """GET without an id: the network's requests, newest first, a page at a time."""
    call.installation.access.require(call.principal, "export:read")
    limit = _number(call, "limit", PAGE)
    if not 1 <= limit <= LARGEST_PAGE:
        raise InvalidInput(words.not_valid("limit", str(limit)))
    before = _number(call, "cursor", 0) or None
    _count_read(call)
    found = call.installation.exports.list(call.principal.workspace_id, api=API, before=before, limit=limit + 1)
    page = found[:limit]
    cursor = str(page[-1].sequence) if len(found) > limit else None
    return Answer(200, {"requests": [_status_object(call, export, details=False) for export in page],
                        "cursor": cursor})  # fmt: skip


def _number(call: Call, name: str, default: int) -> int:
    value = call.query.one(name)
    if not value:
        return default
    if not re.fullmatch(r"[0-9]{1,18}", value):
        raise InvalidInput(words.not_valid(name, value))
    return int(value)


def _find(call: Call) -> Export | None:
    if not _GUID.fullmatch(call.written_id):
        return None
    try:
        return call.installation.exports.get(call.written_id.lower(), call.principal.workspace_id, API)
    except NotFound:
        return None


def _may_fetch(call: Call, export: Export) -> bool:
    """Whether this token could have asked for the same content: one with fewer rights is not given what one with
    more has made."""
    return call.installation.access.may_fetch(call.principal, export.workspace_id, export.selection)


def _status_object(call: Call, export: Export, *, details: bool) -> dict[str, Any]:
    """The four keys in their published order; `details` adds one of ours (contract 4)."""
    linked = export.state is State.COMPLETED and _may_fetch(call, export)
    links = call.installation.exports.urls(export.id, call.base) if linked else []
    ended = export.finished_at if export.state is State.CANCELLED else export.expires_at
    found: dict[str, Any] = {
        "user_request_id": export.id,
        "status": STATUS[export.state],
        "expiry_time": written(ended) if ended and export.state is not State.FAILED else "",
        "data": [url for _, url in links],
    }
    if details:
        # how many files there are is known when they begin to be placed; before that both totals are null
        counts = export.counts
        found["details"] = {
            "percent": export.percent,
            "files_done": counts.get("files", 0),
            "files_total": counts.get("files_total"),
            "bytes_done": counts.get("file_bytes", 0),
            "bytes_total": counts.get("file_bytes_total", counts.get("file_bytes")),
            "started_at": written(export.started_at) if export.started_at else None,
            "updated_at": written(export.updated_at),
            "error": export.error,
            "archives": [
                {"name": archive.name, "url": url, "size": archive.length,
                 "sha256": archive.sha256.hex() if archive.sha256 else None}
                for archive, url in links
            ],
        }  # fmt: skip
    return found


def _write_key(call: Call) -> str:
    return f"yammer:write:{call.principal.account_id}"


def _count_write(call: Call) -> None:
    call.installation.access.limit_exact(_write_key(call), WRITES, WINDOW)


def _count_read(call: Call) -> None:
    call.installation.access.limit_local(f"yammer:read:{call.principal.account_id}", READS, WINDOW)
