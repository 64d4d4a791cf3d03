"""Real `exeunt` processes, and their sudden end."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def environment(data: Path, **values: str) -> dict[str, str]:
    """The environment of a command that works on this data folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EXEUNT_")}
    return {
        **kept, "EXEUNT_DATA": str(data), "EXEUNT_MIN_FREE_BYTES": "1024",
        "EXEUNT_DEAD_AFTER_SECONDS": "1.5", "EXEUNT_HEARTBEAT_SECONDS": "0.3", **values,
    }  # fmt: skip


class Process:
    """A real `exeunt` process and what it says."""

    def __init__(self, *arguments: str, env: dict[str, str]) -> None:
        self.running = subprocess.Popen(
            [sys.executable, "-m", "exeunt", *arguments], env=env, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, encoding="utf-8", errors="replace",
        )  # fmt: skip
        self.said: list[str] = []
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.running.stderr is not None
        for line in self.running.stderr:
            self.said.append(line)
            if "is ready" in line:
                self._ready.set()
        self._ready.set()

    def wait_ready(self) -> None:
        """Return when the process says that it is ready, or has ended."""
        assert self._ready.wait(60)

    def kill(self) -> None:
        """End it at once, as losing power would, and collect it."""
        self.running.kill()
        self.finish(60)

    def finish(self, seconds: float = 120) -> int:
        """Wait for its end; returns its status."""
        try:
            return self.running.wait(seconds)
        finally:
            if self.running.poll() is None:
                self.running.kill()
                self.running.wait()
            self._reader.join()
            assert self.running.stderr is not None
            self.running.stderr.close()


@contextmanager
def worker_process(env: dict[str, str], *arguments: str) -> Iterator[Process]:
    """`exeunt worker` until the block ends; gone after it, whatever happened."""
    process = Process("worker", *arguments, env=env)
    try:
        yield process
    finally:
        process.kill()


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for something that comes soon."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"nothing after {seconds} s"
        time.sleep(0.01)
