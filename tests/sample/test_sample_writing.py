"""How the home sample is written: the same bytes again, little memory, nothing left after a failure."""

import hashlib
import json
import os
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from exeunt.sample import write_home


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_same_arguments_give_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    write_home(tmp_path / "here.zip", messages=600, files=12, large_file_bytes=100_000)
    script = (
        "import sys, pathlib, exeunt.sample as s; "
        "s.write_home(pathlib.Path(sys.argv[1]), messages=600, files=12, large_file_bytes=100_000)"
    )
    environment = os.environ | {"PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo"}
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "there.zip")], check=True, env=environment)
    assert digest(tmp_path / "here.zip") == digest(tmp_path / "there.zip")


def test_another_seed_gives_other_people_and_other_words(tmp_path: Path) -> None:
    for seed in (1, 2):
        write_home(tmp_path / f"{seed}.zip", messages=500, files=0, large_file_bytes=0, seed=seed)
    users = [json.loads(zipfile.ZipFile(tmp_path / f"{seed}.zip").read("users.json")) for seed in (1, 2)]
    assert {user["id"] for user in users[0]}.isdisjoint(user["id"] for user in users[1])
    assert digest(tmp_path / "1.zip") != digest(tmp_path / "2.zip")


def test_the_default_sample_is_as_large_as_promised() -> None:
    defaults = write_home.__kwdefaults__ or {}
    assert defaults["messages"] >= 20_000
    assert defaults["files"] >= 300
    assert defaults["large_file_bytes"] > 100_000_000


def test_memory_does_not_follow_the_size_of_a_file(tmp_path: Path) -> None:
    write_home(tmp_path / "warm.zip", messages=450, files=1, large_file_bytes=0)
    tracemalloc.start()
    try:
        write_home(tmp_path / "large.zip", messages=450, files=8, large_file_bytes=60_000_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (tmp_path / "large.zip").stat().st_size > 60_000_000
    assert peak < 24_000_000


def test_progress_rises_to_the_total(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    write_home(
        tmp_path / "home.zip", messages=700, files=3, large_file_bytes=0, progress=lambda *call: calls.append(call)
    )
    assert calls == sorted(calls)
    assert calls[-1] == (700, 700)
    assert {total for _, total in calls} == {700}


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_home(tmp_path / "home.zip", messages=600, files=3, large_file_bytes=0, progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_too_few_messages_are_made_up_to_the_scripted_ones(tmp_path: Path) -> None:
    facts = write_home(tmp_path / "home.zip", messages=1, files=0, large_file_bytes=0)
    assert 300 < facts.messages < 600
    assert facts.files == 0
    assert facts.subtypes["huddle_thread"] == 1
