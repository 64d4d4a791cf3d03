"""Single uploaded files, as every row of `Files.csv` names them (Yammer contract 1.2b)."""

from collections.abc import Callable

import msgspec
from starlette.concurrency import run_in_threadpool

from exeunt.access.audit import Action
from exeunt.apis.yammer import words
from exeunt.apis.yammer.answers import Answer, answer, text
from exeunt.apis.yammer.calls import Call
from exeunt.archives.single import SingleBlob
from exeunt.clock import iso
from exeunt.delivery.headers import Download, Headers
from exeunt.delivery.serve import refuse, send_body
from exeunt.delivery.transfer import Broken
from exeunt.errors import Forbidden
from exeunt.http.asgi import Receive, Send
from exeunt.lake.selection import Selection
from exeunt.lake.uploaded import UploadedFile, uploaded_file

MISSING = Answer(404, words.NOT_FOUND)


def show(call: Call) -> Answer:
    """GET: what is known of a file."""
    found = _find(call)
    if found is None:
        return MISSING
    address = f"{call.api_base}/api/v1/uploaded_files/{found.version_number}"
    elsewhere = _is_elsewhere(found)
    return Answer(
        200,
        {
            "id": found.version_number, "file_id": found.number, "name": found.name,
            "description": found.description, "content_type": found.media_type, "size": found.size,
            "uploader_id": found.uploader, "group_id": found.room, "created_at": iso(found.uploaded_at),
            "download_url": found.url if elsewhere else f"{address}/download",
        },
    )  # fmt: skip


def _is_elsewhere(found: UploadedFile) -> bool:
    """The same as in `Files.csv`: kept at an address that is not ours."""
    return found.storage in ("external", "absent") and bool(found.url)


def _find(call: Call) -> UploadedFile | None:
    text_id = call.written_id
    if not (text_id.isascii() and text_id.isdigit() and len(text_id) < 19):
        return None
    access, who = call.installation.access, call.principal
    networks = access.networks(who, None, True)
    found = uploaded_file(call.installation.ledger, [network.id for network in networks], int(text_id))
    try:
        kinds = access.reach(who, Selection()).room_kinds
    except Forbidden:
        return None
    hidden = found is not None and kinds and found.room_kind is not None and found.room_kind not in kinds
    return None if hidden else found


async def download(call: Call, receive: Receive, send: Send, admit: Callable[[Call], Answer | None]) -> None:
    """GET or HEAD of the bytes; a file kept elsewhere is a redirect to its address."""
    refusal = await run_in_threadpool(admit, call)
    if refusal is not None:
        await answer(send, refusal)
        return
    if call.scope["method"] not in ("GET", "HEAD"):
        await answer(send, text(405, words.METHOD_NOT_ALLOWED, [("allow", "GET, HEAD")]))
        return
    found = await run_in_threadpool(_find, call)
    if found is None or (found.storage != "held" and not _is_elsewhere(found)):
        await answer(send, MISSING)
        return
    await run_in_threadpool(_record, call, found)
    if found.storage != "held":
        await answer(send, Answer(302, "", [("location", found.url)]))
        return
    await _send(call, receive, send, found)


def _record(call: Call, found: UploadedFile) -> None:
    call.installation.audit.write(
        call.principal, Action.FILE_DOWNLOAD, str(found.version_number), api="yammer", client=call.client,
        request_id=call.request_id, workspace_id=found.workspace_id,
    )  # fmt: skip


async def _send(call: Call, receive: Receive, send: Send, found: UploadedFile) -> None:
    body = SingleBlob(found.blob, found.crc32)
    facts = Download(
        name=found.name or "file", content_type=found.media_type, length=body.length, etag=body.etag,
        modified=found.uploaded_at.replace(microsecond=0), sha256=found.blob.sha256, quoted_name=True,
    )  # fmt: skip

    async def say(send: Send, status: int, headers: Headers) -> None:
        message = {412: "Precondition failed", 416: "Range not satisfiable"}.get(status, words.UNAVAILABLE)
        await refuse(send, status, msgspec.json.encode(message), headers)

    try:
        await send_body(
            call.scope, receive, send, body=body, blobs=call.installation.blobs, download=facts, words=say,
            max_ranges=call.installation.settings.max_ranges,
        )  # fmt: skip
    except Broken as error:
        if error.started:
            raise
