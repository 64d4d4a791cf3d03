"""The check of a signed link, and the short memory that spares the ledger a question for every range."""

import time
from collections import OrderedDict
from datetime import datetime
from typing import Literal

import msgspec
from sqlalchemy import select

from exeunt.access.keys import Keyring
from exeunt.clock import Clock
from exeunt.delivery.links import REMEMBERED_SECONDS, Form, is_authentic, link_at
from exeunt.errors import ExeuntError
from exeunt.exports.records import Archive, archive_of
from exeunt.ledger.database import Ledger
from exeunt.ledger.schema import archives, exports, links

Refusal = Literal["link_invalid", "link_expired", "link_revoked", "archive_gone", "archive_damaged"]
REMEMBERED = 4096


class Refused(ExeuntError):
    """The link does not open: `why` says which of the contract's cases it is, `form` whose words to use.

    `target` is what it would have opened, None when there is no link at that address.
    """

    def __init__(self, why: Refusal, form: Form, target: "Target | None" = None) -> None:
        super().__init__(why)
        self.why, self.form, self.target = why, form, target


class Target(msgspec.Struct, frozen=True):
    """What a link is for."""

    link_id: str
    archive: Archive
    workspace_id: str


class Grant(msgspec.Struct, frozen=True):
    """A link that opens: which archive, until when, and for whose export."""

    link_id: str
    form: Form
    archive: Archive
    workspace_id: str
    ends_at: datetime


class Gate:
    """Checks links. A good one is remembered for `REMEMBERED_SECONDS`, a bad one never."""

    def __init__(self, ledger: Ledger, keys: Keyring, clock: Clock) -> None:
        self._ledger, self._keys, self._clock = ledger, keys, clock
        self._good: OrderedDict[tuple[str, bytes], tuple[float, Grant]] = OrderedDict()

    def remembered(self, path: str, query: bytes) -> Grant | None:
        """The grant of a link that was checked a moment ago; never blocks."""
        found = self._good.get((path, query))
        if found is None or found[0] < time.monotonic() or found[1].ends_at <= self._clock():
            return None
        return found[1]

    def check(self, path: str, query: bytes) -> Grant:
        """Ask the ledger. `path` is percent-decoded, `query` as it came. Raises `Refused`."""
        form: Form = "yammer" if path.startswith("/exports/") else "dl"
        asked = time.monotonic()
        with self._ledger.read() as db:
            link = link_at(db, path)
            if link is None:
                raise Refused("link_invalid", form)
            row = db.execute(select(archives).where(archives.c.id == link.archive_id)).one()
            owner = db.execute(
                select(exports.c.workspace_id, exports.c.purged_at).where(exports.c.id == row.export_id)
            ).one()
        archive, now = archive_of(row), self._clock()
        target = Target(link.id, archive, owner.workspace_id)
        authentic = is_authentic(self._keys, link, archive.part, archive.etag, query.decode("latin-1"))
        if not authentic or now < link.starts_at:
            raise Refused("link_invalid", form, target)
        if link.ended_at is not None:
            raise Refused("link_revoked", form, target)
        if now >= link.ends_at:
            raise Refused("link_expired", form, target)
        if owner.purged_at is not None:
            raise Refused("archive_gone", form, target)
        if archive.damaged is not None:
            raise Refused("archive_damaged", form, target)
        grant = Grant(link.id, link.form, archive, owner.workspace_id, link.ends_at)
        self._good[path, query] = (asked + REMEMBERED_SECONDS, grant)
        self._good.move_to_end((path, query))
        while len(self._good) > REMEMBERED:
            self._good.popitem(last=False)
        return grant

    def cut_among(self, link_ids: set[str]) -> set[str]:
        """Which of these links were revoked so that running transfers have to break."""
        query = select(links.c.id).where(links.c.id.in_(link_ids), links.c.cut.is_(True))
        with self._ledger.read() as db:
            return set(db.scalars(query))
