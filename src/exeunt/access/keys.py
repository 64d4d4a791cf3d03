"""The signing keys: 256 random bits each, in a file outside the database.

One key a line, the current one first. To rotate, put a new line on top; an old line stays until its last link ended.
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from sqlalchemy import insert, select, update

from exeunt.errors import Conflict, InvalidInput, NotFound
from exeunt.ledger.database import Ledger
from exeunt.ledger.locks import lock
from exeunt.ledger.schema import settings

FINGERPRINT = "key-fingerprint"


class Keyring:
    """Keys by their id: the first 16 hex digits of the key's SHA-256."""

    def __init__(self, keys: list[bytes]) -> None:
        self._keys = {hashlib.sha256(key).hexdigest()[:16]: key for key in keys}
        self.current = next(iter(self._keys))

    @classmethod
    def create(cls, path: Path) -> None:
        """Write a new key to `path`, readable by its owner only."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(secrets.token_hex(32) + "\n")
            out.flush()
            os.fsync(out.fileno())

    @classmethod
    def load(cls, path: Path) -> "Keyring":
        """Read the keys. Raises `NotFound` without the file, `InvalidInput` when a line is no key."""
        try:
            lines = path.read_text().split()
        except OSError as error:
            raise NotFound(f"the key file {path} cannot be read: {error.strerror}") from error
        try:
            keys = [bytes.fromhex(line) for line in lines]
        except ValueError:
            keys = []
        if not keys or any(len(key) != 32 for key in keys):
            raise InvalidInput(f"the key file {path} must hold lines of 64 hex digits")
        return cls(keys)

    @property
    def ids(self) -> set[str]:
        """Of every key in the file."""
        return set(self._keys)

    def sign(self, key_id: str, purpose: str, message: bytes) -> bytes | None:
        """HMAC-SHA256 under a key made for one purpose; None when the key is no longer here."""
        key = self._keys.get(key_id)
        if key is None:
            return None
        own = hmac.digest(key, purpose.encode(), "sha256")
        return hmac.digest(own, message, "sha256")

    def remember_fingerprint(self, ledger: Ledger) -> None:
        """Write the current key's id into the ledger, once."""
        with ledger.write() as db:
            lock(db, FINGERPRINT)
            if db.scalar(select(settings.c.value).where(settings.c.name == FINGERPRINT)) is None:
                db.execute(insert(settings).values(name=FINGERPRINT, value=self.current))

    def check_fingerprint(self, ledger: Ledger) -> None:
        """Raises `Conflict` when this ledger belongs to another key: links and other processes would not agree."""
        with ledger.read() as db:
            known = db.scalar(select(settings.c.value).where(settings.c.name == FINGERPRINT))
        if known is not None and known not in self._keys:
            raise Conflict("the key file does not belong to this ledger; restore the original secret.key")
        if known is not None and known != self.current:
            # a new line stands on top: from now on the ledger belongs to it, and the old one may go
            with ledger.write() as db:
                db.execute(update(settings).where(settings.c.name == FINGERPRINT).values(value=self.current))


def is_fingerprinted(ledger: Ledger) -> bool:
    """Whether a key has ever been used with this ledger."""
    with ledger.read() as db:
        return db.scalar(select(settings.c.value).where(settings.c.name == FINGERPRINT)) is not None
