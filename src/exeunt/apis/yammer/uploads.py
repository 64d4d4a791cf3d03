"""Single uploaded files, as every row of `Files.csv` names them (Yammer contract 1.2b)."""

import re
from urllib.parse import quote

import msgspec

from exeunt.access.audit import Action
from exeunt.apis.yammer import words
from exeunt.apis.yammer.answers import Answer
from exeunt.apis.yammer.calls import Call
from exeunt.archives.single import SingleBlob
from exeunt.clock import iso
from exeunt.delivery.headers import Download, Headers
from exeunt.delivery.serve import refuse, send_body
from exeunt.delivery.transfer import Away, Broken
from exeunt.http.asgi import Receive, Send
from exeunt.lake.selection import Selection
from exeunt.lake.uploaded import UploadedFile, uploaded_file

MISSING = Answer(404, words.NOT_FOUND)

_MEDIA_TYPE = re.compile(r"[\w.+-]{1,80}/[\w.+-]{1,80}(; ?charset=[\w-]{1,40})?", re.ASCII)
_URL_SAFE = "!#$%&'()*+,/:;=?@[]~"


def show(call: Call) -> Answer:
    """GET: what is known of a file."""
    call.installation.access.require(call.principal, "export:download")
    found = _find(call)
    if found is None:
        return MISSING
    address = f"{call.api_base}/api/v1/uploaded_files/{found.version_number}/download"
    return Answer(
        200,
        {
            "id": found.version_number, "file_id": found.number, "name": found.name,
            "description": found.description, "content_type": found.media_type, "size": found.size,
            "uploader_id": found.uploader, "group_id": found.group, "created_at": iso(found.uploaded_at),
            "download_url": found.url if found.elsewhere else address,
        },
    )  # fmt: skip


def download(call: Call) -> Answer | UploadedFile:
    """GET or HEAD of the bytes: the file to deliver, or a redirect to where it is kept."""
    call.installation.access.require(call.principal, "export:download")
    found = _find(call)
    if found is None or not (found.storage == "held" or found.elsewhere):
        return MISSING
    call.write_down(Action.FILE_DOWNLOAD, str(found.version_number), workspace_id=found.workspace_id)
    if found.storage == "held":
        return found
    return Answer(302, "", [("location", quote(found.url, safe=_URL_SAFE))])


def _find(call: Call) -> UploadedFile | None:
    if not re.fullmatch(r"[0-9]{1,18}", call.written_id):
        return None
    access, who = call.installation.access, call.principal
    networks = [network.id for network in access.networks(who, None, True)]
    return uploaded_file(call.installation.ledger, networks, int(call.written_id), access.reach(who, Selection()))


async def deliver(call: Call, receive: Receive, send: Send, found: UploadedFile) -> None:
    """Send the bytes of a held file, as `archives-and-ranges` (b) has it."""
    body = SingleBlob(found.blob, found.crc32)
    facts = Download(
        # what a source says of a file goes into headers only when it cannot be anything else
        name=found.name or "file",
        content_type=found.media_type if _MEDIA_TYPE.fullmatch(found.media_type) else "application/octet-stream",
        length=body.length, etag=body.etag, modified=found.uploaded_at.replace(microsecond=0),
        sha256=found.blob.sha256, quoted_name=True,
    )  # fmt: skip

    async def say(send: Send, status: int, headers: Headers) -> None:
        message = {412: "Precondition failed", 416: "Range not satisfiable"}.get(status, words.UNAVAILABLE)
        await refuse(send, status, msgspec.json.encode(message), headers)

    try:
        await send_body(
            call.scope, receive, send, body=body, blobs=call.installation.blobs, download=facts, words=say,
            max_ranges=call.installation.settings.max_ranges,
        )  # fmt: skip
    except (Broken, Away) as error:
        if error.started:
            raise
