"""The demonstration itself, on a small sample."""

import subprocess
import sys
from pathlib import Path


def test_the_demonstration_runs_to_its_end(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "exeunt.demo", "--folder", str(tmp_path / "demo"), "--messages", "600", "--files", "40"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "members checked against their manifests, all right:" in " ".join(done.stdout.split())
    rows = [line for line in done.stdout.splitlines() if line.startswith(("native: ", "Yammer: "))]
    assert len(rows) == 4
    # bytes copied, and how often a download was interrupted and resumed
    assert [row.split()[-3] for row in rows] == ["0"] * 4
    assert all(int(row.split()[-2]) >= 1 for row in rows)
