"""Every operation of the API in one table, with the examples that the OpenAPI document prints."""

from typing import Any

from exeunt.apis.native import exports, reading
from exeunt.apis.native.operation import Answer, Operation
from exeunt.apis.native.words import (
    Accepted,
    AuditPage,
    CreateQuery,
    DownloadsPage,
    DownloadsQuery,
    ExportRequest,
    ExportsPage,
    ExportWords,
    PageQuery,
    RenewRequest,
    RoomsPage,
    RoomsQuery,
    UsersPage,
    UsersQuery,
    WorkspacesPage,
)
from exeunt.exports.estimate import Estimate

_ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
_URL = f"https://exeunt.example/v1/exports/{_ID}"
_SELECTION = {
    "rooms": [], "people": ["U024BE7LH"], "since": "2024-01-01T00:00:00Z", "until": None, "room_kinds": ["public"],
    "private_to": "U061F7AUR", "text": "", "files": True, "whole_threads": True,
}  # fmt: skip
_RUNNING: dict[str, Any] = {
    "id": _ID, "state": "RUNNING", "percent": 40, "workspace": "acme", "api": "native", "layout": "html",
    "options": {"search": True}, "selection": _SELECTION, "snapshots": [{"workspace_id": "acme", "number": 12}],
    "requested_by": "ann@acme.example", "created_at": "2024-05-02T08:00:00Z", "started_at": "2024-05-02T08:00:01Z",
    "updated_at": "2024-05-02T08:00:09Z", "finished_at": None, "deadline_at": "2024-05-03T08:00:00Z",
    "expires_at": None, "error": None, "counts": {}, "shards_done": 2, "shards_total": 5, "messages_done": 260144,
    "messages_total": 650311, "archives": [],
}  # fmt: skip
_DONE = _RUNNING | {
    "state": "COMPLETED", "percent": 100, "finished_at": "2024-05-02T08:00:21Z",
    "expires_at": "2024-05-09T08:00:21Z", "counts": {"messages": 650000, "files": 12408}, "shards_done": 5,
    "messages_done": 650000,
    "archives": [{
        "id": "3c1f0e9ad2b44d1e8f7a6b5c4d3e2f10", "name": "acme-html.zip", "part": 1, "role": "archive",
        "content_type": "application/zip", "size": 104857600, "etag": "9f86d081884c7d65", "crc32": "1c291ca3",
        "sha256": None, "members": 12611,
        "url": "https://exeunt.example/dl/5f2b/acme-html.zip?st=2024-05-02T07%3A55%3A21Z&se=2024-05-09T08%3A00%3A21Z"
               "&sp=r&sv=1&sr=b&sig=…",
    }],
}  # fmt: skip
_REVOKED = _DONE | {
    "state": "EXPIRED",
    "expires_at": "2024-05-02T09:00:00Z",
    "archives": [archive | {"url": None} for archive in _DONE["archives"]],
}
_ESTIMATE = {"messages": 650311, "files": 12408, "external": 31, "bytes": 98765432, "exact": False}
_ROOM = {
    "id": "C024BE91L", "number": 1000042, "name": "general", "kind": "public", "topic": "Everything", "description": "",
    "is_archived": False, "creator_id": "U061F7AUR", "parent_id": "", "created_at": "2019-03-01T10:00:00Z",
    "messages": 48211, "last_message_at": "2024-05-01T17:20:11.000200Z",
}  # fmt: skip
_PERSON = {
    "id": "U061F7AUR", "number": 1000007, "username": "ann", "display_name": "Ann", "real_name": "Ann Archer",
    "email": "ann@acme.example", "title": "Archivist", "department": "", "kind": "person", "is_admin": True,
    "is_owner": False, "is_guest": False, "is_disabled": False, "joined_at": None,
}  # fmt: skip
_ENTRY = {
    "id": 811, "at": "2024-05-02T08:00:00Z", "workspace_id": "acme", "account_id": "a1", "token_id": "t1",
    "actor": "ann@acme.example", "api": "native", "action": "export:create", "subject": _ID, "client": "203.0.113.7",
    "request_id": "5bb1c7a2f6d0e411", "detail": {"layout": "html", "others_private": False},
}  # fmt: skip
_DOWNLOAD = {
    "id": "d1", "export_id": _ID, "workspace_id": "acme", "archive_id": "3c1f0e9ad2b44d1e8f7a6b5c4d3e2f10",
    "name": "acme-html.zip", "link_id": "5f2b", "account_id": None, "client": "203.0.113.7",
    "first_at": "2024-05-02T08:01:00Z", "last_at": "2024-05-02T08:03:10Z", "requests": 3, "bytes": 104857600,
    "ranges": "[[0,104857600]]", "outcome": "complete",
}  # fmt: skip
_EXPORT_ID = {"export_id": "The id that asking for it gave."}

OPERATIONS = (
    Operation(
        id="createExport", method="POST", path="/v1/exports", scope="export:create", run=exports.create,
        summary="Ask for an export", query=CreateQuery, body=ExportRequest,
        body_example={"layout": "html", "people": ["U024BE7LH"], "since": "2024-01-01T00:00:00Z",
                      "whole_threads": True, "options": {"search": True}, "keep_seconds": 604800},
        answers={
            202: Answer("It exists and a worker takes it from here", Accepted, {"id": _ID, "url": _URL},
                        {"Content-Location": "Where to look at it."}),
            200: Answer("With `dry_run=true`: what it would hold", Estimate, _ESTIMATE),
        },
        refusals=(403, 404, 429, 507),
    ),
    Operation(
        id="listExports", method="GET", path="/v1/exports", scope="export:read", run=exports.listed,
        summary="Exports of a workspace, the newest first", query=PageQuery,
        answers={200: Answer("One page; an exporter sees the own ones", ExportsPage,
                             {"exports": [_DONE], "next": "41"})},
        refusals=(403, 404),
    ),
    Operation(
        id="getExport", method="GET", path="/v1/exports/{export_id}", scope="export:read", run=exports.show,
        summary="Look at an export", names=_EXPORT_ID,
        answers={
            200: Answer("It has ended; with `COMPLETED` its archives have links", ExportWords, _DONE),
            202: Answer("It has not ended yet", ExportWords, _RUNNING,
                        {"X-Progress": "How far it is, for people.", "Retry-After": "Seconds to wait."}),
        },
        refusals=(403, 404),
    ),
    Operation(
        id="endExport", method="DELETE", path="/v1/exports/{export_id}", scope="export:manage", run=exports.end,
        summary="Cancel a running export, or revoke the links of a completed one", names=_EXPORT_ID,
        answers={202: Answer("Nothing runs and no link is accepted any more", ExportWords, _REVOKED)},
        refusals=(403, 404, 409),
    ),
    Operation(
        id="renewExport", method="POST", path="/v1/exports/{export_id}/renew", scope="export:manage",
        run=exports.renew, summary="New links to the same bytes", names=_EXPORT_ID, body=RenewRequest,
        body_example={"keep_seconds": 86400}, body_needed=False,
        answers={200: Answer("The export with its new links", ExportWords, _DONE)},
        refusals=(403, 404, 409),
    ),
    Operation(
        id="listWorkspaces", method="GET", path="/v1/workspaces", scope="workspace:read", run=reading.workspaces,
        summary="The workspaces within reach",
        answers={200: Answer("The token's own workspace, then its external ones", WorkspacesPage, {"workspaces": [
            {"id": "acme", "number": 1000001, "name": "Acme", "external_of": None,
             "created_at": "2024-01-01T00:00:00Z", "snapshot": 12}]})},
        refusals=(403,),
    ),
    Operation(
        id="listRooms", method="GET", path="/v1/rooms", scope="workspace:read", run=reading.rooms,
        summary="The rooms this token could export", query=RoomsQuery,
        answers={200: Answer("One page", RoomsPage, {"rooms": [_ROOM], "next": None})},
        refusals=(403, 404),
    ),
    Operation(
        id="listUsers", method="GET", path="/v1/users", scope="workspace:read", run=reading.users,
        summary="The people of a workspace", query=UsersQuery,
        answers={200: Answer("One page", UsersPage, {"users": [_PERSON], "next": "1000007"})},
        refusals=(403, 404),
    ),
    Operation(
        id="listAudit", method="GET", path="/v1/audit", scope="audit:read", run=reading.audit,
        summary="Who did what, the oldest first", query=PageQuery,
        answers={200: Answer("One page", AuditPage, {"entries": [_ENTRY], "next": "811"})},
        refusals=(403, 404),
    ),
    Operation(
        id="listDownloads", method="GET", path="/v1/audit/downloads", scope="audit:read", run=reading.downloads,
        summary="Who fetched what, the latest first", query=DownloadsQuery,
        answers={200: Answer("The latest downloads", DownloadsPage, {"downloads": [_DOWNLOAD]})},
        refusals=(403, 404),
    ),
)  # fmt: skip
