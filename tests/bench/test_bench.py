"""Every row of the benchmarks still runs, on small data. What it measures there means nothing."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from bench.__main__ import ROWS
from bench.child import environment

ROOT = Path(__file__).parents[2]
PEERS = {"html": "slackviewer", "files": "zipstream", "import": "orjson"}

pytestmark = pytest.mark.long


@pytest.mark.parametrize("name", ROWS)
def test_a_row_runs_on_small_data(name: str) -> None:
    if name in PEERS and find_spec(PEERS[name]) is None:
        pytest.skip(f"{PEERS[name]} is not installed: make bench does that")
    command = [sys.executable, "-m", "bench", "--quick", name]
    ran = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    if "not run: " in ran.stdout:
        pytest.skip(ran.stdout.partition("not run: ")[2].partition(" |")[0])
    assert ran.returncode == 0, ran.stderr
    assert "must reach" in ran.stdout


def test_an_unknown_row_is_named() -> None:
    command = [sys.executable, "-m", "bench", "speed"]
    ran = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "no row speed" in ran.stderr
