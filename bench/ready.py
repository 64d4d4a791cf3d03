"""Small things at once: an export of 1,000 messages on an idle server, and the help text."""

import http.client
import json
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from bench.child import run
from bench.data import WORKSPACE, imported
from bench.findings import Finding, Sizes, median
from bench.serving import ours, wait_until
from exeunt.config import Settings
from exeunt.errors import Conflict
from exeunt.installation import Installation

EMAIL = "bench@example.org"


def small(sizes: Sizes) -> list[Finding]:
    """Over HTTP, as a client sees it: from `POST /v1/exports` to the answer that has the link."""
    data = imported(sizes.few_messages)
    token = _token(data)
    with ours(data) as server:
        took = [_asked_to_ready(server.base, token) for _ in range(8)][1:]
    slowest = max(took)
    helped = median(run([sys.executable, "-m", "exeunt", "--help"]).seconds for _ in range(5))
    return [
        Finding(
            what=f"{sizes.few_messages:,} messages on an idle server, from asking to ready, HTML over HTTP",
            measured=f"{median(took):.2f} s, the slowest of {len(took)} {slowest:.2f} s", target="≤ 1 s",
            reached=slowest <= 1.0,
            why="the machine was busy with other things",
        ),
        Finding(what="`exeunt --help`", measured=f"{helped:.2f} s", target="≤ 0.3 s", reached=helped <= 0.3),
    ]  # fmt: skip


def _token(data: Path) -> str:
    installation = Installation(Settings(data=str(data)))
    with suppress(Conflict):  # the data may be kept from an earlier run
        installation.access.add_account(EMAIL, WORKSPACE, "administrator", None)
    secret, _ = installation.access.create_token(EMAIL, WORKSPACE, api="native")
    installation.ledger.close()
    return secret


def _asked_to_ready(base: str, token: str) -> float:
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=30)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def call(method: str, path: str, body: str | None = None) -> tuple[int, str, bytes]:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Content-Location", ""), answer.read()

    begun = time.perf_counter()
    status, where, said = call("POST", "/v1/exports", json.dumps({"layout": "html"}))
    if status != 202:
        raise RuntimeError(f"asking for an export was answered {status}: {said[:300]!r}")
    path, last = urlsplit(where).path, b""

    def ended() -> bool:
        nonlocal last
        status, _, last = call("GET", path)
        return status == 200

    wait_until(ended, 60)
    took = time.perf_counter() - begun
    if json.loads(last)["state"] != "COMPLETED":
        raise RuntimeError(f"the export ended as {last[:300]!r}")
    connection.close()
    time.sleep(0.3)
    return took
