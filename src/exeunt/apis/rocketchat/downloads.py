"""GET /data-export/<id>: the archive, for the one who asked for it (1.13)."""

import re
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote

import structlog
from starlette.concurrency import run_in_threadpool

from exeunt.access.audit import Action
from exeunt.apis.rocketchat.answers import empty
from exeunt.apis.rocketchat.calls import API, Call, Me, Services, sign_in
from exeunt.archives.body import Body
from exeunt.delivery.headers import Download, Headers, encode
from exeunt.delivery.record import Record, Use
from exeunt.delivery.serve import Sent, send_body
from exeunt.delivery.transfer import Broken
from exeunt.errors import Damaged, NotFound, Unavailable
from exeunt.exports.records import Archive, Export, State
from exeunt.http.asgi import Receive, Scope, Send

log = structlog.get_logger("exeunt.rocketchat")

FOLDER = "/data-export"
LOGIN = "/login"
"""Where the console signs people in."""

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class DataExport:
    """Gives archives out, with this API's own credentials, and records each use."""

    def __init__(self, services: Services) -> None:
        self._services = services
        made = services.installation
        self._record = Record(made.ledger, made.clock, made.ids)

    async def __call__(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await empty(send, 405, [("allow", "GET, HEAD")])
            return
        try:
            status, export, me = await run_in_threadpool(self._check, scope, path)
            if export is None or me is None:
                await self._refuse(scope, send, status, path)
                return
            await self._deliver(scope, receive, send, export, me)
        except (Unavailable, Damaged) as error:
            log.error("an archive cannot be given out", reason=str(error))
            await empty(send, 503 if isinstance(error, Unavailable) else 500)

    def _check(self, scope: Scope, path: str) -> tuple[int, Export | None, Me | None]:
        """The checks in their order; 200 comes with the export and who asks."""
        if not self._services.installation.settings.rocketchat_enable_download:
            return 403, None, None
        export = self._export(path.removeprefix(FOLDER).removeprefix("/"))
        if export is None:
            return 404, None, None
        me, tried = self._signed_in(scope)
        if me is None or me.principal.account_id != export.requested_by:
            return (403 if tried else 401), None, None
        return 200, export, me

    def _export(self, archive_id: str) -> Export | None:
        if not _ID.fullmatch(archive_id):
            return None
        try:
            found = self._services.installation.exports.get(archive_id, api=API)
        except NotFound:
            return None
        return found if found.state is State.COMPLETED else None

    def _signed_in(self, scope: Scope) -> tuple[Me | None, bool]:
        """Who asks, by the first credentials that are there, and whether there were any."""
        call = Call(self._services, scope, {})
        cookies = _cookies(call.header("cookie"))
        for user_id, token in (
            (call.query.get("rc_uid"), call.query.get("rc_token")),
            (cookies.get("rc_uid"), cookies.get("rc_token")),
            (call.header("x-user-id"), call.header("x-auth-token")),
        ):
            if user_id and token:
                return sign_in(self._services, token, user_id), True
        return None, False

    async def _refuse(self, scope: Scope, send: Send, status: int, path: str) -> None:
        """Who came without credentials and with a browser is sent to sign in, and back."""
        wants_page = "text/html" in Call(self._services, scope, {}).header("accept")
        if status == 401 and wants_page:
            back = str(scope.get("root_path", "")) + path
            await empty(send, 302, [("location", f"{LOGIN}?next={quote(back, safe='/')}")])
            return
        await empty(send, 403 if status == 401 else status)

    async def _deliver(self, scope: Scope, receive: Receive, send: Send, export: Export, me: Me) -> None:
        made, client = self._services.installation, Call(self._services, scope, {}).client
        (archive,) = made.exports.archives(export.id)
        body = await run_in_threadpool(self._open, archive)
        account_id = me.principal.account_id
        use = self._record.known(archive.id, account_id, client)
        if use is None:
            use = await run_in_threadpool(self._first_use, archive, export, me, client)
        facts = Download(
            name=archive.name, content_type=archive.content_type, length=archive.length, etag=archive.etag,
            modified=archive.sealed_at, sha256=archive.sha256, quoted_name=True, extended_name=True,
        )  # fmt: skip

        async def words(send: Send, status: int, headers: Headers) -> None:
            lines = [*encode([("content-length", "0"), ("cache-control", "no-store")]), *headers]
            await send({"type": "http.response.start", "status": status, "headers": lines})
            await send({"type": "http.response.body", "body": b""})

        sent = Sent(0, 0, "left")
        try:
            sent = await send_body(
                scope, receive, send, body=body, blobs=made.blobs, download=facts, words=words,
                max_ranges=made.settings.max_ranges,
            )  # fmt: skip
        except Broken as error:
            sent = Sent(0, 0, "broken")
            if error.started:
                raise
        finally:
            self._record.sent(use, sent.first, sent.end, sent.outcome)
            await run_in_threadpool(self._record.flush)
            body.close()

    def _open(self, archive: Archive) -> Body:
        body = Body(self._services.installation.blobs.content(archive.index_key))
        if (body.length, body.etag) != (archive.length, archive.etag):
            body.close()
            raise Damaged(f"the index file of archive {archive.id} is not the one that was sealed")
        return body

    def _first_use(self, archive: Archive, export: Export, me: Me, client: str) -> Use:
        use = self._record.first_use(archive.id, None, me.principal.account_id, client)
        self._services.installation.audit.write(me.principal, Action.EXPORT_DOWNLOAD, export.id, api=API, client=client)
        return use


def _cookies(header: str) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}
