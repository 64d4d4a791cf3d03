"""The whole life of a request over real HTTP, as scripts and SDKs drive it (Yammer contract 2, 6)."""

import hashlib
import io
import os
import random
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from exeunt.installation import Installation
from tests.apis.yammer.conftest import REQUESTS, SINCE
from tests.layouts.yammer_files.conftest import read_csv

IN_PROGRESS = re.compile(
    "Only one request can be in progress for one admin at a time. Existing Request Id: ([0-9a-f-]{36})"
)


class Server:
    """`exeunt serve` with its log in a file, and an administrator's token."""

    def __init__(self, installation: Installation, base: str, log: Path) -> None:
        self.base, self.log = base, log
        installation.access.add_account("user1@example.org", "acme", "administrator", None)
        self.token = str(installation.access.create_token("user1@example.org", "acme", api="yammer")[0])
        self.admin = httpx.Client(base_url=base, headers={"Authorization": f"Bearer {self.token}"}, timeout=30)
        self.nobody = httpx.Client(timeout=30)

    def complete(self, request_id: str) -> list[str]:
        """Poll as the vendor's script does; the links."""
        for _ in range(300):
            status = self.admin.get(f"{REQUESTS}/{request_id}").json()
            if "COMPLETE" in status["status"]:
                return list(status["data"])
            time.sleep(0.4)
        raise AssertionError(status)


@pytest.fixture
def server(installation: Installation, tmp_path: Path) -> Iterator[Server]:
    log = tmp_path / "log"
    own = {"EXEUNT_DATA": installation.settings.data, "EXEUNT_MIN_FREE_BYTES": "1024"}
    command = [sys.executable, "-m", "exeunt", "serve", "--port", "0"]
    with (
        log.open("wb") as out,
        subprocess.Popen(command, env=os.environ | own, stdout=subprocess.PIPE, stderr=out, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            found = re.search(r"http://\S+", process.stdout.readline())
            assert found, log.read_text()
            made = Server(installation, found[0], log)
            with made.admin, made.nobody:
                yield made
        finally:
            process.terminate()


def test_from_the_post_to_the_end_of_the_links(server: Server) -> None:
    started = server.admin.post(REQUESTS + ".json", params=SINCE)
    request_id = started.json()["user_request_id"]
    # a bare GET without a token, several times and in parallel, as importers do it
    archive, metadata = server.complete(request_id)
    with ThreadPoolExecutor(8) as pool:
        copies = {answer.content for answer in pool.map(server.nobody.get, [archive] * 16)}
    (data,) = copies
    whole = zipfile.ZipFile(io.BytesIO(data))
    assert whole.testzip() is None
    rows = read_csv(server.nobody.get(metadata).content)
    assert rows == read_csv(whole.read("Files.csv"))
    held = next(row for row in rows if row["path"])
    body = zipfile.ZipFile(io.BytesIO(whole.read(held["archive"]))).read(held["path"])
    assert (len(body), hashlib.sha256(body).hexdigest()) == (int(held["size"]), held["sha256"])
    _head_and_resume(server, archive, data)
    ended = server.admin.put(f"{REQUESTS}/{request_id}", params={"state": "Expired"})
    assert ended.json() == "Expiration process has successfully initiated. Data URLs will soon be disabled"
    for url in (archive, metadata):
        for headers in ({}, {"Range": "bytes=5-"}):
            answer = server.nobody.get(url, headers=headers)
            assert (answer.status_code, answer.json()) == (403, "This download link has expired")
    status = server.admin.get(f"{REQUESTS}/{request_id}").json()
    assert (status["status"], status["data"]) == ("EXPIRED", [])
    again = server.admin.put(f"{REQUESTS}/{request_id}", params={"state": "Expired"})
    assert (again.status_code, again.json()) == (
        400,
        f"Export with given {request_id} has already been expired or failed",
    )
    with ThreadPoolExecutor(1) as pool:
        pool.submit(server.nobody.get, f"{server.base}{REQUESTS}?since=2020-01-01&access_token={server.token}").result()
    log = server.log.read_text()
    assert "/exports/" in log
    signature = archive.partition("sig=")[2]
    assert server.token not in log
    assert signature not in log


def _head_and_resume(server: Server, url: str, data: bytes) -> None:
    head, got = server.nobody.head(url), server.nobody.get(url)
    beside = {"date", "x-request-id"}
    assert {k: v for k, v in head.headers.items() if k not in beside} == {
        k: v for k, v in got.headers.items() if k not in beside
    }
    choose = random.Random(7)
    for _ in range(10):
        cut = choose.randrange(len(data))
        rest = server.nobody.get(url, headers={"Range": f"bytes={cut}-", "If-Range": got.headers["etag"]})
        assert rest.status_code == 206
        assert hashlib.sha256(data[:cut] + rest.content).digest() == hashlib.sha256(data).digest()


def test_fifty_parallel_posts_over_several_connections(server: Server) -> None:
    def post(_: int) -> tuple[int, str]:
        answer = httpx.post(server.base + REQUESTS, params=SINCE, headers={"Authorization": f"Bearer {server.token}"},
                            timeout=60)  # fmt: skip
        return answer.status_code, answer.text

    # the worker may end the first request before the last POST arrives, so a few may be started one after the other
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(post, range(50)))
    made = {text.split('"')[3] for code, text in answers if code == 200}
    refused = [IN_PROGRESS.search(text) for code, text in answers if code == 400]
    assert len(made) + len(refused) == 50
    assert {found[1] for found in refused if found} <= made
    assert all(refused)
