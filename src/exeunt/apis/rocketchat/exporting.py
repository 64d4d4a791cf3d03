"""POST rooms.export: the checks in their order, and the export of a room (1.1 to 1.7)."""

from typing import Any

from exeunt.access.audit import Action
from exeunt.apis.rocketchat import dates, mailing, validator, words
from exeunt.apis.rocketchat.answers import Answer, ok
from exeunt.apis.rocketchat.calls import API, Call
from exeunt.apis.rocketchat.roles import can_export, is_in_reach, may_mail_messages, reach
from exeunt.errors import Busy
from exeunt.exports.records import Export
from exeunt.exports.service import Request
from exeunt.lake.roster import RoomFacts
from exeunt.lake.selection import Selection

LAYOUT, USER_DATA = "rocketchat", "rocketchat-user-data"
FORMATS = ("html", "json")
RECENT = 200
"""How many of the newest exports are looked through for unfinished ones of the same person."""


def validate(call: Call) -> None:
    """What the newer servers do before anything else. Raises `Failure`."""
    fault = validator.fault(call.body)
    if fault is not None:
        raise words.invalid_params(fault)


def export(call: Call) -> Answer:
    """POST rooms.export."""
    room, kind = _room(call), call.body["type"]
    if kind == "file":
        made = start(call, room, mailed=True)
        place = f"{call.base}/v1/exports/{made.id}"
        return ok({}, [("x-export-id", made.id), ("location", place)])
    if call.profile != "8" and not any(name in call.body for name in ("toUsers", "toEmails", "messages")):
        start(call, room, mailed=True)
        return ok({})
    return ok({"missing": mailing.mail_messages(call, room)})


def _room(call: Call) -> RoomFacts:
    """The checks 3 to 6: parameters, permission, room, access. Raises `Failure`."""
    room_id = _room_id(call)
    if call.profile != "8" and (not room_id or call.body.get("type") not in ("file", "email")):
        raise words.parameters()
    room = call.roster.room(call.workspace_id, room_id or "")
    if not may_mail_messages(call, room):
        call.write_down(Action.EXPORT_REFUSE, call.workspace_id, layout=LAYOUT, room=room_id, reason="mail-messages")
        raise words.not_permitted()
    if room is None:
        raise words.invalid_room()
    if not can_export(call, room):
        call.write_down(Action.EXPORT_REFUSE, call.workspace_id, layout=LAYOUT, room=room_id, reason="no access")
        raise words.not_allowed()
    return room


def _room_id(call: Call) -> str | None:
    value = call.body.get("rid")
    if call.profile != "8" and isinstance(value, bool):
        return None
    return validator.coerced(value)


def start(call: Call, room: RoomFacts, *, mailed: bool) -> Export:
    """The checks 7, then the export itself. Raises `Failure`."""
    form, window = _form(call), _window(call)
    settings, me = call.installation.settings, call.me
    if waiting(call) >= settings.rocketchat_max_waiting_exports:
        raise words.too_many_exports()
    limits = reach(call)
    # within reach the export carries its limits; what a role or a setting opens beyond that has none
    selection = limits if limits is not None and is_in_reach(call, room) else Selection()
    since, until = (None, None) if window.is_empty else (window.since, window.until)
    request = Request(
        workspaces=(call.workspace_id,), api=API, layout=LAYOUT,
        selection=Selection(rooms=(room.id,), since=since, until=until, room_kinds=selection.room_kinds,
                            private_to=selection.private_to),
        options={"format": form, "who": me.name, "id_in_name": call.profile == "8", "empty": window.is_empty},
        requested_by=me.principal.account_id, requested_by_name=me.principal.email,
        keep_seconds=settings.rocketchat_archive_retention_hours * 3600,
        mail=mailing.ready(call, words.CHANNEL_EXPORT) if mailed else None,
    )  # fmt: skip
    return create(call, request)


def create(call: Call, request: Request) -> Export:
    """Ask for it. Raises `Failure` when too many wait."""
    try:
        return call.installation.exports.create(request, by=call.actor)
    except Busy as error:
        raise words.too_many_exports() from error


def waiting(call: Call) -> int:
    """How many exports of this person have not ended."""
    found = call.installation.exports.list(call.workspace_id, api=API, limit=RECENT)
    mine = call.me.principal.account_id
    return sum(export.state.unfinished and export.requested_by == mine for export in found)


def _form(call: Call) -> str:
    form: Any = call.body.get("format")
    if form not in FORMATS:
        raise words.invalid_format()
    return str(form)


def _window(call: Call) -> dates.Window:
    try:
        start_at, end_at = (dates.parse(call.body.get(name)) for name in ("dateFrom", "dateTo"))
    except dates.NotADate as error:
        raise words.parameters() from error
    found = dates.window(start_at, end_at, call.installation.clock())
    if found is None:
        raise words.invalid_dates()
    return found
