"""GET users.requestDataDownload: what one person can read, for that person (1.15)."""

from datetime import timedelta
from typing import Any

from exeunt.apis.rocketchat import mailing, validator, words
from exeunt.apis.rocketchat.answers import Answer, ok
from exeunt.apis.rocketchat.calls import API, Call
from exeunt.apis.rocketchat.exporting import USER_DATA, create
from exeunt.apis.rocketchat.objects import TYPES, instant
from exeunt.apis.rocketchat.roles import reach
from exeunt.exports.records import Export, State
from exeunt.exports.service import Request
from exeunt.lake.roster import RoomFacts, Wanted
from exeunt.lake.selection import Selection

PAGE = 200


def validate(call: Call) -> None:
    """What the newer servers do before anything else. Raises `Failure`."""
    if any(name != "fullExport" for name in call.query):
        raise words.invalid_params(validator.FOREIGN)


def request(call: Call) -> Answer:
    """The operation that runs or ran lately, or a new one."""
    full = call.query.get("fullExport") == "true"
    last, before = _last(call, full=full)
    if last is not None:
        url = f"/data-export/{last.id}" if last.state is State.COMPLETED else None
        return ok(_body(call, last, full=full, requested=False, url=url, before=before))
    limits = reach(call)
    if "export:create" not in call.me.principal.scopes or limits is None or call.me.person is None:
        raise words.forbidden()
    settings, me = call.installation.settings, call.me
    made = create(
        call,
        Request(
            workspaces=(call.workspace_id,), api=API, layout=USER_DATA,
            selection=Selection(room_kinds=limits.room_kinds, private_to=limits.private_to),
            options={"person": me.id, "full": full, "who": me.name, "id_in_name": call.profile == "8"},
            requested_by=me.principal.account_id, requested_by_name=me.principal.email,
            keep_seconds=settings.rocketchat_archive_retention_hours * 3600,
            mail=mailing.ready(call, words.USER_DATA),
        ),
    )  # fmt: skip
    return ok(_body(call, made, full=full, requested=True, url=None, before=before))


def _last(call: Call, *, full: bool) -> tuple[Export | None, int]:
    """The newest operation of this person that is not too old, and how many of anybody's wait before a new one."""
    hours = call.installation.settings.rocketchat_data_download_min_hours
    oldest = call.installation.clock() - timedelta(hours=hours)
    before, sequence = 0, None
    while True:
        found = call.installation.exports.list(call.workspace_id, api=API, before=sequence, limit=PAGE)
        for export in found:
            if export.created_at <= oldest:
                return None, before
            if export.layout != USER_DATA:
                continue
            mine = export.requested_by == call.me.principal.account_id and bool(export.options.get("full")) is full
            if mine and export.state not in (State.FAILED, State.CANCELLED):
                return export, before
            before += export.state.unfinished
        if len(found) < PAGE:
            return None, before
        sequence = found[-1].sequence


def _body(call: Call, export: Export, *, full: bool, requested: bool, url: str | None, before: int) -> dict[str, Any]:
    return {
        "requested": requested,
        "exportOperation": _operation(call, export, full=full),
        "url": url,
        "pendingOperationsBeforeMyRequest": before,
    }


def _operation(call: Call, export: Export, *, full: bool) -> dict[str, Any]:
    status = _status(export, call.installation.clock() - timedelta(days=1) > export.updated_at)
    rooms, _ = call.roster.rooms(call.workspace_id, Wanted(joined=call.me.id))
    done = status == "completed"
    return {
        "_id": export.id, "createdAt": instant(export.created_at), "_updatedAt": instant(export.updated_at),
        "userId": call.me.id, "fullExport": full, "status": status,
        "roomList": [_room(call, room, full=full, done=done) for room in rooms] if status != "preparing" else [],
        "fileList": [], "userNameTable": {}, "generatedUserFile": done, "generatedAvatar": False,
        "generatedFile": f"{export.id}.zip" if done else None, "fileId": export.id if done else None,
    }  # fmt: skip


def _room(call: Call, room: RoomFacts, *, full: bool, done: bool) -> dict[str, Any]:
    named = room.kind in ("public", "private")
    return {
        "roomId": room.id, "roomName": room.name if named else room.id, "userId": call.me.id,
        "exportedCount": room.messages if done else 0, "status": "completed" if done else "pending",
        "type": TYPES[room.kind],
        "targetFile": f"{room.name if full and named else room.id}.{'json' if full else 'html'}",
    }  # fmt: skip


def _status(export: Export, is_old: bool) -> str:
    if export.state in (State.COMPLETED, State.EXPIRED):
        return "completed"
    if not export.state.unfinished or is_old:
        return "skipped"
    if export.shards_total is None:
        return "preparing" if export.started_at is None else "pending"
    return "exporting" if export.shards_done < export.shards_total else "compressing"
