"""The storage that the settings name, and the mark that says whose it is."""

import os
from typing import NamedTuple

import msgspec

from exeunt.config import Settings
from exeunt.errors import Conflict, Damaged, NotFound
from exeunt.storage.folder import Folder
from exeunt.storage.seam import Storage

MARK = "exeunt.json"


class Places(NamedTuple):
    """What an installation keeps outside its database: `root` holds the other two."""

    root: Storage
    blobs: Storage
    lake: Storage


def open_places(settings: Settings) -> Places:
    """Nothing is asked yet. Raises `InvalidInput` for a URL that names no bucket."""
    if not settings.storage_url:
        return Places(*(Folder(settings.data_path / name) for name in ("", "blobs", "lake")))
    from exeunt.storage.s3 import S3, parse

    bucket, prefix = parse(settings.storage_url)
    endpoint = settings.storage_endpoint or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    scratch = settings.data_path / "scratch"
    return Places(*(S3(bucket, f"{prefix}/{name}", scratch / name, endpoint or "") for name in ("", "blobs", "lake")))


class _Mark(msgspec.Struct, frozen=True):
    key_fingerprint: str


def claim(places: Places, fingerprint: str) -> None:
    """Mark a bucket's prefix as this installation's, unless it bears a mark already. A folder needs none."""
    places.root.check()
    if not places.root.is_local:
        places.root.create(MARK, msgspec.json.encode(_Mark(fingerprint)))


def require_owner(places: Places, fingerprints: set[str], current: str) -> None:
    """Raises `Unavailable` when the storage cannot be used, `Conflict` when another installation uses it, `NotFound`
    when nobody does."""
    places.root.check()
    if places.root.is_local:
        return
    where = places.root.url("").rstrip("/")
    try:
        mark = msgspec.json.decode(places.root.get(MARK), type=_Mark)
    except Damaged as error:
        raise NotFound(f"{where} is not the storage of an installation; `exeunt init` makes it one") from error
    except msgspec.DecodeError as error:
        raise Conflict(f"{places.root.url(MARK)} is not what an installation writes there") from error
    if mark.key_fingerprint not in fingerprints:
        raise Conflict(f"another installation uses {where}: name another bucket or prefix")
    if mark.key_fingerprint != current:
        # as in the ledger: from now on it belongs to the key on top, and the old one may go
        places.root.replace(MARK, msgspec.json.encode(_Mark(current)))
