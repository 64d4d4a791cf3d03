"""The memory of a Files Export (Yammer contract 6.28): bytes of files take none, and each file no more than its rows.

That it does not grow at all is not reached: the rows of all files are in memory while they are given their places.
"""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from exeunt.exports.service import Request
from exeunt.installation import Installation
from exeunt.lake.rows import FileRow
from tests.conftest import settings_for
from tests.layouts.yammer_files.conftest import DAY, Network, held

WORK = """
import sys, threading
from exeunt.config import Settings
from exeunt.exports.run import Runner
from exeunt.installation import Installation
runner = Runner(Installation(Settings(data=sys.argv[1], min_free_bytes=1024)))
assert runner.plan(sys.argv[2]) == []
runner.finish(sys.argv[2], threading.Event())
(peak,) = (line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(peak.split()[1])
"""


ROWS_KIB = 4
"""What one file may take: a row of `Files.csv` and the copies of it while places are found."""


def peak(folder: Path, count: int, size: int = 1000) -> int:
    """The most memory in KiB that a process of its own takes to export so many files of this size."""
    made = Installation.create(settings_for(folder))

    def files(intake: Any) -> list[FileRow]:
        one = held(intake, "F", b"x" * size)
        return [_another(one, n) for n in range(count)]

    Network(made).add("acme", files)
    export = made.exports.create(Request(workspaces=("acme",), api="yammer", layout="yammer-files"))
    made.ledger.close()
    done = subprocess.run([sys.executable, "-c", WORK, made.settings.data, export.id], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def _another(one: FileRow, n: int) -> FileRow:
    import msgspec

    values = {"id": f"F{n:06}", "name": f"report {n:06} of a meeting.pdf", "uploaded_at": DAY + timedelta(seconds=n)}
    return msgspec.structs.replace(one, **values)


@pytest.mark.long
def test_a_thousand_times_the_bytes_take_no_more_memory(tmp_path: Path) -> None:
    small, large = peak(tmp_path / "small", 2_000, 10_000), peak(tmp_path / "large", 2_000, 10_000_000)
    print(f"{small} KiB for 20 MB, {large} KiB for 20 GB")
    assert large <= 1.1 * small


@pytest.mark.long
def test_more_files_take_no_more_memory_than_their_rows(tmp_path: Path) -> None:
    few, many = peak(tmp_path / "few", 2_000), peak(tmp_path / "many", 50_000)
    print(f"{few} KiB for 2,000 files, {many} KiB for 50,000")
    assert many - few <= ROWS_KIB * 48_000
