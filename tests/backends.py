"""The two ways an installation can be set up: SQLite and a folder, or PostgreSQL and a bucket."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exeunt.config import Settings
from exeunt.storage.folder import Folder
from exeunt.storage.opening import open_places
from exeunt.storage.seam import Storage
from tests.servers import PostgreSQL, S3Server, name_of

EMBEDDED, LARGE = "sqlite", "postgresql"

both = pytest.mark.both
"""For a module or a test of which whatever has a backend runs on both; all others run on SQLite and a folder."""


class Backend:
    """Where the installations of a test keep what they hold."""

    name = EMBEDDED

    def settings(self, data: Path, **values: Any) -> Settings:
        """Settings of a new installation whose data folder this is."""
        return Settings(**{"data": str(data), "min_free_bytes": 1024, **values})

    def keep(self, made: Settings) -> None:
        """This installation is for other tests too."""

    def tidy(self) -> None:
        """The test is over: remove what it made."""

    def database(self, path: Path) -> str:
        """The URL of a database without a table."""
        return f"sqlite:///{path / 'ledger.sqlite'}"

    def storage(self, path: Path) -> Storage:
        """An empty storage."""
        return Folder(path)

    def copied(self, made: Settings, data: Path, **values: Any) -> Settings:
        """Settings of a copy of an installation that is closed."""
        shutil.copytree(made.data, data)
        return self.settings(data, **values)


class Large(Backend):
    """One database and one prefix for each installation."""

    name = LARGE

    def __init__(self, databases: PostgreSQL, bucket: S3Server, template: Callable[[], str]) -> None:
        self._databases, self._bucket, self._template = databases, bucket, template
        self._made: set[str] = set()

    def _database(self, template: str = "template1") -> str:
        url = self._databases.database(template)
        self._made.add(url)
        return url

    def keep(self, made: Settings) -> None:
        self._made.discard(made.database_url)

    def tidy(self) -> None:
        while self._made:
            self._databases.drop(self._made.pop())

    def settings(self, data: Path, **values: Any) -> Settings:
        return self._settings(data, self._database(name_of(self._template())), self._bucket.prefix(), values)

    def database(self, path: Path) -> str:
        return Settings(database_url=self._database()).ledger_url

    def storage(self, path: Path) -> Storage:
        return open_places(self._settings(path, "", self._bucket.prefix(), {})).blobs

    def copied(self, made: Settings, data: Path, **values: Any) -> Settings:
        shutil.copytree(made.data, data)
        database = self._database(name_of(made.database_url))
        settings = self._settings(data, database, self._bucket.prefix(), values)
        self._bucket.copy(made.storage_url, settings.storage_url)
        return settings

    def _settings(self, data: Path, database: str, prefix: str, values: dict[str, Any]) -> Settings:
        large = {"database_url": database, "storage_url": prefix, "storage_endpoint": self._bucket.endpoint}
        return super().settings(data, **{**large, **values})


def variables(settings: Settings) -> dict[str, str]:
    """What a process has to be told to work on the same installation."""
    found = {"EXEUNT_DATA": settings.data, "EXEUNT_MIN_FREE_BYTES": "1024"}
    for name in ("database_url", "storage_url", "storage_endpoint"):
        if value := getattr(settings, name):
            found[f"EXEUNT_{name.upper()}"] = value
    return found
