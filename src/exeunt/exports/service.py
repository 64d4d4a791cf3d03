"""Asking for exports and steering them. Light: rows are written here, the work is done by `exeunt.exports.run`."""

import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import Connection, Select, delete, func, insert, select, update

from exeunt.access.audit import Action, Actor, write_down
from exeunt.access.keys import Keyring
from exeunt.blobs.store import BlobStore
from exeunt.clock import Clock, IdSource
from exeunt.config import Settings
from exeunt.delivery.links import end_links, form_of, last_end, link_url, mint_links, newest_link, wait_until_forgotten
from exeunt.errors import Busy, Conflict, InvalidInput, NoSpace, NotFound, Unavailable
from exeunt.exports.estimate import Estimate, estimate
from exeunt.exports.records import Archive, Export, State, archive_of, export_of
from exeunt.lake.catalog import Catalog
from exeunt.lake.selection import Selection, Snapshot
from exeunt.layouts.options import check_workspaces, parse_options
from exeunt.ledger.database import Ledger
from exeunt.ledger.locks import lock
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


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """What the exports of a workspace may use, and what they use now. Without a limit of its own a workspace may have
    `running_by_default` unfinished exports and keep any number of bytes."""

    workspace: str
    running: int | None
    bytes: int | None
    running_by_default: int
    running_now: int
    bytes_now: int


class Exports:
    """The exports of an installation. Every method checks the workspace it is told, so a foreign id is unknown.

    Every change takes `by`: who is written down as having made it, in the same transaction.
    """

    def __init__(self, ledger: Ledger, catalog: Catalog, blobs: BlobStore, settings: Settings, keys: Keyring,
                 clock: Clock, ids: IdSource) -> None:  # fmt: skip
        self._ledger, self._catalog, self._blobs, self._settings = ledger, catalog, blobs, settings
        self._keys, self._clock, self._ids = keys, clock, ids
        self._outbox = Outbox(ledger, settings, clock, ids)

    def create(self, request: Request, count: Callable[[Connection], None] = lambda db: None, *,
               by: Actor | None = None) -> Export:  # fmt: skip
        """Write the export down and pin its snapshots, in one transaction; a worker takes it from there.

        `count` is called in that transaction once the slot is known to be free: a rate limit that does not count
        requests for a taken slot.

        Raises `InvalidInput` for a layout, option or number of workspaces that is wrong, `NotFound` for an unknown
        workspace, `SlotTaken`, `Busy` above a limit on running exports and `NoSpace` when storage is too full.
        """
        parse_options(request.layout, request.options)
        check_workspaces(request.layout, len(request.workspaces))
        keep = self._settings.link_seconds if request.keep_seconds is None else request.keep_seconds
        if not 60 <= keep <= 30 * 86_400:
            raise InvalidInput("links live between 1 minute and 30 days")
        self.require_space()
        now, export_id = self._clock(), str(UUID(hex=self._ids()))
        with self._ledger.write() as db:
            # in one order, or two requests could wait for each other
            pinned = {name: self._pin(db, name) for name in sorted({request.owner, *request.workspaces})}
            snapshots = [pinned[workspace_id] for workspace_id in request.workspaces]
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
            write_down(db, now, by, Action.EXPORT_CREATE, export_id, detail=_asked(request), workspace_id=request.owner)
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
        # the row lock lets one request after the other count what runs; key_share spares an import that commits
        number = db.scalar(query.with_for_update(key_share=True))
        if number is None:
            raise NotFound(f"no workspace {workspace_id}")
        return Snapshot(workspace_id, number)

    def _check_limits(self, db: Connection, request: Request, count_request: Callable[[Connection], None]) -> None:
        if request.slot:
            lock(db, f"slot {request.slot}")
            holder = db.scalar(select(slots.c.export_id).where(slots.c.name == request.slot))
            if holder is not None:
                raise SlotTaken(holder)
        count_request(db)
        running = _unfinished(request.owner)
        if request.running_limit is not None:
            count = db.scalar(running.where(exports.c.api == request.api)) or 0
            if count >= request.running_limit:
                raise TooManyRunning(f"{count} exports are in progress", 60)
        self._check_quota(db, request.owner, db.scalar(running) or 0)

    def _check_quota(self, db: Connection, workspace_id: str, running: int) -> None:
        w = workspaces.c
        quota = db.execute(select(w.quota_running, w.quota_bytes).where(w.id == workspace_id)).one()
        most = self._settings.quota_running if quota.quota_running is None else quota.quota_running
        if running >= most:
            raise Busy(f"workspace {workspace_id} has {running} unfinished exports, its quota is {most}", 60)
        if quota.quota_bytes is not None and _bytes_kept(db, workspace_id) >= quota.quota_bytes:
            raise NoSpace(f"the exports of workspace {workspace_id} use their quota of {quota.quota_bytes} bytes")

    def quota(self, workspace_id: str) -> Quota:
        """What the exports of a workspace may use and do use. Raises `NotFound`."""
        w = workspaces.c
        with self._ledger.read() as db:
            row = db.execute(select(w.quota_running, w.quota_bytes).where(w.id == workspace_id)).first()
            if row is None:
                raise NotFound(f"no workspace {workspace_id}")
            return Quota(
                workspace=workspace_id, running=row.quota_running, bytes=row.quota_bytes,
                running_by_default=self._settings.quota_running, running_now=db.scalar(_unfinished(workspace_id)) or 0,
                bytes_now=_bytes_kept(db, workspace_id),
            )  # fmt: skip

    def set_quota(self, workspace_id: str, running: int | UnsetType | None = UNSET,
                  size: int | UnsetType | None = UNSET, *, by: Actor | None = None) -> Quota:  # fmt: skip
        """Set how many unfinished exports a workspace may have, and how many bytes its exports may keep.

        None lifts a limit; what is not given stays as it is. Raises `NotFound`.
        """
        self._catalog.workspace(workspace_id)
        given = {name: value for name, value in (("running", running), ("bytes", size)) if value is not UNSET}
        with self._ledger.write() as db:
            if given:
                values = {f"quota_{name}": value for name, value in given.items()}
                db.execute(update(workspaces).where(workspaces.c.id == workspace_id).values(values))
                write_down(db, self._clock(), by, Action.WORKSPACE_QUOTA, workspace_id, detail=given,
                           workspace_id=workspace_id)  # fmt: skip
        return self.quota(workspace_id)

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

    def list(self, workspace_id: str, *, api: str | None = None, requested_by: str | None = None,
             before: int | None = None, limit: int = 50) -> Sequence[Export]:  # fmt: skip
        """The exports of a workspace, or those that one account asked for, newest first.

        `before` is the sequence of the last one of the page before.
        """
        query = select(exports).where(exports.c.workspace_id == workspace_id)
        if api is not None:
            query = query.where(exports.c.api == api)
        if requested_by is not None:
            query = query.where(exports.c.requested_by == requested_by)
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

    def cancel(self, export_id: str, *, by: Actor | None = None) -> Export:
        """End an unfinished export; its slot is free when this returns. Raises `Conflict` when it has ended."""
        now = self._clock()
        with self._ledger.write() as db:
            if not finish(db, export_id, State.CANCELLED, now, "cancelled"):
                raise Conflict(f"export {export_id} has already ended")
            write_down(db, now, by, Action.EXPORT_CANCEL, export_id, workspace_id=workspace_of(db, export_id))
        with suppress(Unavailable):
            # it is cancelled, whether the storage answers now or not; workers remove what is left
            self._blobs.remove_made(export_id)
        return self.get(export_id)

    def expire(self, export_id: str, *, cut: bool = False, by: Actor | None = None) -> Export:
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
            write_down(db, now, by, Action.EXPORT_REVOKE, export_id, workspace_id=workspace_of(db, export_id))
        wait_until_forgotten()
        return self.get(export_id)

    def renew(self, export_id: str, keep_seconds: int | None = None, *, by: Actor | None = None) -> Export:
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
            write_down(db, now, by, Action.EXPORT_RENEW, export_id, workspace_id=export.workspace_id)
        return self.get(export_id)


def _unfinished(workspace_id: str) -> Select[int]:
    e = exports.c
    return select(func.count()).select_from(exports).where(e.workspace_id == workspace_id, e.state.in_(UNFINISHED))


def _bytes_kept(db: Connection, workspace_id: str) -> int:
    e = exports.c
    kept = select(func.sum(e.bytes_done)).where(
        e.workspace_id == workspace_id, e.purged_at.is_(None), e.state.not_in((State.CANCELLED, State.FAILED))
    )
    return int(db.scalar(kept) or 0)


def _asked(request: Request) -> dict[str, Any]:
    """What the audit trail keeps of a request."""
    kinds = request.selection.room_kinds
    return {
        "layout": request.layout, "workspaces": request.workspaces,
        "selection": msgspec.to_builtins(request.selection), "options": request.options,
        "others_private": not kinds or set(kinds) != {"public"},
    }  # fmt: skip


def workspace_of(db: Connection, export_id: str) -> str:
    """Whose export it is."""
    return str(db.scalars(select(exports.c.workspace_id).where(exports.c.id == export_id)).one())


def finish(db: Connection, export_id: str, state: State, now: datetime, error: str | None) -> bool:
    """End an unfinished export inside a transaction and free its slot; False when it had ended already."""
    done = db.execute(
        update(exports)
        .where(exports.c.id == export_id, exports.c.state.in_(UNFINISHED))
        .values(state=state.value, finished_at=now, updated_at=now, error=error)
    )
    db.execute(delete(slots).where(slots.c.export_id == export_id))
    return bool(done.rowcount == 1)
