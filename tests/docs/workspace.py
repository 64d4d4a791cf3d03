"""A small real installation, used through the command line as a reader of the documents would."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from exeunt.config import Settings
from exeunt.installation import Installation


class Workspace:
    """An installation with the workspace `team`, which holds a small sample."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self._archives: dict[str, list[Path]] = {}
        self._segments: list[dict[str, Any]] | None = None

    def exeunt(self, *arguments: str, stdin: str = "", **settings: str) -> Any:
        """Run a command with `--json`; gives what it printed."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("EXEUNT_")}
        done = subprocess.run(
            [sys.executable, "-m", "exeunt", *arguments, "--json"], input=stdin, capture_output=True, text=True,
            cwd=self.folder, env={**kept, "EXEUNT_DATA": str(self.data), **settings}, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def segments(self, table: str) -> list[Path]:
        """The Parquet files of a table."""
        if self._segments is None:
            self._segments = self.exeunt("lake", "files", "--workspace", "team")["files"]
        return [Path(file["path"]) for file in self._segments if file["table"] == table]

    def archive(self, layout: str, *options: str, **settings: str) -> list[Path]:
        """Export in a layout, once, and the archives that came out."""
        name = "-".join((layout, *options, *settings.values()))
        if name in self._archives:
            return self._archives[name]
        asked = ["--workspace", "team", "--layout", layout, "--output", str(self.folder / name)]
        asked += [part for option in options for part in ("--option", option)]
        made = self.exeunt("export", "create", *asked, **settings)
        self._archives[name] = [Path(path) for path in made["paths"]]
        return self._archives[name]

    def installation(self) -> Installation:
        """The installation itself."""
        return Installation(Settings(data=str(self.data)))
