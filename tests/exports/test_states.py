"""The life of an export: every way it can end, and that it cannot be brought out of an end."""

import errno
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from dbos import DBOS
from sqlalchemy import func, select, update

from exeunt.archives.verify import verify_archive
from exeunt.errors import Conflict, Damaged, NotFound
from exeunt.exports import service
from exeunt.exports import worker as worker_module
from exeunt.exports.records import State
from exeunt.exports.run import MOST_RUNS, Runner
from exeunt.exports.stops import Ended
from exeunt.exports.worker import Worker
from exeunt.installation import Installation
from exeunt.ledger.schema import archives, export_shards, exports, files, links, slots
from tests.backends import both
from tests.conftest import wait_for, working
from tests.exports.conftest import (
    Gate,
    Hands,
    Opener,
    asked,
    delivered,
    done_at_once,
    fill,
    hasty,
    ids_from,
    made_files,
    make,
    manifest_of,
    members_of,
    messages_of,
    shard_runs,
)
from tests.processes import until
from tests.stored import at

pytestmark = both


def counted(installation: Installation) -> tuple[int, int, int]:
    """Sealed archives, links, taken slots."""
    with installation.ledger.read() as db:
        return tuple(db.scalar(select(func.count()).select_from(table)) or 0 for table in (archives, links, slots))  # type: ignore[return-value]


def test_an_export_goes_its_way_to_the_end(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(monkeypatch, assemble=True)
    export = asked(installation, slot="one")
    assert (export.state, export.percent, export.started_at, export.shards_total) == (State.QUEUED, 0, None, None)
    with working(installation):
        assert gate.reached.wait(60)
        running = installation.exports.get(export.id)
        assert running.state is State.RUNNING
        assert running.percent == 99
        assert running.started_at == installation.clock()
        assert running.shards_total == running.shards_done == len(shard_runs(installation, export.id)) > 3
        assert running.messages_total == running.messages_done == 4 * 3 * 60
        assert running.finished_at is None
        assert counted(installation) == (0, 0, 1)
        gate.open.set()
        done = wait_for(installation, export.id)
    assert (done.state, done.percent, done.error) == (State.COMPLETED, 100, None)
    assert done.counts == {
        "messages": 720, "users": 10, "rooms": 4, "files_total": 6, "files": 6,
        "file_bytes": sum(len(b"body of file %d\n" % n * (n + 1)) for n in range(6)),
    }  # fmt: skip
    assert counted(installation) == (1, 1, 0)
    assert set(shard_runs(installation, export.id).values()) == {1}


# --- what may follow what ---------------------------------------------------------------------------------------------

OPERATIONS: dict[str, Callable[[Installation, str], object]] = {
    "cancel": lambda made, export_id: made.exports.cancel(export_id),
    "expire": lambda made, export_id: made.exports.expire(export_id),
    "renew": lambda made, export_id: made.exports.renew(export_id),
    "fail": lambda made, export_id: Runner(made).fail(export_id, "a late failure"),
    "plan": lambda made, export_id: Runner(made).plan(export_id),
    "finish": lambda made, export_id: Runner(made).finish(export_id, threading.Event()),
}
LEGAL = {
    ("QUEUED", "cancel"): "CANCELLED", ("QUEUED", "fail"): "FAILED", ("QUEUED", "plan"): "RUNNING",
    ("RUNNING", "cancel"): "CANCELLED", ("RUNNING", "fail"): "FAILED", ("RUNNING", "plan"): "RUNNING",
    ("COMPLETED", "expire"): "EXPIRED", ("COMPLETED", "renew"): "COMPLETED", ("EXPIRED", "renew"): "COMPLETED",
}  # fmt: skip


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, dict[str, list[str]]]]:
    """As many exports in each state as there are operations."""
    made = hasty(make(tmp_path_factory.mktemp("lives"), clock=Hands(), ids=ids_from(), worker_exports=64))
    fill(made, rooms=1, months=1, per_month=6)
    found: dict[str, list[str]] = {state: [] for state in State}
    done = [asked(made).id for _ in range(2 * len(OPERATIONS))]
    for number, export_id in enumerate(done):
        done_at_once(made, export_id)
        if number % 2:
            with made.ledger.write() as db:
                db.execute(update(exports).where(exports.c.id == export_id).values(state="EXPIRED"))
        found[made.exports.get(export_id).state].append(export_id)
    for _ in OPERATIONS:
        found["QUEUED"].append(asked(made).id)
        running, cancelled, failed = (asked(made).id for _ in range(3))
        Runner(made).plan(running)
        made.exports.cancel(cancelled)
        Runner(made).fail(failed, "for a reason")
        found["RUNNING"].append(running)
        found["CANCELLED"].append(cancelled)
        found["FAILED"].append(failed)
    with pytest.MonkeyPatch.context() as patch:
        # other processes have half a second to forget a link: there are none
        patch.setattr(service, "wait_until_forgotten", lambda: None)
        yield made, found
    made.ledger.close()


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("state", State)
def test_no_state_follows_but_those_that_may(
    lives: tuple[Installation, dict[str, list[str]]], state: State, operation: str
) -> None:
    made, found = lives
    export_id = found[state][list(OPERATIONS).index(operation)]
    before = made.exports.get(export_id)
    assert before.state is state
    if (state, operation) in LEGAL:
        OPERATIONS[operation](made, export_id)
    else:
        with suppress(Conflict, Damaged, Ended):
            OPERATIONS[operation](made, export_id)
    after = made.exports.get(export_id)
    # whoever tries to finish an export without its packs fails it
    unpacked = operation == "finish" and before.state.unfinished
    assert after.state == LEGAL.get((state, operation), State.FAILED if unpacked else state)
    if (state, operation) not in LEGAL and not unpacked:
        assert after == before


def test_what_does_not_exist_cannot_be_steered(installation: Installation) -> None:
    for steer in (installation.exports.get, installation.exports.expire, installation.exports.renew):
        with pytest.raises(NotFound):
            steer("nobody")
    with pytest.raises((NotFound, Conflict)):
        installation.exports.cancel("nobody")


# --- cancelled --------------------------------------------------------------------------------------------------------


def test_a_cancelled_export_that_waited_is_never_begun(installation: Installation) -> None:
    export = asked(installation, slot="only one")
    cancelled = installation.exports.cancel(export.id)
    assert (cancelled.state, cancelled.error) == (State.CANCELLED, "cancelled")
    other = asked(installation, slot="only one")
    with working(installation):
        wait_for(installation, other.id)
    assert installation.exports.get(export.id).attempts == 0
    assert all(name.startswith(other.id) for name in made_files(installation))
    with pytest.raises(Conflict):
        installation.exports.cancel(export.id)


@pytest.mark.parametrize("where", ["render", "assemble"])
def test_a_running_export_is_cancelled_at_once_and_leaves_nothing(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    gate = Gate(monkeypatch, **{where: True})
    export = asked(installation, slot="only one")
    with working(installation) as worker:
        assert gate.reached.wait(60)
        assert made_files(installation) != set()
        installation.exports.cancel(export.id)
        assert counted(installation) == (0, 0, 0)
        gate.stops_at[where] = False
        other = asked(installation, slot="only one")
        gate.open.set()
        assert wait_for(installation, other.id).state is State.COMPLETED
        until(lambda: not worker.engine.running())
        statuses = {w.status for w in DBOS.list_workflows(workflow_id_prefix=export.id)}
        assert statuses <= {"SUCCESS", "CANCELLED"}
    assert installation.exports.get(export.id).state is State.CANCELLED
    assert installation.exports.archives(export.id) == []
    assert {name for name in made_files(installation) if name.startswith(export.id)} == set()


def test_what_somebody_wrote_for_an_ended_export_goes_with_the_housekeeping(installation: Installation) -> None:
    ended = asked(installation).id
    installation.exports.cancel(ended)
    late = installation.blobs.path(f"made/{ended}/shard-00001-1.pack.partial")
    late.parent.mkdir(parents=True)
    late.write_bytes(b"late")
    other = asked(installation)
    with working(installation):
        wait_for(installation, other.id)
        until(lambda: not late.parent.exists())
    assert installation.exports.get(other.id).state is State.COMPLETED


# --- failed -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "storage is full"),
        (Damaged("segment x of the lake is missing"), "segment x of the lake is missing"),
        (ZeroDivisionError("division by zero"), "internal error: ZeroDivisionError: division by zero"),
    ],
)
@pytest.mark.parametrize("where", ["render", "assemble"])
def test_a_failure_is_visible_with_its_reason_and_frees_what_it_held(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, where: str, error: Exception, reason: str
) -> None:
    gate = Gate(monkeypatch, **{where: True})
    gate.error = error
    gate.open.set()
    export = asked(installation, slot="only one")
    with working(installation) as worker:
        failed = wait_for(installation, export.id)
        until(lambda: not worker.engine.running())
    assert (failed.state, failed.error) == (State.FAILED, reason)
    assert failed.finished_at is not None
    assert counted(installation) == (0, 0, 0)
    assert made_files(installation) == set()


def test_a_job_that_is_stuck_is_ended_in_time_and_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Hands()
    made = make(tmp_path, clock=clock, ids=ids_from(), job_timeout_seconds=3600)
    fill(made, rooms=1, months=1)
    gate = Gate(monkeypatch, render=True)
    stuck = asked(made, slot="only one")
    with working(made):
        assert gate.reached.wait(60)
        clock.now = stuck.deadline_at
        ended = wait_for(made, stuck.id)
        assert (ended.state, ended.error) == (State.FAILED, "timed out")
        gate.stops_at["render"] = False
        assert wait_for(made, asked(made, slot="only one").id).state is State.COMPLETED
        gate.open.set()
    assert made.exports.get(stuck.id).state is State.FAILED
    assert {name for name in made_files(made) if name.startswith(stuck.id)} == set()


def test_a_job_that_waits_too_long_is_ended_too(opened: Opener) -> None:
    clock = Hands()
    made = opened(clock=clock, job_timeout_seconds=60)
    export = asked(made)
    clock.now = export.deadline_at
    with working(made):
        assert wait_for(made, export.id).error == "timed out"


def test_a_shard_that_ends_its_process_every_time_ends_the_export(installation: Installation) -> None:
    export = asked(installation)
    Runner(installation).plan(export.id)
    with installation.ledger.write() as db:
        db.execute(update(export_shards).where(export_shards.c.number == 2).values(runs=MOST_RUNS))
    with working(installation):
        failed = wait_for(installation, export.id)
    assert failed.state is State.FAILED
    assert failed.error == f"shard 2 was begun {MOST_RUNS} times and never finished"


@pytest.mark.parametrize("broken", ["missing", "changed"])
def test_a_pack_that_is_not_what_was_written_is_never_sealed(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    export = asked(installation)
    runner = Runner(installation)
    for number in runner.plan(export.id):
        runner.shard(export.id, number, threading.Event())
    side = at(installation.blobs, f"made/{export.id}/shard-00003-1.pack.index")
    if broken == "missing":
        side.unlink()
    else:
        side.write_bytes(side.with_name("shard-00002-1.pack.index").read_bytes())
    with pytest.raises(Damaged, match="shard 3"):
        runner.finish(export.id, threading.Event())
    failed = installation.exports.get(export.id)
    assert (failed.state, "shard 3" in str(failed.error)) == (State.FAILED, True)
    assert counted(installation) == (0, 0, 0)


def test_a_pack_that_is_gone_is_written_once_more(installation: Installation) -> None:
    export = asked(installation)
    runner, stop = Runner(installation), threading.Event()
    numbers = runner.plan(export.id)
    assert runner.plan(export.id) == numbers
    for number in numbers:
        runner.shard(export.id, number, stop)
    at(installation.blobs, f"made/{export.id}/shard-00002-1.pack").unlink()
    for number in numbers:
        runner.shard(export.id, number, stop)
    runner.finish(export.id, stop)
    done = installation.exports.get(export.id)
    assert (done.state, done.shards_done, done.messages_done) == (State.COMPLETED, len(numbers), 720)
    assert shard_runs(installation, export.id) == {n: 2 if n == 2 else 1 for n in numbers}


def test_a_segment_that_is_gone_is_named(installation: Installation) -> None:
    export = asked(installation)
    segment = next(s for s in installation.catalog.segments(installation.catalog.head("acme"), "messages"))
    installation.lake.remove([segment.key])
    with working(installation):
        failed = wait_for(installation, export.id)
    assert (failed.state, failed.error) == (State.FAILED, f"segment {segment.key} of the lake is missing")


# --- one bad item is an entry, never a dead job -----------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["jsonl", "csv", "html"])
@pytest.mark.parametrize(
    ("damage", "reason"),
    [("missing", "the bytes that were kept are missing"), ("short", "10 of the 45 bytes that were kept are left")],
)
def test_a_body_that_is_gone_is_an_entry_in_the_manifest(
    installation: Installation, tmp_path: Path, layout: str, damage: str, reason: str
) -> None:
    (lost,) = (row for row in _files(installation) if row["id"] == "F2")
    path = at(installation.blobs, f"held/acme/{lost['sha256'][:2]}/{lost['sha256']}")
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:10])
    export_id = asked(installation, layout).id
    done_at_once(installation, export_id)
    done = installation.exports.get(export_id)
    assert (done.state, done.error) == (State.COMPLETED, None)
    assert (done.counts["files_total"], done.counts["files"], done.counts["files_missing"]) == (6, 5, 1)
    (archive,) = delivered(installation, export_id)
    assert manifest_of(archive)["missing"] == [
        {"kind": "file", "id": "F2", "name": "file 2.txt", "reason": reason, "url": ""}
    ]
    (tmp_path / "archive.zip").write_bytes(archive)
    assert verify_archive(tmp_path / "archive.zip").problems == []
    names = members_of(archive)
    assert sum(name.startswith("files/") for name in names) == 5
    if layout == "jsonl":
        rows = [json.loads(line) for line in names["files.jsonl"].splitlines()]
        assert {row["id"]: row["member"] is None for row in rows} == {f"F{n}": n == 2 for n in range(6)}


def _files(installation: Installation) -> list[dict[str, str]]:
    with installation.ledger.read() as db:
        return [dict(row._mapping) for row in db.execute(select(files))]


# --- workers come and go ----------------------------------------------------------------------------------------------


def test_a_worker_that_is_told_to_stop_leaves_the_rest_to_the_next(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch, assemble=True)
    export = asked(installation)
    with working(installation):
        assert gate.reached.wait(60)
        gate.stops_at["assemble"] = False
        gate.error = None
        gate.open.set()
    runs = shard_runs(installation, export.id)
    with working(installation):
        assert wait_for(installation, export.id).state is State.COMPLETED
    assert shard_runs(installation, export.id) == runs
    assert set(runs.values()) == {1}


def test_an_export_whose_job_database_was_lost_starts_again(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = asked(installation)
    runner = Runner(installation)
    numbers = runner.plan(export.id)
    runner.shard(export.id, numbers[0], threading.Event())
    with installation.ledger.write() as db:
        db.execute(update(exports).values(workflow_started=True))
    with working(installation):
        assert wait_for(installation, export.id).state is State.COMPLETED
    assert set(shard_runs(installation, export.id).values()) == {1}
    assert len(messages_of(delivered(installation, export.id)[0])) == 720


def test_a_round_that_fails_is_tried_again(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    failures = [RuntimeError("the database is away")] * 2
    submit = Worker._submit_queued

    def sometimes(worker: Worker) -> None:
        if failures:
            raise failures.pop()
        submit(worker)

    monkeypatch.setattr(Worker, "_submit_queued", sometimes)
    monkeypatch.setattr(worker_module, "SLOW_ROUND_SECONDS", 0.05)
    export = asked(installation)
    with working(installation):
        assert wait_for(installation, export.id).state is State.COMPLETED
