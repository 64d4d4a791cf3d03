"""`users.requestDataDownload`: one operation a day, and an archive in which nobody else has a name (contract 1.15)."""

import io
import json
import zipfile
from datetime import datetime, timedelta

import httpx

from exeunt.clock import utc_now
from tests.apis.rocketchat.conftest import PEOPLE, Api, Make

PATH = "users.requestDataDownload"


def finished(api: Api, answer: httpx.Response) -> str:
    operation = answer.json()["exportOperation"]
    assert api.finish(operation["_id"]).error is None
    return str(operation["_id"])


def test_a_second_call_gives_the_same_operation(make: Make) -> None:
    api = make()
    first = api.get(PATH, fullExport="true").json()
    assert (first["requested"], first["url"], first["pendingOperationsBeforeMyRequest"]) == (True, None, 0)
    assert list(first) == ["requested", "exportOperation", "url", "pendingOperationsBeforeMyRequest", "success"]
    again = api.get(PATH, fullExport="true").json()
    assert (again["requested"], again["url"]) == (False, None)
    assert again["exportOperation"]["_id"] == first["exportOperation"]["_id"]
    other = api.get(PATH, fullExport="TRUE").json()
    assert (other["requested"], other["exportOperation"]["fullExport"]) == (True, False)
    assert other["pendingOperationsBeforeMyRequest"] == 1
    assert api.get(PATH, fullExport="false").json()["exportOperation"]["_id"] == other["exportOperation"]["_id"]
    api.finish(first["exportOperation"]["_id"])
    done = api.get(PATH, fullExport="true").json()
    assert done["url"] == f"/data-export/{first['exportOperation']['_id']}"
    assert done["exportOperation"]["status"] == "completed"
    assert {room["roomId"] for room in done["exportOperation"]["roomList"]} == {"C1", "D1"}
    assert api.client.get(done["url"], headers=api.headers).status_code == 200


def test_a_day_later_it_is_made_again(make: Make) -> None:
    now = [utc_now()]

    def clock() -> datetime:
        return now[0]

    api = make(clock=clock)
    first = finished(api, api.get(PATH))
    now[0] += timedelta(hours=23, minutes=59)
    assert api.get(PATH).json()["exportOperation"]["_id"] == first
    now[0] += timedelta(minutes=1)
    assert api.get(PATH).json()["requested"] is True


def test_nobody_else_is_named_in_the_archive(make: Make) -> None:
    api = make()
    for full in ("true", "false"):
        made = finished(api, api.get(PATH, fullExport=full))
        answer = api.client.get(f"/data-export/{made}", headers=api.headers)
        archive = zipfile.ZipFile(io.BytesIO(answer.content))
        names = archive.namelist()
        if full == "true":
            assert names == ["user.json", "channels.json", "general.json", "D1.json", "assets/F1-plan of spring.txt",
                             "manifest.json"]  # fmt: skip
            channels = archive.read("channels.json").decode().split("\n")
            assert [json.loads(line) for line in channels] == [
                {"roomId": "C1", "roomName": "general", "type": "c"},
                {"roomId": "D1", "roomName": "D1", "type": "d"},
            ]
            said = [json.loads(line) for line in archive.read("general.json").splitlines()]
            assert [message["username"] for message in said] == ["jane", "User_1"] * 6
        else:
            assert names[:3] == ["user.html", "C1.html", "D1.html"]
        everything = b"".join(archive.read(name) for name in names if name != "manifest.json").decode()
        for username, email in PEOPLE.values():
            if username != "jane":
                assert username not in everything
                assert not email or email not in everything


def test_a_key_that_is_not_known(api: Api) -> None:
    answer = api.get(PATH, other="1")
    assert answer.status_code == (400 if api.profile == "8" else 200)
    if api.profile == "8":
        assert answer.json()["errorType"] == "invalid-params"
