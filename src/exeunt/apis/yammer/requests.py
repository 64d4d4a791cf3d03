"""Export requests: create, status, expire, list (Yammer contract 1.2, 3.3, 4)."""

from typing import Any

from exeunt.access.audit import Action
from exeunt.apis.yammer import words
from exeunt.apis.yammer.answers import Answer, text
from exeunt.apis.yammer.calls import Call
from exeunt.apis.yammer.dates import written
from exeunt.apis.yammer.parameters import BOOLEAN, Asked, asked
from exeunt.errors import Conflict, InvalidInput, NotFound
from exeunt.exports.records import Export, State
from exeunt.exports.service import Request, SlotTaken, TooManyRunning
from exeunt.lake.catalog import WorkspaceFacts
from exeunt.lake.selection import Selection
from exeunt.lake.uploaded import count_files

API, LAYOUT = "yammer", "yammer-files"
RUNNING_PER_NETWORK = 6
WRITES, READS, WINDOW = 10, 30, 10.0
"""Calls in ten seconds (contract 3.5.4)."""

STATUS = {
    State.QUEUED: "IN PROGRESS",
    State.RUNNING: "IN PROGRESS",
    State.COMPLETED: "COMPLETE",
    State.FAILED: "FAILED",
    State.CANCELLED: "EXPIRED",
    State.EXPIRED: "EXPIRED",
}


def create(call: Call) -> Answer:
    """POST: start an export of files, one at a time for an admin and six for a network."""
    wanted = asked(call.query, call.installation.clock())
    networks = call.installation.access.networks(call.principal, wanted.networks or None, wanted.include_ens)
    if wanted.dry_run:
        return _estimate(call, wanted, networks)
    exports, who = call.installation.exports, call.principal
    slot = f"yammer:{who.account_id}:{who.workspace_id}"
    # E1 is decided before the rate limit, and answers E1 are not counted (3.5.4)
    count = call.installation.access.counting(_write_key(call), WRITES, WINDOW)
    try:
        export = exports.create(_request(call, wanted, networks, slot), count)
    except SlotTaken as taken:
        return text(400, words.in_progress(taken.export_id))
    except TooManyRunning as busy:
        return text(429, words.SIX_AT_MOST, [("retry-after", str(round(busy.retry_after)))])
    call.installation.audit.write(
        who, Action.EXPORT_CREATE, export.id, api=API, client=call.client, request_id=call.request_id,
        detail={"layout": LAYOUT, "networks": [network.number for network in networks]},
    )  # fmt: skip
    return Answer(200, {"user_request_id": export.id})


def _request(call: Call, wanted: Asked, networks: list[WorkspaceFacts], slot: str) -> Request:
    selection = call.installation.access.reach(call.principal, Selection(since=wanted.since, until=wanted.until))
    home = call.principal.workspace_id
    options: dict[str, Any] = {
        "since": wanted.since_text, "until": wanted.until_text, "include_ens": wanted.include_ens,
        "networks": [network.number for network in networks], "flat": wanted.flat, "safe_csv": wanted.safe_csv,
        "groups": wanted.groups, "users": wanted.users, "base": call.api_base,
        "sharepoint": call.installation.settings.yammer_sharepoint,
    }  # fmt: skip
    return Request(
        workspaces=tuple(network.id for network in networks), home=home, api=API, layout=LAYOUT, selection=selection,
        options=options, requested_by=call.principal.account_id, requested_by_name=call.principal.email, slot=slot,
        running_limit=RUNNING_PER_NETWORK,
    )  # fmt: skip


def _estimate(call: Call, wanted: Asked, networks: list[WorkspaceFacts]) -> Answer:
    counts = count_files(call.installation.ledger, [network.id for network in networks], wanted.since, wanted.until,
                         wanted.groups, wanted.users)  # fmt: skip
    return Answer(200, {"estimate": {"files": counts.files, "bytes": counts.bytes, "external": counts.external}})


def status(call: Call) -> Answer:
    """GET of one request: its status object."""
    found = _find(call)
    if found is None:
        return text(404, words.no_request(call.written_id))
    details = call.query.choice("details", BOOLEAN)
    _count_read(call)
    return Answer(200, _status_object(call, found, details=details))


def expire(call: Call) -> Answer:
    """PUT with `state=Expired`: cancel a running request, or end the links of a complete one."""
    found = _find(call)
    if found is None:
        return text(404, words.no_request(call.written_id))
    if (call.query.one("state") or "").lower() != "expired":
        return text(401, words.ONLY_EXPIRED)
    if found.state not in (State.QUEUED, State.RUNNING, State.COMPLETED):
        return text(400, words.already_ended(call.written_id))
    _count_write(call)
    if not _end(call, found):
        return text(400, words.already_ended(call.written_id))
    return text(200, words.EXPIRING)


def _end(call: Call, found: Export) -> bool:
    """Cancel or expire, whichever fits when it happens: a request may complete in between."""
    exports = call.installation.exports
    for _ in range(2):
        unfinished = exports.get(found.id).state.unfinished
        try:
            if unfinished:
                exports.cancel(found.id)
            else:
                exports.expire(found.id)
        except Conflict:
            continue
        action = Action.EXPORT_CANCEL if unfinished else Action.EXPORT_REVOKE
        call.installation.audit.write(call.principal, action, found.id, api=API, client=call.client,
                                      request_id=call.request_id)  # fmt: skip
        return True
    return False


def list_requests(call: Call) -> Answer:
    """GET without an id: the network's requests, newest first, a page at a time."""
    limit = _number(call, "limit", 50)
    if not 1 <= limit <= 200:
        raise InvalidInput(words.not_valid("limit", str(limit)))
    before = _number(call, "cursor", 0) or None
    _count_read(call)
    exports = call.installation.exports.list(call.principal.workspace_id, api=API, before=before, limit=limit + 1)
    page = exports[:limit]
    cursor = str(page[-1].sequence) if len(exports) > limit else None
    return Answer(200, {"requests": [_status_object(call, e, details=False) for e in page], "cursor": cursor})


def _number(call: Call, name: str, default: int) -> int:
    value = call.query.one(name)
    if not value:
        return default
    if not (value.isascii() and value.isdigit() and len(value) < 19):
        raise InvalidInput(words.not_valid(name, value))
    return int(value)


def _find(call: Call) -> Export | None:
    try:
        return call.installation.exports.get(call.written_id.lower(), call.principal.workspace_id, API)
    except NotFound:
        return None


def _status_object(call: Call, export: Export, *, details: bool) -> dict[str, Any]:
    """The four keys in their published order; `details` adds one of ours (contract 4)."""
    complete = export.state is State.COMPLETED
    links = call.installation.exports.urls(export.id, call.base) if complete else []
    ended = export.finished_at if export.state is State.CANCELLED else export.expires_at
    found: dict[str, Any] = {
        "user_request_id": export.id,
        "status": STATUS[export.state],
        "expiry_time": written(ended) if ended and export.state is not State.FAILED else "",
        "data": [url for _, url in links],
    }
    if details:
        found["details"] = {
            "percent": export.percent,
            "files_done": export.counts.get("files", 0),
            "files_total": export.counts.get("files_total", 0),
            "bytes_done": export.counts.get("file_bytes", 0),
            "bytes_total": export.counts.get("file_bytes", 0),
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
