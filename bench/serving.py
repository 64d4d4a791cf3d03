"""The servers that are compared: ours as `exeunt serve` starts it, nginx as Debian ships it."""

import http.client
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import msgspec

from bench.child import environment
from bench.data import WORKSPACE
from exeunt.config import Settings
from exeunt.exports.records import Archive, State
from exeunt.exports.service import Request
from exeunt.installation import Installation
from exeunt.lake.selection import Selection

START_SECONDS = 60.0
NGINX = """
user root;
worker_processes auto;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 2048; }}
http {{
    tcp_nopush on;
    types_hash_max_size 2048;
    default_type application/octet-stream;
    access_log {folder}/access.log;
    gzip on;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{ listen 127.0.0.1:{shipped}; root {root}; sendfile on; }}
    server {{ listen 127.0.0.1:{copying}; root {root}; sendfile off; output_buffers 2 1m; }}
}}
"""
"""What /etc/nginx/nginx.conf says, with folders of our own, more connections, and a second server that copies."""


class Missing(Exception):
    """A program that a row needs is not installed."""


def program(name: str) -> str:
    """The path of an installed program. Raises `Missing`."""
    path = shutil.which(name)
    if path is None:
        raise Missing(f"{name} is not installed")
    return path


class Server(msgspec.Struct, frozen=True):
    """A running server: the process whose tree it is, and where it answers."""

    pid: int
    base: str


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(40)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _line(stream: IO[str], wanted: str) -> str:
    """The first line that matches."""
    for line in stream:
        if re.search(wanted, line):
            return line
    raise RuntimeError(f"a process ended before it said {wanted!r}")


@contextmanager
def ours(data: Path, *options: str, **more: str) -> Iterator[Server]:
    """`exeunt serve` on a free port, with its log thrown away."""
    command = [sys.executable, "-m", "exeunt", "serve", "--port", "0", *options]
    process = subprocess.Popen(
        command, env=environment(data, **more), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        base = _line(process.stdout, "listening").split()[-1]
        wait_until(lambda: _answers(base), 20)
        yield Server(process.pid, base)
    finally:
        _stop(process)


@contextmanager
def working(data: Path, **more: str) -> Iterator[int]:
    """`exeunt worker`, ready and with nothing to do; gives its process id."""
    command = [sys.executable, "-m", "exeunt", "worker"]
    log = data.parent / f"{data.name}.worker.log"
    with log.open("w") as out:
        process = subprocess.Popen(command, env=environment(data, **more), stderr=out, stdout=out, text=True)
        try:
            wait_until(lambda: "is ready" in log.read_text(), START_SECONDS)
            time.sleep(0.5)
            yield process.pid
        finally:
            _stop(process)


@contextmanager
def nginx(folder: Path, root: Path) -> Iterator[tuple[Server, str]]:
    """nginx on the files below `root`: the server as shipped, and the address of one with `sendfile off`."""
    shipped, copying = _free_port(), _free_port()
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, root=root, shipped=shipped, copying=copying))
    command = [program("nginx"), "-c", str(config), "-p", str(folder), "-e", str(folder / "error.log")]
    process = subprocess.Popen([*command, "-g", "daemon off;"], stderr=subprocess.DEVNULL, text=True)
    try:
        wait_until(lambda: _answers(f"http://127.0.0.1:{shipped}"), 10)
        yield Server(process.pid, f"http://127.0.0.1:{shipped}"), f"http://127.0.0.1:{copying}"
    finally:
        _stop(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(base: str) -> bool:
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=2)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse().read()
    except OSError:
        return False
    finally:
        connection.close()
    return True


def wait_until(true: Callable[[], bool], seconds: float, every: float = 0.01) -> None:
    """Raises `RuntimeError` when it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise RuntimeError("what was waited for did not happen")
        time.sleep(every)


class Exported(msgspec.Struct, frozen=True):
    """A completed export: how long from asking to ready, its id, and its archives with their links."""

    seconds: float
    export_id: str
    archives: list[tuple[Archive, str]]
    counts: dict[str, int]


def export(
    data: Path, layout: str, selection: Selection | None = None, seconds: float = 900,
    options: dict[str, Any] | None = None,
) -> Exported:  # fmt: skip
    """Ask for an export of the whole workspace and wait for the worker that runs elsewhere."""
    installation = Installation(Settings(data=str(data), quota_running=1000))
    request = Request(workspaces=(WORKSPACE,), api="native", layout=layout, selection=selection or Selection(),
                      options=options or {})  # fmt: skip
    begun = time.perf_counter()
    made = installation.exports.create(request)
    wait_until(lambda: not installation.exports.get(made.id).state.unfinished, seconds)
    took = time.perf_counter() - begun
    done = installation.exports.get(made.id)
    if done.state is not State.COMPLETED:
        raise RuntimeError(f"the {layout} export ended as {done.state}: {done.error}")
    links = list(installation.exports.urls(made.id, ""))
    installation.ledger.close()
    return Exported(took, made.id, links, done.counts)


def forget(data: Path, made: Exported) -> None:
    """Remove what an export wrote."""
    shutil.rmtree(data / "blobs" / "made" / made.export_id, ignore_errors=True)
