"""`exeunt doctor`."""

import secrets
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click
import msgspec

from exeunt.cli.output import emit, json_option
from exeunt.errors import ExeuntError, InvalidInput

if TYPE_CHECKING:
    from exeunt.config import Settings
    from exeunt.ledger.database import Ledger
    from exeunt.storage.seam import Storage

SKEW = timedelta(minutes=1)
"""A clock may be this far behind what was written before it is called wrong."""


class Unsound(ExeuntError):
    """A check failed; the message says what is wrong and what to do."""


class Finding(msgspec.Struct, frozen=True):
    """What one check found."""

    check: str
    ok: bool
    message: str


@click.command("doctor")
@json_option
def doctor(as_json: bool) -> None:
    """Check that this installation can work, one line each. Exit status 1 when one check fails."""
    from exeunt.clock import utc_now
    from exeunt.config import load_settings

    findings = examine(load_settings(), utc_now())
    emit(as_json, findings, [f"{'ok  ' if f.ok else 'FAIL'}  {f.check}: {f.message}" for f in findings])
    if not all(finding.ok for finding in findings):
        sys.exit(1)


def examine(settings: "Settings", now: datetime) -> list[Finding]:
    """Every check, whatever the others found."""
    checks: dict[str, Callable[[], str]] = {
        "database": lambda: _database(settings),
        "storage": lambda: _storage(settings),
        "free space": lambda: _free_space(settings),
        "key": lambda: _key(settings),
        "clock": lambda: _clock(settings, now),
        "mail": lambda: check_mail(settings),
        "public URL": lambda: _public_url(settings),
    }
    return [_found(name, check) for name, check in checks.items()]


def _found(name: str, check: Callable[[], str]) -> Finding:
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError

    try:
        return Finding(name, True, check())
    except DBAPIError as error:
        return Finding(name, False, f"the database cannot be read: {error.orig}")
    except (ExeuntError, OSError, SQLAlchemyError) as error:
        return Finding(name, False, " ".join(str(error).split()))


def _ledger(settings: "Settings") -> "Ledger":
    from exeunt.ledger.database import Ledger

    _require_installation(settings)
    return Ledger(settings.ledger_url)


def _require_installation(settings: "Settings") -> None:
    if not settings.database_url and not (settings.data_path / "ledger.sqlite").exists():
        raise Unsound(f"there is no installation in {settings.data}; `exeunt init` makes one")


def _database(settings: "Settings") -> str:
    from sqlalchemy import delete, insert

    from exeunt.ledger.migrate import NEWEST, require_current, require_rights
    from exeunt.ledger.schema import settings as table

    ledger = _ledger(settings)
    try:
        require_current(ledger)
        require_rights(ledger)
        mark = f"doctor-{secrets.token_hex(8)}"
        with ledger.write() as db:
            db.execute(insert(table).values(name=mark, value=""))
            db.execute(delete(table).where(table.c.name == mark))
        if ledger.is_sqlite:
            with ledger.read() as db:
                verdict = str(db.exec_driver_sql("PRAGMA quick_check(1)").scalar())
            if verdict != "ok":
                raise Unsound(f"the file is damaged: {verdict}")
    finally:
        ledger.close()
    return f"{'SQLite' if ledger.is_sqlite else 'PostgreSQL'}, tables of revision {NEWEST}"


def _storage(settings: "Settings") -> str:
    from exeunt.storage.opening import open_places

    _require_installation(settings)
    places = open_places(settings)
    places.root.check()
    for storage in (places.blobs, places.lake):
        _try(storage, f"doctor/{secrets.token_hex(8)}")
    where = places.root.url("").rstrip("/") if settings.storage_url else str(settings.data_path.absolute())
    return f"{where} takes and gives bytes"


def _try(storage: "Storage", key: str) -> None:
    """Every operation once: write, write unless there, read a range, list, delete."""
    sample, place = secrets.token_bytes(4096), storage.url(key)
    try:
        if not storage.create(key, sample) or storage.create(key, b"other"):
            raise Unsound(f"{place} was written over, though it should only be written when it is not there")
        if storage.get(key) != sample:
            raise Unsound(f"what was written to {place} came back different")
        reader = storage.reader(key)
        try:
            if reader.pread(1000, 100) != sample[1000:1100]:
                raise Unsound(f"a range of {place} came back different")
        finally:
            reader.close()
        if (key, len(sample)) not in storage.walk("doctor"):
            raise Unsound(f"{place} is not listed, though it was written")
    finally:
        storage.remove([key])
    if storage.size(key) is not None:
        raise Unsound(f"{place} cannot be deleted")
    storage.remove_below("doctor")


def _free_space(settings: "Settings") -> str:
    if settings.database_url:
        # another machine has made the installation, and this one needs room to work
        settings.data_path.mkdir(parents=True, exist_ok=True, mode=0o700)
    free = shutil.disk_usage(settings.data_path).free
    if free < settings.min_free_bytes:
        raise Unsound(
            f"{free // 1024**2} MiB are free and {settings.min_free_bytes // 1024**2} MiB are needed: new exports "
            "and imports wait"
        )
    return f"{free // 1024**2} MiB"


def _key(settings: "Settings") -> str:
    from exeunt.access.keys import Keyring
    from exeunt.storage.opening import open_places, require_owner

    keys = Keyring.load(settings.secret_path)
    if settings.secret_path.stat().st_mode & 0o077:
        raise Unsound(f"others may read {settings.secret_path}: chmod 600 it")
    ledger = _ledger(settings)
    try:
        keys.check_fingerprint(ledger)
    finally:
        ledger.close()
    require_owner(open_places(settings), keys.ids, keys.current)
    return f"{keys.current} signs"


def _clock(settings: "Settings", now: datetime) -> str:
    from sqlalchemy import func, select

    from exeunt.clock import iso
    from exeunt.ledger.schema import audit, exports

    ledger = _ledger(settings)
    try:
        with ledger.read() as db:
            newest = max(filter(None, (db.scalar(select(func.max(c))) for c in (audit.c.at, exports.c.updated_at))),
                         default=now)  # fmt: skip
            database = now if ledger.is_sqlite else db.scalar(select(func.now()))
    finally:
        ledger.close()
    if now < newest - SKEW:
        raise Unsound(f"it says {iso(now)}, and something was written at {iso(newest)}: set it right")
    if database is not None and abs(database - now) > SKEW:
        raise Unsound(f"it says {iso(now)}, the database's says {iso(database)}: set them right")
    return iso(now)


def _public_url(settings: "Settings") -> str:
    url = settings.public_url
    if not url:
        return "not set: links name the host that each client used"
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_is_fine = urlsplit(""), False
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_fine or parts.query or parts.fragment:
        raise Unsound(f"{url!r} is not an http or https address")
    if parts.path.strip("/"):
        raise Unsound(f"{url!r} has a path; links are made for the top of a host")
    # the server need not run while somebody looks for what is wrong, so silence is told and is no failure
    return f"{url} ({'answers' if _answers(url) else 'nothing answers there now, seen from here'})"


def check_mail(settings: "Settings") -> str:
    """Whether the mail server takes us. Raises `Unsound`."""
    from exeunt.mail.transport import Refused, greet

    try:
        return greet(settings)
    except (Refused, InvalidInput) as error:
        raise Unsound(f"mail cannot be sent: {error}") from error


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url.rstrip("/") + "/healthz", timeout=3):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return True
    except (OSError, ValueError):
        return False
