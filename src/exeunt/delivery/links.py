"""Signed links as `archives-and-ranges` (c) fixes them: their own authority, expiring, revocable, reusable."""

import base64
import hmac
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import quote, unquote

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from exeunt.access.keys import Keyring
from exeunt.clock import IdSource, iso
from exeunt.exports.records import Archive
from exeunt.ledger.schema import archives, links

Form = Literal["dl", "yammer"]

SKEW = timedelta(minutes=5)
"""A link is valid from this long before it was made, for clients whose clock is behind."""

REMEMBERED_SECONDS = 0.5
"""How long a process may go on believing that a link is good without asking the ledger."""

_VERSIONS = {"dl": "1", "yammer": "2018-03-28"}
_SIGNED = ("st", "se", "sp", "sv", "sr")


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A link's record. `path` is percent-decoded; `ended_at` is set when it was ended before its time."""

    id: str
    archive_id: str
    form: Form
    path: str
    key_id: str
    starts_at: datetime
    ends_at: datetime
    ended_at: datetime | None = None
    cut: bool = False

    def parameters(self) -> dict[str, str]:
        """The signed parameters in their order."""
        values = (iso(self.starts_at), iso(self.ends_at), "r", _VERSIONS[self.form], "b")
        return dict(zip(_SIGNED, values, strict=True))


def form_of(api: str) -> Form:
    """The form of the links that an API hands out."""
    return "yammer" if api == "yammer" else "dl"


def signature(keys: Keyring, link: Link, part: int, etag: str) -> str | None:
    """Base64 of the HMAC over what a link stands for; None when its key is gone."""
    lines = ["exeunt-link-1", link.path, *(f"{name}={value}" for name, value in link.parameters().items())]
    digest = keys.sign(link.key_id, "link", "\n".join([*lines, link.archive_id, str(part), etag]).encode())
    return None if digest is None else base64.b64encode(digest).decode()


def link_url(base: str, keys: Keyring, link: Link, part: int, etag: str) -> str:
    """The link as a client gets it. `base` is scheme and host without a slash at the end."""
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in link.parameters().items())
    sig = signature(keys, link, part, etag) or ""
    return f"{base}{quote(link.path)}?{query}&sig={quote(sig, safe='')}"


def is_authentic(keys: Keyring, link: Link, part: int, etag: str, query: str) -> bool:
    """Whether a raw query string carries exactly this link's parameters and signature, each once."""
    wanted, seen = link.parameters(), dict[str, str]()
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        name = unquote(name)
        if name in wanted or name == "sig":
            if name in seen:
                return False
            seen[name] = unquote(value)
    given = seen.pop("sig", "")
    right = signature(keys, link, part, etag)
    same = right is not None and hmac.compare_digest(given.encode(), right.encode())
    return same and seen == wanted


def mint_links(
    db: Connection,
    keys: Keyring,
    ids: IdSource,
    sealed: Sequence[Archive],
    form: Form,
    now: datetime,
    ends_at: datetime,
) -> None:
    """Make one link for each sealed archive, inside the transaction that makes them public.

    A Yammer link has the export's own path, so a new one replaces the old; others stand beside it.
    """
    for archive in sealed:
        link_id = ids()
        path = f"/exports/{archive.export_id}/{archive.name}" if form == "yammer" else f"/dl/{link_id}/{archive.name}"
        if form == "yammer":
            db.execute(delete(links).where(links.c.path == path))
        db.execute(
            insert(links).values(
                id=link_id, archive_id=archive.id, form=form, path=path, key_id=keys.current,
                starts_at=now - SKEW, ends_at=ends_at,
            )
        )  # fmt: skip


def end_links(db: Connection, export_id: str, now: datetime, *, cut: bool) -> None:
    """End every link of an export before its time; with `cut` running transfers are broken too."""
    of_export = select(archives.c.id).where(archives.c.export_id == export_id)
    db.execute(update(links).where(links.c.archive_id.in_(of_export)).values(ended_at=now, cut=cut))


def newest_link(db: Connection, archive_id: str) -> Link | None:
    """The link of an archive that was made last, one that was not ended before one that was."""
    order = (links.c.ended_at.is_not(None), links.c.starts_at.desc(), links.c.ends_at.desc(), links.c.id)
    row = db.execute(select(links).where(links.c.archive_id == archive_id).order_by(*order).limit(1)).first()
    return None if row is None else Link(**row._mapping)


def last_end(db: Connection, export_id: str) -> datetime | None:
    """When the last link of an export ends by itself; those that were ended before their time are over."""
    of_export = select(archives.c.id).where(archives.c.export_id == export_id)
    last: datetime | None = db.scalar(
        select(func.max(links.c.ends_at)).where(links.c.archive_id.in_(of_export), links.c.ended_at.is_(None))
    )
    return last


def link_at(db: Connection, path: str) -> Link | None:
    """The link with this percent-decoded path."""
    row = db.execute(select(links).where(links.c.path == path)).first()
    return None if row is None else Link(**row._mapping)


def wait_until_forgotten() -> None:
    """Return when no process can still accept a link that was ended before the call."""
    time.sleep(REMEMBERED_SECONDS + 0.1)
