"""Clients that read slowly and then vanish: what they cost while they are there, and what they leave behind."""

import selectors
import socket
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from bench.download import hosted
from bench.findings import Finding, Sizes
from bench.machine import cpu_seconds, pss, tree
from bench.serving import Server, ours

RATE = 500_000
STEP = 0.1
SECONDS = 6.0


def vanishing(sizes: Sizes) -> list[Finding]:
    """Each client takes 500 KB/s of a whole archive; then all sockets are closed at once."""
    archive = hosted(sizes)
    with ours(archive.data, "--no-worker") as server:
        _drain(_connect(server.base, archive.link), 1.0)  # whatever is loaded by a first download
        time.sleep(1.0)
        before = pss(server.pid)
        clients = [_connect(server.base, archive.link) for _ in range(sizes.slow_clients)]
        most = _read_slowly(clients, server)
        for client in clients:
            client.close()
        time.sleep(1.0)
        spent = cpu_seconds(server.pid)
        time.sleep(1.0)
        spent = cpu_seconds(server.pid) - spent
        left = _open_blobs(server.pid, archive.data)
    each = (most - before) / sizes.slow_clients
    return [
        Finding(
            what=f"{sizes.slow_clients} clients at 500 kB/s: memory for each",
            measured=f"{each:.2f} MB", target="< 8 MB", reached=each < 8,
        ),
        Finding(
            what="a second after they vanished: work left",
            measured=f"{spent:.2f} s of processor time in the second after, {left} files of the archive open",
            target="none", reached=spent < 0.05 and not left,
        ),
    ]  # fmt: skip


def _connect(base: str, link: str) -> socket.socket:
    address = urlsplit(base)
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    client.connect((address.hostname, address.port))
    client.sendall(f"GET {link} HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
    return client


def _drain(client: socket.socket, seconds: float) -> None:
    client.settimeout(seconds)
    end = time.monotonic() + seconds
    with client, suppress(TimeoutError):
        while time.monotonic() < end and client.recv(1 << 16):
            pass


def _read_slowly(clients: list[socket.socket], server: Server) -> float:
    """Read at the rate for a while; the most memory that the server had meanwhile."""
    waiting = selectors.DefaultSelector()
    for client in clients:
        client.setblocking(False)
        waiting.register(client, selectors.EVENT_READ)
    most, end = 0.0, time.monotonic() + SECONDS
    while time.monotonic() < end:
        begun = time.monotonic()
        budgets = dict.fromkeys(clients, int(RATE * STEP))
        while budgets and time.monotonic() - begun < STEP:
            for key, _ in waiting.select(STEP / 10):
                ready = key.fileobj
                assert isinstance(ready, socket.socket)
                if ready not in budgets:
                    continue
                got = ready.recv(budgets[ready])
                if not got:
                    raise RuntimeError("a slow client was sent away")
                budgets[ready] -= len(got)
                if budgets[ready] <= 0:
                    del budgets[ready]
        most = max(most, pss(server.pid))
        time.sleep(max(0.0, STEP - (time.monotonic() - begun)))
    waiting.close()
    return most


def _open_blobs(pid: int, data: Path) -> int:
    """How many blobs the server's processes have open; the index of the archive, a mapping, stays."""
    blobs, count = f"{data / 'blobs'}/", 0
    for one in tree(pid):
        for handle in Path(f"/proc/{one}/fd").iterdir():
            with suppress(OSError):
                target = str(handle.readlink())
                count += target.startswith(blobs) and not target.endswith(".body")
    return count
