"""Clients as they are, on a real server: the document's calls on port 3000, a wrapper from PyPI for the whole road."""

import io
import json
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import requests
from rocketchat_API.APIExceptions.RocketExceptions import (  # type: ignore[import-untyped]
    RocketApiException,
    RocketAuthenticationException,
)
from rocketchat_API.rocketchat import RocketChat  # type: ignore[import-untyped]

from exeunt.installation import Installation
from tests.apis.rocketchat.conftest import PASSWORD, Api, furnish
from tests.conftest import serving, settings_for, wait_for

ROOM, USER, TOKEN = "iu7jtPAhvEeAS5tNq", "d26x6zSkaPSe5gCyy", "Zu-Z6eKzIIz7MCCRGeHi29bYkXZCJ4SxFC0JAasqm92"
"""What stands in the document's examples, in whose places those of the installation are put."""

CURL = """\
curl -L -X POST 'http://localhost:3000/api/v1/rooms.export' \\
-H 'X-User-Id: d26x6zSkaPSe5gCyy' \\
-H 'X-Auth-Token: Zu-Z6eKzIIz7MCCRGeHi29bYkXZCJ4SxFC0JAasqm92' \\
-H 'Content-Type: application/json' \\
--data-raw '{
    "rid": "iu7jtPAhvEeAS5tNq",
    "type": "file",
    "dateFrom": "2000-01-01",
    "dateTo": "2021-11-25",
    "format": "html"
}'
"""

NODE = """\
var request = require('request');
var options = {
'method': 'POST',
'url': 'http://localhost:3000/api/v1/rooms.export',
'headers': {
'X-User-Id': 'd26x6zSkaPSe5gCyy',
'X-Auth-Token': 'Zu-Z6eKzIIz7MCCRGeHi29bYkXZCJ4SxFC0JAasqm92',
'Content-Type': 'application/json'
},
body: JSON.stringify({"rid":"iu7jtPAhvEeAS5tNq","type":"file","dateFrom":"2000-01-01","dateTo":"2021-11-25","format":"html"})
};
request(options, function (error, response) {
if (error) throw new Error(error);
console.log(response.body);
});
"""  # noqa: E501

REQUEST = """\
module.exports = function (options, done) {
  const call = require('http').request(options.url, {method: options.method, headers: options.headers}, answer => {
    let body = '';
    answer.on('data', piece => body += piece).on('end', () => done(null, {body, statusCode: answer.statusCode}));
  });
  call.on('error', done);
  call.end(options.body);
};
"""
"""Stands in for the package that the example loads, which nobody maintains any more."""

PYTHON = r"""
import requests
url = "http://localhost:3000/api/v1/rooms.export"
payload="{\n \"rid\": \"iu7jtPAhvEeAS5tNq\",\n \"type\": \"file\",\n \"dateFrom\": \"2000-01-01\",\n \"dateTo\": \"2021-11-25\",\n \"format\": \"html\"\n}"
headers = {
'X-User-Id': 'd26x6zSkaPSe5gCyy',
'X-Auth-Token': 'Zu-Z6eKzIIz7MCCRGeHi29bYkXZCJ4SxFC0JAasqm92',
'Content-Type': 'application/json'
}
response = requests.request("POST", url, headers=headers, data=payload)
print(response.text)
"""  # noqa: E501

FIELDS = ('"rid": "iu7jtPAhvEeAS5tNq"', '"type": "file"', '"dateFrom": "2000-01-01"', '"dateTo": "2021-11-25"',
          '"format": "html"')  # fmt: skip
BODIES = {
    # PHP's single quotes leave backslash and n as they are, Java's double quotes make a line feed of them
    "PHP": ("{\\n    " + ",\\n    ".join(FIELDS) + "\\n}").encode(),
    "Java": ("{\n    " + ",\n    ".join(FIELDS) + "\n}").encode(),
}


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    installation = Installation.create(settings_for(tmp_path_factory.mktemp("clients")))
    furnish(installation)
    yield Api(installation)
    installation.ledger.close()


def filled_in(text: str, api: Api) -> str:
    for printed, own in ((ROOM, "C1"), (USER, api.headers["X-User-Id"]), (TOKEN, api.headers["X-Auth-Token"])):
        assert printed in text
        text = text.replace(printed, own)
    return text


@pytest.mark.skipif(not is_free(3000), reason="something else listens on port 3000")
def test_the_documents_calls_as_printed(api: Api, tmp_path: Path) -> None:
    with serving(api.installation, "--port", "3000"):
        said = [subprocess.run(["bash", "-c", filled_in(CURL, api)], capture_output=True, text=True, check=True).stdout]
        script = tmp_path / "example.py"
        script.write_text(filled_in(PYTHON, api))
        said.append(subprocess.run([sys.executable, script], capture_output=True, text=True, check=True).stdout)
        if shutil.which("node"):
            (tmp_path / "node_modules" / "request").mkdir(parents=True)
            (tmp_path / "node_modules" / "request" / "index.js").write_text(REQUEST)
            (tmp_path / "example.js").write_text(filled_in(NODE, api))
            said.append(
                subprocess.run(["node", "example.js"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
            )
        for body in BODIES.values():
            own = body.replace(ROOM.encode(), b"C1")
            headers = {**api.headers, "Content-Type": "application/json"}
            said.append(requests.post("http://localhost:3000/api/v1/rooms.export", data=own, headers=headers).text)
        assert {text.strip() for text in said} == {'{"success":true}'}
        exports = api.installation.exports.list("acme", api="rocketchat")
        assert len(exports) == len(said)
        for export in exports:
            assert wait_for(api.installation, export.id).error is None


def test_a_wrapper_from_pypi_goes_the_whole_road(api: Api) -> None:
    with serving(api.installation) as base:
        with pytest.raises(RocketAuthenticationException):
            RocketChat("jane", "wrong", server_url=base)
        rocket = RocketChat("jane", PASSWORD, server_url=base)
        assert rocket.me()["username"] == "jane"
        rooms = {room["name"]: room["_id"] for room in rocket.channels_list()}
        assert rooms == {"general": "C1", "old": "C2"}
        assert {room["_id"] for room in rocket.rooms_get()["update"]} == {"C1", "D1"}
        assert rocket.rooms_info(room_name="general")["room"]["_id"] == "C1"
        assert rocket.channels_info(room_id="C1")["channel"]["name"] == "general"
        assert len(list(rocket.channels_history("C1", count=5))) == 12
        assert len(list(rocket.channels_members(room_id="C1"))) == 3
        with pytest.raises(RocketApiException) as refused:
            rocket.call_api_post("rooms.export", rid="nowhere", type="file", format="json")
        assert refused.value.error_type == "error-invalid-room"
        assert rocket.call_api_post("rooms.export", rid="C1", type="file", format="json") == {"success": True}
        made = api.installation.exports.list("acme", api="rocketchat")[0]
        assert wait_for(api.installation, made.id).error is None
        headers = {name: rocket.headers[name] for name in ("X-User-Id", "X-Auth-Token")}
        answer = httpx.get(f"{base}/data-export/{made.id}", headers=headers)
        archive = zipfile.ZipFile(io.BytesIO(answer.content))
        lines = archive.read("general.json").decode().split("\n")[:-1]
        assert [json.loads(line)["msg"].split("\n")[0] for line in lines] == [f"<b>number</b> {n}" for n in range(12)]
        assert rocket.logout()["status"] == "success"
        assert httpx.get(f"{base}/api/v1/me", headers=headers).status_code == 401


def test_a_reading_process_ends_with_the_server(api: Api) -> None:
    def reading() -> set[str]:
        found = set()
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if b"exeunt.layouts.rocketchat.reading" in path.read_bytes():
                    found.add(path.parent.name)
            except OSError:
                continue
        return found

    before = reading()
    with serving(api.installation) as base:
        answer = httpx.get(f"{base}/api/v1/channels.history?roomId=C1", headers=api.headers, timeout=30)
        assert answer.status_code == 200
        mine = reading() - before
        assert mine
    until = time.monotonic() + 20
    while mine & reading() and time.monotonic() < until:
        time.sleep(0.1)
    assert not mine & reading()
