"""An installation with two workspaces that have nothing to do with each other, and an external one of the first."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from exeunt.access.service import Access
from exeunt.config import Settings
from exeunt.installation import Installation
from tests.access.world import TurnedClock


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
def installation(tmp_path: Path, clock: TurnedClock) -> Iterator[Installation]:
    made = Installation.create(Settings(data=str(tmp_path / "data")), clock=clock)
    made.catalog.add_workspace("acme", "Acme", None, clock.now)
    made.catalog.add_workspace("guests", "Guests of Acme", "acme", clock.now)
    made.catalog.add_workspace("other", "Other", None, clock.now)
    yield made
    made.ledger.close()


@pytest.fixture
def access(installation: Installation) -> Access:
    return installation.access
