"""The routes of signed links: `/dl/…` for all, `/exports/…` in Yammer's form."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from urllib.parse import unquote

import msgspec
import structlog
from sqlalchemy import update

from exeunt.archives.body import Body
from exeunt.delivery.gate import Gate, Grant, Refusal, Refused, Target
from exeunt.delivery.headers import Download, Headers, encode
from exeunt.delivery.links import REMEMBERED_SECONDS, Form
from exeunt.delivery.record import Record, Use
from exeunt.delivery.refusals import Refusals
from exeunt.delivery.serve import Sent, refuse, send_body
from exeunt.delivery.transfer import Away, Broken, Revoked
from exeunt.errors import Damaged, Unavailable
from exeunt.exports.records import Archive
from exeunt.http.asgi import Receive, Scope, Send
from exeunt.http.request import client_address, request_id
from exeunt.installation import Installation
from exeunt.ledger.schema import archives

log = structlog.get_logger("exeunt.delivery")

OPEN_BODIES = 64

MESSAGES: dict[Refusal, str] = {
    "link_invalid": "This download link is not valid",
    "link_expired": "This download link has expired",
    "link_revoked": "This download link has been revoked",
    "archive_gone": "The archive of this link has been removed",
    "archive_damaged": "The archive of this link is damaged",
}


WORDS = {
    412: ("precondition_failed", "Precondition failed"),
    416: ("range_not_satisfiable", "Range not satisfiable"),
    500: ("archive_damaged", MESSAGES["archive_damaged"]),
    503: ("unavailable", "The export service is temporarily unavailable"),
}
"""Code and message of the answers that are no refusals."""


class Downloads:
    """Serves archives by their links, and records each use."""

    def __init__(self, installation: Installation) -> None:
        self._in = installation
        self._gate = Gate(installation.ledger, installation.keys, installation.clock)
        self.record = Record(installation.ledger, installation.clock, installation.ids)
        self._refusals = Refusals(installation.audit, installation.clock)
        self._bodies: OrderedDict[str, Body] = OrderedDict()
        self._asking: dict[tuple[str, bytes], tuple[float, asyncio.Task[Grant]]] = {}
        self._active: dict[str, int] = {}
        self._cut: set[str] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While the server runs: write the record each second, and learn which transfers have to break."""
        task = asyncio.create_task(self._tick())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await asyncio.to_thread(self.record.flush)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            try:
                await asyncio.to_thread(self.record.flush)
                if self._active:
                    self._cut = await asyncio.to_thread(self._gate.cut_among, set(self._active))
            except Exception:
                log.exception("the record of downloads could not be written; it is tried again")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        form: Form = "yammer" if scope["path"].startswith("/exports/") else "dl"
        if scope["method"] not in ("GET", "HEAD"):
            await refuse(send, 405, _body(form, "Method not allowed", "method_not_allowed"),
                         encode([("allow", "GET, HEAD")]))  # fmt: skip
            return
        try:
            grant = await self._grant(scope)
            body = await self._body(grant.archive)
            use = await self._use(grant, scope)
        except Refused as refused:
            await self._refuse(scope, send, refused.why, refused.form, refused.target)
            return
        except Damaged as error:
            await self._damaged(grant.archive, str(error))
            target = Target(grant.link_id, grant.archive, grant.workspace_id)
            await self._refuse(scope, send, "archive_damaged", form, target)
            return
        except Unavailable:
            code, text = WORDS[503]
            await refuse(send, 503, _body(form, text, code), encode([("retry-after", "30")]))
            return
        await self._send(scope, receive, send, grant, body, use)

    async def _send(self, scope: Scope, receive: Receive, send: Send, grant: Grant, body: Body, use: Use) -> None:
        archive = grant.archive
        download = Download(
            name="files.zip" if grant.form == "yammer" and archive.role == "archive" else archive.name,
            content_type=archive.content_type, length=archive.length, etag=archive.etag, modified=archive.sealed_at,
            sha256=archive.sha256, quoted_name=grant.form == "yammer",
        )  # fmt: skip

        async def words(send: Send, status: int, headers: Headers) -> None:
            code, text = WORDS[status]
            await refuse(send, status, _body(grant.form, text, code), headers)

        self._active[grant.link_id] = self._active.get(grant.link_id, 0) + 1
        sent = Sent(0, 0, "left")
        try:
            sent = await send_body(
                scope, receive, send, body=body, blobs=self._in.blobs, download=download, words=words,
                max_ranges=self._in.settings.max_ranges, stopped=lambda: grant.link_id in self._cut,
            )  # fmt: skip
        except Revoked:
            sent = Sent(0, 0, "revoked")
            raise
        except Away as error:
            sent = Sent(0, 0, "broken")
            if error.started:
                raise
        except (Broken, Damaged) as error:
            sent = Sent(0, 0, "broken")
            await self._damaged(archive, str(error))
            if not isinstance(error, Broken) or error.started:
                raise
        finally:
            self._active[grant.link_id] -= 1
            if not self._active[grant.link_id]:
                del self._active[grant.link_id]
            self.record.sent(use, sent.first, sent.end, sent.outcome)

    async def _grant(self, scope: Scope) -> Grant:
        path, query = _decoded_path(scope), scope["query_string"]
        remembered = self._gate.remembered(path, query)
        if remembered is not None:
            return remembered
        # a thousand clients of one link ask the ledger once; a question older than a memory may be is not joined
        now = time.monotonic()
        since, asking = self._asking.get((path, query), (0.0, None))
        if asking is None or now - since > REMEMBERED_SECONDS:
            asking = asyncio.create_task(asyncio.to_thread(self._gate.check, path, query))
            self._asking[path, query] = (now, asking)
            asking.add_done_callback(partial(self._asked, (path, query)))
        return await asyncio.shield(asking)

    def _asked(self, link: tuple[str, bytes], done: asyncio.Task[Grant]) -> None:
        if self._asking.get(link, (0.0, None))[1] is done:
            del self._asking[link]
        done.cancelled() or done.exception()  # whoever asked may have left without taking the answer

    async def _body(self, archive: Archive) -> Body:
        body = self._bodies.get(archive.index_key)
        if body is None:
            body = await asyncio.to_thread(self._open, archive.index_key)
            self._bodies[archive.index_key] = body
            while len(self._bodies) > OPEN_BODIES:
                # not closed here: a transfer may still read it; the mapping goes with its last reader
                self._bodies.popitem(last=False)
        self._bodies.move_to_end(archive.index_key)
        if (body.length, body.etag) != (archive.length, archive.etag):
            raise Damaged(f"the index file of archive {archive.id} is not the one that was sealed")
        return body

    def _open(self, key: str) -> Body:
        return Body(self._in.blobs.content(key))

    async def _use(self, grant: Grant, scope: Scope) -> Use:
        client = client_address(scope)
        known = self.record.known(grant.archive.id, grant.link_id, client)
        if known is not None:
            return known
        return await asyncio.to_thread(self.record.first_use, grant.archive.id, grant.link_id, None, client)

    async def _damaged(self, archive: Archive, reason: str) -> None:
        # what is put back in place of a bad index file is another file, which has to be opened anew
        self._bodies.pop(archive.index_key, None)
        log.error("an archive is damaged", archive=archive.id, export=archive.export_id, reason=reason)

        def mark() -> None:
            with self._in.ledger.write() as db:
                db.execute(update(archives).where(archives.c.id == archive.id).values(damaged=reason))

        await asyncio.to_thread(mark)

    async def _refuse(self, scope: Scope, send: Send, why: Refusal, form: Form, target: Target | None) -> None:
        client = client_address(scope)
        if target is not None and self._refusals.is_new(target, why, client):
            try:
                await asyncio.to_thread(self._refusals.write_down, target, why, client, request_id(scope))
            except Unavailable:
                log.exception("a refused link could not be written down", link=target.link_id, why=why)
        gone = why in ("link_expired", "link_revoked", "archive_gone")
        status = 500 if why == "archive_damaged" else 403 if not gone or form == "yammer" else 410
        # Yammer's links have one text for every way of being over
        text = MESSAGES["link_expired" if gone and form == "yammer" else why]
        await refuse(send, status, _body(form, text, why), [])


def _body(form: Form, message: str, code: str) -> bytes:
    return msgspec.json.encode(message if form == "yammer" else {"error": code, "message": message})


def _decoded_path(scope: Scope) -> str:
    """The path after percent-decoding; bytes that are no UTF-8 stay apart, so they match no record."""
    raw = scope.get("raw_path")
    if raw is None:
        return str(scope["path"])
    return unquote(raw.partition(b"?")[0].decode("latin-1"), errors="surrogateescape")
