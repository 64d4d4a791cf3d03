"""The parent of all serving processes: starts them, replaces those that die, and takes them along at the end.

It stays without threads and without connections, since it forks.
"""

import contextlib
import gc
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from exeunt.errors import ExeuntError, Unavailable
from exeunt.http.server import run

Starter = Callable[[], int]
"""Starts one process and returns its id."""

SHORT_LIFE = 10.0
LONGEST_PAUSE = 30.0


def try_apart(check: Callable[[], None]) -> None:
    """Run a check in a process of its own, since what it opens may not survive a fork. Raises `Unavailable` with the
    words of the error that it met."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        code = 0
        try:
            check()
        except ExeuntError as error:
            os.write(writing, str(error).encode()[:4096])
            code = 1
        except BaseException:
            sys.excepthook(*sys.exc_info())
            code = 1
        finally:
            os._exit(code)
    os.close(writing)
    with open(reading, "rb") as told:
        words = told.read().decode(errors="replace")
    _, status = os.waitpid(pid, 0)
    if status:
        raise Unavailable(words or "the installation cannot be opened")


def supervise(starters: Sequence[Starter], listener: socket.socket, ready: Callable[[], None]) -> None:
    """Keep one process of each starter alive until SIGTERM or SIGINT, then wait for all to end.

    `ready` is called once all have been started. One that dies soon after its start is replaced more and more slowly.
    """
    children: dict[int, tuple[Starter, float]] = {}
    pauses: dict[Starter, float] = {}
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True
        listener.close()  # or the kernel goes on taking clients whom nobody answers
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def start(starter: Starter) -> None:
        children[starter()] = (starter, time.monotonic())

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    gc.freeze()
    for starter in starters:
        start(starter)
    ready()
    while children:
        pid, _ = os.wait()
        if pid not in children:
            continue
        starter, since = children.pop(pid)
        if stopping:
            continue
        died_young = time.monotonic() - since < SHORT_LIFE
        pauses[starter] = min(LONGEST_PAUSE, 2 * pauses.get(starter, 0.25)) if died_young else 0.5
        _sleep(pauses[starter], lambda: stopping)
        if not stopping:
            start(starter)


def _sleep(seconds: float, over: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while not over() and time.monotonic() < until:
        time.sleep(0.05)


def http_processes(
    factory: Callable[[], Any], listener: socket.socket, count: int, grace_seconds: int = 10
) -> list[Starter]:
    """Starters of HTTP processes; `factory` makes the application inside. They end when their parent does."""
    # one pipe for all: with one each, every child would hold the others' open
    alive, hold = os.pipe()

    def start() -> int:
        pid = os.fork()
        if pid:
            return pid
        code = 1
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            # the parent alone holds the other end: when it dies, however, ours tells
            os.close(hold)
            run(factory(), listener, alive, grace_seconds)
            code = 0
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 1
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    return [partial(start) for _ in range(count)]


def command_process(*arguments: str) -> Starter:
    """A starter of an `exeunt` command as a process of its own, with its own interpreter."""

    def start() -> int:
        return os.posix_spawn(sys.executable, [sys.executable, "-m", "exeunt", *arguments], os.environ)

    return start
