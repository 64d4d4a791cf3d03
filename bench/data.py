"""What is measured on, made by the project itself and kept in `bench/.cache` until the code that made it changes."""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import exeunt
from bench.child import exeunt as command
from exeunt.config import Settings
from exeunt.installation import Installation

CACHE = Path(__file__).parent / ".cache"
WORKSPACE = "bench"
_SOURCE = Path(exeunt.__file__).parent
_MAKERS = ("sample", "lake/columns.py", "lake/rows.py", "lake/segments.py", "ledger/schema.py", "blobs/store.py")


def _stamp() -> str:
    """Changes when the code that makes the data does."""
    digest = hashlib.sha256()
    for maker in _MAKERS:
        paths = sorted((_SOURCE / maker).rglob("*.py")) if (_SOURCE / maker).is_dir() else [_SOURCE / maker]
        for path in paths:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def kept(name: str, make: Callable[[Path], None]) -> Path:
    """The file or folder of this name in the cache; `make` writes it to the path it is given when it is not there."""
    path, note = CACHE / name, CACHE / f"{name}.made-by"
    if not (path.exists() and note.exists() and note.read_text() == _stamp()):
        CACHE.mkdir(exist_ok=True)
        remove(path)
        make(path)
        note.write_text(_stamp())
    return path


def remove(path: Path) -> None:
    """Remove a file or folder that may not be there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def slack_export(messages: int, bodies: int = 0, body_bytes: int = 0, *, one_room: bool = False) -> Path:
    """A Slack export with mentions, threads, reactions, code and links."""
    from exeunt.sample import write_bench

    def make(path: Path) -> None:
        rooms, users = (200, 2000) if messages >= 20_000 else (20, 100)
        rooms = 1 if one_room else rooms
        write_bench(path, messages=messages, bodies=bodies, body_bytes=body_bytes, rooms=rooms, users=users)

    return kept(f"slack-{messages}-{bodies}x{body_bytes}{'-room' if one_room else ''}.zip", make)


def empty_installation(path: Path) -> Installation:
    """A new installation with one empty workspace."""
    remove(path)
    installation = Installation.create(Settings(data=str(path)))
    installation.catalog.add_workspace(WORKSPACE, "Bench", None, installation.clock())
    return installation


def imported(messages: int, *, one_room: bool = False) -> Path:
    """An installation whose workspace holds the Slack export of so many messages, in many rooms or in one."""

    def make(path: Path) -> None:
        empty_installation(path)
        source = slack_export(messages, one_room=one_room)
        command(path, "import", "slack", str(source), "--workspace", WORKSPACE, "--json")

    return kept(f"data-{messages}{'-room' if one_room else ''}", make)


def scratch(name: str) -> Path:
    """A folder of this run that is empty and may be filled."""
    path = CACHE / "scratch" / name
    remove(path)
    path.mkdir(parents=True)
    return path


def on_disk(folder: Path) -> None:
    """Wait until what was written stands on the disk, so that no later measurement pays for it."""
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
    os.sync()
