"""One installation: the folder or database it lives in and the services built on it. The only place that wires them."""

import os
from contextlib import closing
from functools import cached_property

from exeunt.access.audit import Audit
from exeunt.access.keys import Keyring, is_fingerprinted
from exeunt.access.service import Access
from exeunt.blobs.store import BlobStore
from exeunt.clock import Clock, IdSource, random_id, utc_now
from exeunt.config import Settings
from exeunt.errors import NotFound
from exeunt.exports.service import Exports
from exeunt.lake.catalog import Catalog
from exeunt.lake.directory import Directory
from exeunt.ledger.database import Ledger
from exeunt.ledger.migrate import require_current, require_rights, upgrade
from exeunt.mail.outbox import Outbox
from exeunt.storage.folder import require_writable
from exeunt.storage.opening import claim, open_places, require_owner
from exeunt.storage.seam import Storage


class Installation:
    """Opens what exists; `create` makes what does not. Build it once a process, after any fork."""

    def __init__(self, settings: Settings, *, clock: Clock = utc_now, ids: IdSource = random_id) -> None:
        self.settings, self.clock, self.ids = settings, clock, ids
        if not settings.database_url and not (settings.data_path / "ledger.sqlite").exists():
            raise NotFound(f"there is no installation in {settings.data}; `exeunt init` makes one")
        self._places = open_places(settings)
        require_writable(settings.data_path)
        settings.data_path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.ledger = Ledger(settings.ledger_url)
        try:
            require_current(self.ledger)
            require_rights(self.ledger)
            self.keys = Keyring.load(settings.secret_path)
            self.keys.check_fingerprint(self.ledger)
            require_owner(self._places, self.keys.ids, self.keys.current)
        except BaseException:
            self.ledger.close()
            raise

    @classmethod
    def create(cls, settings: Settings, *, clock: Clock = utc_now, ids: IdSource = random_id) -> "Installation":
        """Make the data folder, the key and the tables where they are missing, then open the installation."""
        places = open_places(settings)
        data = settings.data_path
        places.root.check()
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.chmod(data, 0o700)
        with closing(Ledger(settings.ledger_url)) as ledger:
            upgrade(ledger)
            # a ledger that knows a key has lost it: a new one would make every link and token worthless
            if not settings.secret_path.exists() and not is_fingerprinted(ledger):
                Keyring.create(settings.secret_path)
            keys = Keyring.load(settings.secret_path)
            keys.remember_fingerprint(ledger)
            keys.check_fingerprint(ledger)
        claim(places, keys.current)
        return cls(settings, clock=clock, ids=ids)

    @property
    def lake(self) -> Storage:
        return self._places.lake

    @cached_property
    def blobs(self) -> BlobStore:
        return BlobStore(self._places.blobs)

    @cached_property
    def catalog(self) -> Catalog:
        return Catalog(self.ledger)

    @cached_property
    def directory(self) -> Directory:
        return Directory(self.ledger)

    @cached_property
    def exports(self) -> Exports:
        return Exports(self.ledger, self.catalog, self.blobs, self.settings, self.keys, self.clock, self.ids)

    @cached_property
    def outbox(self) -> Outbox:
        return Outbox(self.ledger, self.settings, self.clock, self.ids)

    @cached_property
    def access(self) -> Access:
        return Access(self.ledger, self.catalog, self.settings, self.clock, self.ids)

    @cached_property
    def audit(self) -> Audit:
        return Audit(self.ledger, self.clock)
