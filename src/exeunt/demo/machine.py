"""The commands and the server of the demonstration: the same a person would type."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from exeunt.errors import ExeuntError


class StepFailed(ExeuntError):
    """A command or request of the demonstration did not do what it should."""


class Machine:
    """Runs `exeunt` on one data folder."""

    def __init__(self, data: Path) -> None:
        self.data = data
        kept = {name: value for name, value in os.environ.items() if not name.startswith("EXEUNT_")}
        self._environment = {**kept, "EXEUNT_DATA": str(data)}

    def exeunt(self, *arguments: str, stdin: str = "", bars: bool = False) -> Any:
        """Run a command with `--json` and return what it printed. With `bars` its progress goes to the terminal."""
        done = subprocess.run(
            [sys.executable, "-m", "exeunt", *arguments, "--json"], input=stdin, stdout=subprocess.PIPE,
            stderr=None if bars else subprocess.PIPE, text=True, env=self._environment, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise StepFailed(f"`exeunt {' '.join(arguments)}` failed: {(done.stderr or '').strip()}")
        return json.loads(done.stdout)

    @contextmanager
    def server(self) -> Iterator[str]:
        """Serve on a free port while the block runs; gives the base URL."""
        log = (self.data.parent / "server.log").open("w")
        process = subprocess.Popen(
            [sys.executable, "-m", "exeunt", "serve", "--port", "0"],
            stdout=subprocess.PIPE, stderr=log, text=True, env=self._environment,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            for line in process.stdout:
                found = re.search(r"http://\S+", line)
                if found:
                    yield found[0]
                    break
            else:
                raise StepFailed(f"the server did not start; see {log.name}")
        finally:
            process.terminate()
            process.wait(60)
            log.close()
