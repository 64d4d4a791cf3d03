"""Worker processes that are killed at any time: what was finished stays finished, and the bytes are the same."""

import os
import random
import shutil
import signal
import time
from pathlib import Path

import pytest

from exeunt.archives.body import Body
from exeunt.clock import utc_now
from exeunt.config import Settings
from exeunt.exports.records import Export, State
from exeunt.installation import Installation
from tests.exports.conftest import JANUARY, asked, clock_at, delivered, fill, ids_from, made_files, make, shard_runs
from tests.processes import environment, until, worker_process

SEED = int(os.environ.get("EXEUNT_KILL_SEED") or random.randrange(10**6))
KILLS_A_RUN = 2


class Undisturbed:
    """An installation with one export waiting, and what comes out when nobody disturbs the worker."""

    def __init__(self, folder: Path, *, per_month: int, shard_rows: int, layout: str, files: int = 6,
                 **request: object) -> None:  # fmt: skip
        self.folder, self.shard_rows = folder, str(shard_rows)
        made = make(folder, clock=clock_at(JANUARY), ids=ids_from())
        fill(made, rooms=4, months=6, per_month=per_month, files=files)
        # the deadline counts from the creation, which a standing clock has put far into the past
        made.exports._clock = utc_now
        self.export_id = asked(made, layout, **request).id
        made.ledger.close()
        ran = self.copy(folder / "undisturbed")
        self.seconds = ran.work()
        self.bytes, self.files = delivered(ran.installation, self.export_id), made_files(ran.installation)
        ran.installation.ledger.close()
        assert self.bytes

    def copy(self, folder: Path) -> "Run":
        shutil.copytree(self.folder / "data", folder / "data")
        return Run(folder / "data", self.export_id, self.shard_rows)


class Run:
    """A copy of the installation, at work in processes of its own."""

    def __init__(self, data: Path, export_id: str, shard_rows: str) -> None:
        self.env = environment(data, EXEUNT_SHARD_ROWS=shard_rows)
        self.export_id = export_id
        self.installation = Installation(Settings(data=str(data)))

    def export(self) -> Export:
        return self.installation.exports.get(self.export_id)

    def work(self) -> float:
        """Run a worker until there is nothing left to do; returns for how long it worked."""
        with worker_process(self.env, "--once") as worker:
            worker.wait_ready()
            begun = time.monotonic()
            assert worker.finish() == 0, "".join(worker.said)
        assert self.export().state is State.COMPLETED, (self.export(), worker.said)
        return time.monotonic() - begun

    def kill_after(self, seconds: float) -> None:
        with worker_process(self.env) as worker:
            worker.wait_ready()
            time.sleep(seconds)


def check_killed(run: Run, finished: dict[int, int]) -> dict[int, int]:
    """Nothing finished is lost or done again, nothing unfinished can be seen."""
    export = run.export()
    assert export.state in (State.QUEUED, State.RUNNING, State.COMPLETED), export
    archives = run.installation.exports.archives(run.export_id)
    urls = run.installation.exports.urls(run.export_id, "http://x")
    assert bool(archives) == (export.state is State.COMPLETED) == bool(urls)
    runs = shard_runs(run.installation, run.export_id)
    assert {number: runs.get(number) for number in finished} == finished
    assert export.shards_done == len(runs)
    for archive in archives:
        with Body(run.installation.blobs.path(archive.index_key)) as body:
            body.scrub()
    return runs


def disturb(base: Undisturbed, folder: Path, rng: random.Random, kills: int) -> None:
    run = base.copy(folder)
    finished: dict[int, int] = {}
    for _ in range(kills):
        run.kill_after(rng.uniform(0, base.seconds))
        finished = check_killed(run, finished)
    run.work()
    runs = check_killed(run, finished)
    assert max(runs.values(), default=0) <= 1 + kills
    assert delivered(run.installation, base.export_id) == base.bytes
    left = made_files(run.installation)
    assert {name for name in left if "partial" in name} == set()
    assert len(left) == len(base.files)
    run.installation.ledger.close()
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("kills", "per_month", "shard_rows"),
    [(4, 400, 400), pytest.param(56, 3000, 4000, marks=pytest.mark.long)],
    ids=["few", "many"],
)
def test_killed_workers_lose_nothing_and_repeat_nothing(
    tmp_path: Path, kills: int, per_month: int, shard_rows: int
) -> None:
    print(f"EXEUNT_KILL_SEED={SEED}")
    rng = random.Random(SEED)
    base = Undisturbed(tmp_path, per_month=per_month, shard_rows=shard_rows, layout="jsonl")
    for number in range(0, kills, KILLS_A_RUN):
        disturb(base, tmp_path / f"run-{number}", rng, KILLS_A_RUN)


@pytest.mark.parametrize(
    ("kills", "files"), [(2, 60), pytest.param(40, 2000, marks=pytest.mark.long)], ids=["few", "many"]
)
def test_a_files_export_whose_workers_are_killed_has_the_bytes_of_one_undisturbed(
    tmp_path: Path, kills: int, files: int
) -> None:
    """Yammer contract 6.22: `Files.csv` and all parts, in archives of several nested ones."""
    print(f"EXEUNT_KILL_SEED={SEED}")
    rng = random.Random(SEED)
    small = {"part_max_bytes": 20_000, "archive_max_bytes": 200_000}
    base = Undisturbed(tmp_path, per_month=files, shard_rows=100_000, layout="yammer-files", files=files, options=small)
    for number in range(0, kills, KILLS_A_RUN):
        disturb(base, tmp_path / f"run-{number}", rng, KILLS_A_RUN)


def thaw(base: Undisturbed, folder: Path, rng: random.Random) -> None:
    run = base.copy(folder)
    with worker_process(run.env) as frozen:
        frozen.wait_ready()
        # both open their databases first: SQLite lets nobody in while a frozen process holds its lock
        with worker_process(run.env) as other:
            other.wait_ready()
            time.sleep(rng.uniform(0, base.seconds))
            frozen.running.send_signal(signal.SIGSTOP)
            time.sleep(rng.uniform(1.5, 2.5 + base.seconds / 2))
            # now both of them believe that the work is theirs
            frozen.running.send_signal(signal.SIGCONT)
            until(lambda: not run.export().state.unfinished)
            time.sleep(0.5)
        said = frozen.said + other.said
        assert run.export().state is State.COMPLETED, (run.export().error, said)
    check_killed(run, {})
    assert delivered(run.installation, base.export_id) == base.bytes
    run.installation.ledger.close()
    shutil.rmtree(folder)


@pytest.mark.long
def test_a_worker_that_wakes_up_late_spoils_nothing(tmp_path: Path) -> None:
    print(f"EXEUNT_KILL_SEED={SEED}")
    rng = random.Random(SEED)
    base = Undisturbed(tmp_path, per_month=3000, shard_rows=4000, layout="jsonl")
    for number in range(20):
        thaw(base, tmp_path / f"run-{number}", rng)
