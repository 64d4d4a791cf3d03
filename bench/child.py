"""Work in a process of its own, so that one measurement leaves nothing behind for the next."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from bench.machine import Peak

ROOT = Path(__file__).parent.parent


class Ran(msgspec.Struct, frozen=True):
    """What a process said (decoded, where it is JSON), how long it lived, and the most memory it took."""

    said: Any
    seconds: float
    megabytes: float


def environment(data: Path | None = None, **more: str) -> dict[str, str]:
    """The environment of a process of ours, working on the installation in `data`."""
    own = {"PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}", "EXEUNT_QUOTA_RUNNING": "1000"}
    if data is not None:
        own["EXEUNT_DATA"] = str(data)
    return {**os.environ, **own, **more}


def run(command: list[str], data: Path | None = None, *, memory: bool = False, **more: str) -> Ran:
    """Run a command to its end; raises `RuntimeError` with its words when it fails."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, env=environment(data, **more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    if memory:
        with Peak(process.pid) as peak:
            out, err = process.communicate()
        megabytes = peak.megabytes
    else:
        (out, err), megabytes = process.communicate(), 0.0
    seconds = time.perf_counter() - begun
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[:6])} ended with {process.returncode}: {err[-2000:]}")
    said: Any = out
    for text in (out, out.strip().rpartition("\n")[2]):
        with suppress(ValueError):
            said = json.loads(text)
            break
    return Ran(said, seconds, megabytes)


def task(function: Callable[..., Any], *arguments: object, memory: bool = False, **more: str) -> Ran:
    """Run a function of this package in a fresh process; arguments and result are plain values."""
    name = f"{function.__module__}:{function.__qualname__}"
    return run([sys.executable, "-m", "bench.child", name, *map(str, arguments)], None, memory=memory, **more)


def exeunt(data: Path, *arguments: str, memory: bool = False, **more: str) -> Ran:
    """Run a command of the product."""
    return run([sys.executable, "-m", "exeunt", *arguments], data, memory=memory, **more)


def _main() -> None:
    from importlib import import_module

    module, _, name = sys.argv[1].partition(":")
    print(json.dumps(getattr(import_module(module), name)(*sys.argv[2:])))


if __name__ == "__main__":
    _main()
