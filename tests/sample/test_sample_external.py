"""The external network: its own workspace that shares people with home."""

import json
import zipfile
from pathlib import Path

from exeunt.sample import write_external, write_home


def test_some_people_are_the_same_by_address_only(tmp_path: Path) -> None:
    write_home(tmp_path / "home.zip", messages=1, files=0, large_file_bytes=0)
    facts = write_external(tmp_path / "external.zip", messages=500, files=10)
    users = {}
    for name in ("home", "external"):
        with zipfile.ZipFile(tmp_path / f"{name}.zip") as archive:
            listed = json.loads(archive.read("users.json"))
        users[name] = {user["profile"]["email"]: user for user in listed if "email" in user["profile"]}
    shared = set(users["home"]) & set(users["external"])
    assert len(shared) == 7
    for address in shared:
        assert users["home"][address]["id"] != users["external"][address]["id"]
        assert users["home"][address]["team_id"] != users["external"][address]["team_id"]
    assert facts.guests == 4
    assert facts.external_files >= 4


def test_bodies_lie_beside_their_room(tmp_path: Path) -> None:
    facts = write_external(tmp_path / "external.zip", messages=500, files=10)
    with zipfile.ZipFile(tmp_path / "external.zip") as archive:
        assert archive.testzip() is None
        bodies = [name for name in archive.namelist() if "/attachments/" in name]
        sizes = {}
        for name in archive.namelist():
            if name.endswith(".json") and "/" in name and "/attachments/" not in name:
                folder = name.partition("/")[0]
                for message in json.loads(archive.read(name)):
                    for file in (*message.get("files", ()), *([message["file"]] if "file" in message else ())):
                        if "size" in file:
                            sizes[f"{folder}/attachments/{file['id']}-{file['name']}"] = file["size"]
        assert len(bodies) == facts.files == 10
        assert all(archive.getinfo(name).file_size == sizes[name] for name in bodies)
    assert facts.messages == 500
