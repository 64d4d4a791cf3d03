"""Two processes at one piece of work, one of them thought dead: the newer is right, and neither spoils the other's."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from exeunt.archives.packs import PackIndex, PackWriter
from exeunt.exports import run
from exeunt.exports.records import State
from exeunt.exports.run import Runner
from exeunt.exports.stops import Ended, Interrupted
from exeunt.installation import Installation
from exeunt.layouts.job import Job, Layout, Output, ShardPlan
from exeunt.layouts.registry import load
from tests.backends import both
from tests.exports.conftest import asked, delivered, made_files, messages_of, shard_runs
from tests.stored import Stored, below

pytestmark = both


class Turns:
    """Lets two threads take turns inside the work of a layout: `wait` stands where one of them is held."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.before: dict[str, Callable[[], None]] = {}
        self.midway: dict[str, Callable[[], None]] = {}
        monkeypatch.setattr(run, "load", self._load)

    def _load(self, name: str) -> Layout:
        layout, me = load(name), threading.current_thread().name
        self.before.pop(me, lambda: None)()

        def render(job: Job, plan: ShardPlan, pack: PackWriter) -> None:
            pack.add(".begun", b"x" * 100_000, deflate=False)
            self.midway.pop(me, lambda: None)()
            layout.render(job, plan, pack)

        def assemble(job: Job, packs: list[PackIndex]) -> list[Output]:
            outputs = layout.assemble(job, packs)
            self.midway.pop(me, lambda: None)()
            return outputs

        return Layout(layout.name, layout.plan, render, assemble)


@contextmanager
def thread(name: str, work: Callable[[], object]) -> Iterator[list[BaseException]]:
    errors: list[BaseException] = []

    def run_it() -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    running = threading.Thread(target=run_it, name=name)
    running.start()
    yield errors
    running.join(60)
    assert not running.is_alive()


def held(event: threading.Event, at: threading.Event) -> Callable[[], None]:
    def wait() -> None:
        at.set()
        assert event.wait(60)

    return wait


def planned(installation: Installation) -> tuple[str, list[int]]:
    export = asked(installation)
    return export.id, Runner(installation).plan(export.id)


@pytest.mark.parametrize("stopped", [True, False])
def test_a_shard_that_was_taken_over_before_it_wrote_spoils_nothing(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, stopped: bool
) -> None:
    # the zombie has begun and not written; the other one has written half when the zombie wakes up and writes
    export_id, numbers = planned(installation)
    turns = Turns(monkeypatch)
    awake, zombie_waits, other_waits, go_on = (threading.Event() for _ in range(4))
    stop = threading.Event()
    turns.midway["zombie"] = held(awake, zombie_waits)
    turns.midway["other"] = held(go_on, other_waits)
    with thread("zombie", lambda: Runner(installation).shard(export_id, 1, stop)) as of_zombie:
        assert zombie_waits.wait(60)
        with thread("other", lambda: Runner(installation).shard(export_id, 1, threading.Event())) as of_other:
            assert other_waits.wait(60)
            if stopped:
                stop.set()
            awake.set()
            while not of_zombie:
                threading.Event().wait(0.01)
            go_on.set()
        assert of_other == []
    assert [type(error) for error in of_zombie] == [Interrupted]
    assert installation.exports.get(export_id).state is State.RUNNING
    assert shard_runs(installation, export_id) == {1: 2}
    assert {name.rpartition("/")[2] for name in made_files(installation)} == {
        "shard-00001-2.pack", "shard-00001-2.pack.index",
    }  # fmt: skip
    for number in numbers[1:]:
        Runner(installation).shard(export_id, number, threading.Event())
    Runner(installation).finish(export_id, threading.Event())
    assert len(messages_of(delivered(installation, export_id)[0])) == 720


def test_a_shard_that_was_finished_by_another_is_not_finished_again(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_id, _ = planned(installation)
    turns = Turns(monkeypatch)
    awake, waits = threading.Event(), threading.Event()
    turns.midway["zombie"] = held(awake, waits)
    with thread("zombie", lambda: Runner(installation).shard(export_id, 1, threading.Event())) as of_zombie:
        assert waits.wait(60)
        Runner(installation).shard(export_id, 1, threading.Event())
        done = installation.exports.get(export_id)
        digests = {hashlib.sha256(path.read_bytes()).digest() for path in _made(installation, export_id)}
        awake.set()
    assert [type(error) for error in of_zombie] == [Interrupted]
    assert installation.exports.get(export_id) == done
    assert {hashlib.sha256(path.read_bytes()).digest() for path in _made(installation, export_id)} == digests


def _made(installation: Installation, export_id: str) -> list[Stored]:
    return below(installation.blobs.storage, f"made/{export_id}", "shard-*")


@pytest.mark.parametrize("when", ["while the other assembles", "after the other has sealed"])
def test_an_assembly_that_was_taken_over_seals_nothing(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    export_id, numbers = planned(installation)
    for number in numbers:
        Runner(installation).shard(export_id, number, threading.Event())
    turns = Turns(monkeypatch)
    awake, zombie_waits, other_waits, go_on = (threading.Event() for _ in range(4))
    turns.midway["zombie"] = held(awake, zombie_waits)
    turns.midway["other"] = held(go_on, other_waits)
    with thread("zombie", lambda: Runner(installation).finish(export_id, threading.Event())) as of_zombie:
        assert zombie_waits.wait(60)
        with thread("other", lambda: Runner(installation).finish(export_id, threading.Event())) as of_other:
            assert other_waits.wait(60)
            if when == "after the other has sealed":
                go_on.set()
                while installation.exports.get(export_id).state is not State.COMPLETED:
                    threading.Event().wait(0.01)
            awake.set()
            while not of_zombie:
                threading.Event().wait(0.01)
            go_on.set()
        assert of_other == []
    assert [type(error) for error in of_zombie] in ([Interrupted], [Ended])
    assert installation.exports.get(export_id).state is State.COMPLETED
    assert len(installation.exports.archives(export_id)) == 1
    assert len(messages_of(delivered(installation, export_id)[0])) == 720
    # planning was the first attempt, the zombie's the second
    assert {name.split("/")[1] for name in made_files(installation) if "archive-" in name} == {"archive-3"}


def test_two_that_plan_at_once_cut_once(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    export = asked(installation)
    turns = Turns(monkeypatch)
    go, waits = threading.Event(), threading.Event()
    turns.before["slow"] = held(go, waits)
    found: list[list[int]] = []
    with thread("slow", lambda: found.append(Runner(installation).plan(export.id))) as errors:
        assert waits.wait(60)
        found.append(Runner(installation).plan(export.id))
        go.set()
    assert errors == []
    assert found[0] == found[1]
    assert len(found[0]) == installation.exports.get(export.id).shards_total
    assert installation.exports.get(export.id).state is State.RUNNING
