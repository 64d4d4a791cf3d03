"""The same job gives the same bytes."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from exeunt.lake import markers
from exeunt.lake.rows import Reaction
from tests.layouts.html.workspace import World, at, said

AGAIN = """
import hashlib, sys
from pathlib import Path
from tests.layouts.html.workspace import World
from exeunt.lake.catalog import Catalog
world = World.__new__(World)
from exeunt.ledger.database import Ledger
from exeunt.blobs.store import BlobStore
from exeunt.storage.folder import Folder
path = Path(sys.argv[1])
world.path, world.ledger = path, Ledger(f"sqlite:///{path / 'ledger.sqlite'}")
world.catalog, world.blobs = Catalog(world.ledger), BlobStore(Folder(path / "blobs"))
exported = world.export(export_id="x1", shard_rows=20)
print(hashlib.sha256(exported.archives[0].read_bytes()).hexdigest())
"""


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles"])
def test_in_another_process_zone_and_hash_seed(world: World, tmp_path: Path, zone: str) -> None:
    reactions = [Reaction("tada", ["U1", "U2"], 2), Reaction("odd", ["U3"], 1)]
    rows = [
        said(n, f"word{n % 7} {markers.person('U2')} {markers.emoji('tada')} größe", at(days=n, hours=n % 24),
             edited_at=at(days=n + 1), author_id=f"U{n % 5}", reactions=reactions)
        for n in range(60)
    ]  # fmt: skip
    first = world.take(rows).export(shard_rows=20)
    environment = {**os.environ, "TZ": zone, "PYTHONHASHSEED": "7", "LC_ALL": "C", "POLARS_MAX_THREADS": "1"}
    again = subprocess.run(
        [sys.executable, "-c", AGAIN, str(tmp_path)], env=environment, capture_output=True, text=True, check=True,
        cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert again.stdout.strip() == hashlib.sha256(first.archives[0].read_bytes()).hexdigest()
