"""Small exports made on the spot: member names to JSON values or to bytes, as a zip or as a folder."""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.sources.slack.recording import Recording, read

USERS = [
    {"id": "U1", "name": "ann", "profile": {"display_name": "Ann", "real_name": "Ann Lee"}},
    {"id": "U2", "name": "bob", "profile": {"display_name": "", "real_name": "Bob Ray"}},
]
GENERAL = {"id": "C1", "name": "general", "creator": "U1", "members": ["U1", "U2"], "created": 1500000000}
DAY = "general/2020-01-01.json"


def encoded(content: Any) -> bytes:
    return content if isinstance(content, bytes) else json.dumps(content).encode()


def zip_of(path: Path, members: Mapping[str, Any], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, encoded(content))
    return path


def folder_of(path: Path, members: Mapping[str, Any]) -> Path:
    for name, content in members.items():
        member = path / name
        member.parent.mkdir(parents=True, exist_ok=True)
        member.write_bytes(encoded(content))
    return path


def general(*messages: Any, **more: Any) -> dict[str, Any]:
    """An export with two users and one channel with these messages on one day."""
    return {"users.json": USERS, "channels.json": [GENERAL], DAY: list(messages), **more}


def message(ts: str = "1577836800.000100", **fields: Any) -> dict[str, Any]:
    return {"type": "message", "user": "U1", "text": "hello", "ts": ts, **fields}


def read_zip(tmp_path: Path, members: Mapping[str, Any]) -> Recording:
    return read(zip_of(tmp_path / "export.zip", members))
