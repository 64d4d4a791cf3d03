"""Asking for exports and steering them. Light: rows are written here, the work is done by `exeunt.exports.run`."""

import shutil
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from exeunt.access.keys import Keyring
from exeunt.blobs.store import BlobStore
from exeunt.clock import Clock, IdSource
from exeunt.config import Settings
from exeunt.delivery.links import end_links, form_of, last_end, link_url, mint_links, newest_link, wait_until_forgotten
from exeunt.errors import Busy, Conflict, InvalidInput, NoSpace, NotFound
from exeunt.exports.estimate import Estimate, estimate
from exeunt.exports.records import Archive, Export, State, archive_of, export_of
from exeunt.lake.catalog import Catalog
from exeunt.lake.selection import Selection, Snapshot
from exeunt.layouts.options import parse_options
from exeunt.ledger.database import Ledger
from exeunt.ledger.numbers import next_in_sequence
from exeunt.ledger.schema import archives, export_pins, exports, slots, workspaces
from exeunt.mail.message import Mail
from exeunt.mail.outbox import Outbox

UNFINISHED = (State.QUEUED, State.RUNNING)


class SlotTaken(Conflict):
    """A slot that only one unfinished export may have is taken; `export_id` is whose."""

    def __init__(self, export_id: str) -> None:
        super().__init__(f"export {export_id} is still running")
        self.export_id = export_id


class TooManyRunning(Busy):
    """The home workspace has as many unfinished exports of this API as `running_limit` allows."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What to export. `workspaces` are all that it reads; the snapshot of each is pinned. `home` is whose export it
    is, by default the first of them.

    `slot` is a name that only one unfinished export may hold; `running_limit` is how many unfinished exports of this
    API the home workspace may have. `keep_seconds` is how long its links live. `mail` is sent when it is completed.
    """

    workspaces: tuple[str, ...]
    home: str = ""
    api: str
    layout: str
    selection: Selection = Selection()
    options: dict[str, Any] = {}
    requested_by: str | None = None
    requested_by_name: str = ""
    keep_seconds: int | None = None
    slot: str = ""
    running_limit: int | None = None
    mail: Mail | None = None

    @property
    def owner(self) -> str:
        return self.home or self.workspaces[0]


class Exports:
    """The exports of an installation. Every method checks the workspace it is told, so a foreign id is unknown."""

    def __init__(self, ledger: Ledger, catalog: Catalog, blobs: BlobStore, settings: Settings, keys: Keyring,
                 clock: Clock, ids: IdSource) -> None:  # fmt: skip
        self._ledger, self._catalog, self._blobs, self._settings = ledger, catalog, blobs, settings
        self._keys, self._clock, self._ids = keys, clock, ids
        self._outbox = Outbox(ledger, settings, clock, ids)

    def create(self, request: Request, count: Callable[[Connection], None] = lambda db: None) -> Export:
        """Write the export down and pin its snapshots, in one transaction; a worker takes it from there.

        `count` is called in that transaction once the slot is known to be free: a rate limit that does not count
        requests for a taken slot.

        Raises `InvalidInput` for a layout or option that is wrong, `NotFound` for an unknown workspace, `SlotTaken`,
        `Busy` above a limit on running exports and `NoSpace` when storage is too full.
        """
        parse_options(request.layout, request.options)
        keep = self._settings.link_seconds if request.keep_seconds is None else request.keep_seconds
        if not 60 <= keep <= 30 * 86_400:
            raise InvalidInput("links live between 1 minute and 30 days")
        self.require_space()
        now, export_id = self._clock(), str(UUID(hex=self._ids()))
        with self._ledger.write() as db:
            self._pin(db, request.owner)
            snapshots = [self._pin(db, workspace_id) for workspace_id in request.workspaces]
            self._check_limits(db, request, count)
            db.execute(insert(exports).values(**self._row(request, export_id, now, keep, db)))
            db.execute(
                insert(export_pins),
                [{"export_id": export_id, "workspace_id": s.workspace_id, "snapshot": s.number} for s in snapshots],
            )
            if request.mail is not None:
                self._outbox.put(
                    db, request.mail, key=f"export:{export_id}", workspace_id=request.owner, export_id=export_id
                )
            if request.slot:
                db.execute(insert(slots).values(name=request.slot, export_id=export_id))
        return self.get(export_id)

    def _row(self, request: Request, export_id: str, now: datetime, keep: int, db: Connection) -> dict[str, Any]:
        return {
            "id": export_id, "sequence": next_in_sequence(db, "exports"), "workspace_id": request.owner,
            "api": request.api, "layout": request.layout,
            "selection": msgspec.json.encode(request.selection).decode(),
            "options": msgspec.json.encode(request.options).decode(),
            "requested_by": request.requested_by, "requested_by_name": request.requested_by_name,
            "created_at": now, "updated_at": now, "keep_seconds": keep, "state": State.QUEUED.value,
            "deadline_at": now + timedelta(seconds=self._settings.job_timeout_seconds),
        }  # fmt: skip

    @staticmethod
    def _pin(db: Connection, workspace_id: str) -> Snapshot:
        query = select(workspaces.c.snapshot).where(workspaces.c.id == workspace_id)
        # the row lock lets one request after the other count what runs
        number = db.scalar(query.with_for_update())
        if number is None:
            raise NotFound(f"no workspace {workspace_id}")
        return Snapshot(workspace_id, number)

    def _check_limits(self, db: Connection, request: Request, count_request: Callable[[Connection], None]) -> None:
        if request.slot:
            holder = db.scalar(select(slots.c.export_id).where(slots.c.name == request.slot))
            if holder is not None:
                raise SlotTaken(holder)
        count_request(db)
        running = select(func.count()).select_from(exports).where(
            exports.c.workspace_id == request.owner, exports.c.state.in_(UNFINISHED)
        )  # fmt: skip
        if request.running_limit is not None:
            count = db.scalar(running.where(exports.c.api == request.api)) or 0
            if count >= request.running_limit:
                raise TooManyRunning(f"{count} exports are in progress", 60)
        self._check_quota(db, request.owner, db.scalar(running) or 0)

    def _check_quota(self, db: Connection, workspace_id: str, running: int) -> None:
        w, e = workspaces.c, exports.c
        quota = db.execute(select(w.quota_running, w.quota_bytes).where(w.id == workspace_id)).one()
        most = self._settings.quota_running if quota.quota_running is None else quota.quota_running
        if running >= most:
            raise Busy(f"workspace {workspace_id} has {running} unfinished exports, its quota is {most}", 60)
        if quota.quota_bytes is not None:
            kept = select(func.sum(e.bytes_done)).where(
                e.workspace_id == workspace_id, e.purged_at.is_(None), e.state.not_in((State.CANCELLED, State.FAILED))
            )
            if (db.scalar(kept) or 0) >= quota.quota_bytes:
                raise NoSpace(f"the exports of workspace {workspace_id} use their quota of {quota.quota_bytes} bytes")

    def set_quota(self, workspace_id: str, running: int | None, size: int | None) -> None:
        """Set how many unfinished exports a workspace may have, and how many bytes its exports may keep; None lifts
        a limit. Raises `NotFound`."""
        self._catalog.workspace(workspace_id)
        with self._ledger.write() as db:
            db.execute(
                update(workspaces)
                .where(workspaces.c.id == workspace_id)
                .values(quota_running=running, quota_bytes=size)
            )

    def require_space(self) -> None:
        """Raises `NoSpace` when too little is left for a new job. Running jobs and downloads never ask."""
        free = shutil.disk_usage(self._settings.data_path).free
        if free < self._settings.min_free_bytes:
            raise NoSpace(f"only {free // 1024**2} MiB are free; new exports and imports wait for more")

    def get(self, export_id: str, workspace_id: str | None = None, api: str | None = None) -> Export:
        """One export. Raises `NotFound` when there is none, or none in this workspace or of this API."""
        query = select(exports).where(exports.c.id == export_id)
        if workspace_id is not None:
            query = query.where(exports.c.workspace_id == workspace_id)
        if api is not None:
            query = query.where(exports.c.api == api)
        with self._ledger.read() as db:
            row = db.execute(query).first()
        if row is None:
            raise NotFound(f"no export {export_id}")
        return self._as_of_now(export_of(row))

    def list(self, workspace_id: str, *, api: str | None = None, before: int | None = None,
             limit: int = 50) -> Sequence[Export]:  # fmt: skip
        """The exports of a workspace, newest first; `before` is the sequence of the last one of the page before."""
        query = select(exports).where(exports.c.workspace_id == workspace_id)
        if api is not None:
            query = query.where(exports.c.api == api)
        if before is not None:
            query = query.where(exports.c.sequence < before)
        with self._ledger.read() as db:
            rows = db.execute(query.order_by(exports.c.sequence.desc()).limit(limit)).all()
        return [self._as_of_now(export_of(row)) for row in rows]

    def _as_of_now(self, export: Export) -> Export:
        """The clock ends links by itself: nobody has to have written it down."""
        if export.state is State.COMPLETED and export.expires_at and export.expires_at <= self._clock():
            return msgspec.structs.replace(export, state=State.EXPIRED)
        return export

    def archives(self, export_id: str) -> Sequence[Archive]:
        """What a finished export delivers, in order; nothing before it is completed."""
        with self._ledger.read() as db:
            rows = db.execute(select(archives).where(archives.c.export_id == export_id).order_by(archives.c.part))
            return [archive_of(row) for row in rows]

    def archive(self, archive_id: str) -> Archive:
        """One sealed archive. Raises `NotFound`."""
        with self._ledger.read() as db:
            row = db.execute(select(archives).where(archives.c.id == archive_id)).first()
        if row is None:
            raise NotFound(f"no archive {archive_id}")
        return archive_of(row)

    def estimate(self, workspace_id: str, layout: str, selection: Selection, options: dict[str, Any]) -> Estimate:
        """What such an export would hold; nothing is written. Raises as `create` does for what was asked."""
        parse_options(layout, options)
        self._catalog.workspace(workspace_id)
        return estimate(self._ledger, self._catalog, workspace_id, selection)

    def urls(self, export_id: str, base: str) -> Sequence[tuple[Archive, str]]:
        """Each archive with its newest link, the same text at every call while that link lives."""
        found = []
        sealed = self.archives(export_id)
        with self._ledger.read() as db:
            for archive in sealed:
                link = newest_link(db, archive.id)
                if link is not None:
                    found.append((archive, link_url(base, self._keys, link, archive.part, archive.etag)))
        return found

    def cancel(self, export_id: str) -> Export:
        """End an unfinished export; its slot is free when this returns. Raises `Conflict` when it has ended."""
        with self._ledger.write() as db:
            if not finish(db, export_id, State.CANCELLED, self._clock(), "cancelled"):
                raise Conflict(f"export {export_id} has already ended")
        self._blobs.remove_made(export_id)
        return self.get(export_id)

    def expire(self, export_id: str, *, cut: bool = False) -> Export:
        """End the links of a completed export; with `cut` running transfers are broken too.

        When this returns no process accepts a link any more. Raises `Conflict` when there is nothing to end.
        """
        now = self._clock()
        if not self.get(export_id).state == State.COMPLETED:
            raise Conflict(f"export {export_id} has no links to end")
        with self._ledger.write() as db:
            done = db.execute(
                update(exports)
                .where(exports.c.id == export_id, exports.c.state == State.COMPLETED)
                .values(state=State.EXPIRED.value, expires_at=now, updated_at=now)
            )
            if done.rowcount != 1:
                raise Conflict(f"export {export_id} has no links to end")
            end_links(db, export_id, now, cut=cut)
        wait_until_forgotten()
        return self.get(export_id)

    def renew(self, export_id: str, keep_seconds: int | None = None) -> Export:
        """Give a finished export new links to the same bytes. Raises `Conflict` when the bytes are gone."""
        export = self.get(export_id)
        sealed = self.archives(export_id)
        now = self._clock().replace(microsecond=0)
        keep = export.keep_seconds if keep_seconds is None else keep_seconds
        if not 60 <= keep <= 30 * 86_400:
            raise InvalidInput("links live between 1 minute and 30 days")
        ends_at, e = now + timedelta(seconds=keep), exports.c
        with self._ledger.write() as db:
            done = db.execute(
                update(exports)
                .where(e.id == export_id, e.state.in_((State.COMPLETED, State.EXPIRED)), e.purged_at.is_(None))
                .values(state=State.COMPLETED.value, updated_at=now)
            )
            if done.rowcount != 1:
                raise Conflict(f"export {export_id} has no bytes to link to")
            mint_links(db, self._keys, self._ids, sealed, form_of(export.api), now, ends_at)
            # an older link may well live longer than the new one
            db.execute(update(exports).where(e.id == export_id).values(expires_at=last_end(db, export_id)))
        return self.get(export_id)


def finish(db: Connection, export_id: str, state: State, now: datetime, error: str | None) -> bool:
    """End an unfinished export inside a transaction and free its slot; False when it had ended already."""
    done = db.execute(
        update(exports)
        .where(exports.c.id == export_id, exports.c.state.in_(UNFINISHED))
        .values(state=state.value, finished_at=now, updated_at=now, error=error)
    )
    db.execute(delete(slots).where(slots.c.export_id == export_id))
    return bool(done.rowcount == 1)
