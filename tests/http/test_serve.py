"""The serving processes as an operator meets them: started, killed, stopped."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from exeunt.exports.records import State
from exeunt.exports.service import Request
from exeunt.installation import Installation
from tests.conftest import serving


def test_it_answers_healthz_and_runs_exports(installation: Installation) -> None:
    with serving(installation) as base:
        assert httpx.get(f"{base}/healthz").json() == {"status": "ok"}
        export = installation.exports.create(Request(workspaces=("acme",), api="native", layout="csv"))
        until = time.monotonic() + 60
        while installation.exports.get(export.id).state.unfinished and time.monotonic() < until:
            time.sleep(0.1)
        assert installation.exports.get(export.id).state is State.COMPLETED


def test_nothing_lives_at_an_unknown_path(installation: Installation) -> None:
    with serving(installation, "--no-worker") as base:
        answer = httpx.get(f"{base}/nowhere")
        assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


NATIVE, YAMMER = "/v1/exports", "/yammer/api/v1/export/requests"


def exchange(base: str, path: str, head: str, body: bytes = b"") -> tuple[int, bytes]:
    """One request as it is told to be sent; the status and body of all that comes until the server closes."""
    address = urlsplit(base)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=30) as line:
        line.sendall(f"POST {path} HTTP/1.1\r\nHost: {address.netloc}\r\n{head}\r\n\r\n".encode() + body)
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    start, _, rest = answer.partition(b"\r\n\r\n")
    return int(start.split()[1]), rest


def test_bodies_that_are_too_large_or_stall_are_answered_in_each_apis_words(installation: Installation) -> None:
    chunks = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    with serving(installation, "--no-worker", EXEUNT_BODY_SECONDS="0.5", EXEUNT_BODY_BYTES="100000") as base:
        for head, body in (("Content-Length: 100001", b""), ("Transfer-Encoding: chunked", chunks * 2)):
            native = b'{"error":"body_too_large","message":"the request body is too large"}'
            assert exchange(base, NATIVE, head, body) == (413, native)
            assert exchange(base, YAMMER, head, body) == (413, b'"The request body is too large"')
        for head, body in (("Content-Length: 100", b"x"), ("Transfer-Encoding: chunked", chunks)):
            native = b'{"error":"body_stalled","message":"the request body did not arrive in time"}'
            assert exchange(base, NATIVE, head, body) == (408, native)
            assert exchange(base, YAMMER, head, body) == (408, b'"The request body did not arrive in time"')


def children(pid: int) -> set[int]:
    """The direct children of a process."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return {int(word) for word in text.split()}


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_killed_parent_leaves_no_process_behind(installation: Installation) -> None:
    environment = {**os.environ, "EXEUNT_DATA": installation.settings.data, "EXEUNT_MIN_FREE_BYTES": "1024"}
    process = subprocess.Popen(
        [sys.executable, "-m", "exeunt", "serve", "--port", "0"], env=environment, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert "listening" in process.stdout.readline()
    family = children(process.pid)
    assert len(family) >= 3
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    until = time.monotonic() + 60
    while any(alive(pid) for pid in family) and time.monotonic() < until:
        time.sleep(0.2)
    assert not [pid for pid in family if alive(pid)]


def test_a_killed_http_process_is_replaced(installation: Installation) -> None:
    environment = {**os.environ, "EXEUNT_DATA": installation.settings.data}
    process = subprocess.Popen(
        [sys.executable, "-m", "exeunt", "serve", "--port", "0", "--no-worker", "--processes", "1"], env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    base = process.stdout.readline().split()[-1]
    try:
        (first,) = children(process.pid)
        os.kill(first, signal.SIGKILL)
        until, answer = time.monotonic() + 30, None
        while answer is None and time.monotonic() < until:
            try:
                answer = httpx.get(f"{base}/healthz", timeout=2)
            except httpx.HTTPError:
                time.sleep(0.2)
        assert answer is not None
        assert answer.status_code == 200
        assert children(process.pid) != {first}
    finally:
        process.terminate()
        assert process.wait(60) == 0
        process.stdout.close()


def test_without_an_installation_it_says_so_in_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "exeunt", "serve", "--port", "0"], env={**os.environ, "EXEUNT_DATA": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == f"exeunt: there is no installation in {tmp_path}; `exeunt init` makes one\n"
