"""One writer a workspace: who waits, who takes over, and who has been overtaken."""

import multiprocessing
import os
import time
from multiprocessing.synchronize import Event

import pytest
from sqlalchemy import select, update

from exeunt.config import Settings
from exeunt.errors import Busy, Conflict
from exeunt.lake import lease as leases_module
from exeunt.lake.append import BATCH_ROWS
from exeunt.lake.lease import LIFE, RENEW_AFTER, hold
from exeunt.ledger.schema import imports, leases
from tests.backends import both
from tests.lake.conftest import Lake, day, message, room
from tests.stored import at

pytestmark = both

spawn = multiprocessing.get_context("spawn")


def test_a_second_writer_is_refused_and_told_by_whom(lake: Lake) -> None:
    with lake.importing(day(1)):
        with pytest.raises(Busy, match=rf":{os.getpid()}:") as refused, lake.importing(day(1)):
            pass
        assert 0 < refused.value.retry_after <= LIFE.total_seconds()
    lake.take(day(1), rooms=[room(1)])


def test_two_workspaces_are_written_at_the_same_time(lake: Lake) -> None:
    lake.add("other")
    with lake.importing(day(1)) as mine, lake.importing(day(1), "other") as theirs:
        mine.rooms([room(1)])
        theirs.rooms([room(2)])
        mine.commit("test", "test")
        theirs.commit("test", "test")
    assert [row["id"] for row in lake.projected("rooms", "other")] == ["C2"]


def test_a_writer_that_fails_lets_go(lake: Lake) -> None:
    with pytest.raises(ZeroDivisionError), lake.importing(day(1)):
        raise ZeroDivisionError
    lake.take(day(1), rooms=[room(1)])


def test_who_was_thought_dead_cannot_commit_any_more(lake: Lake) -> None:
    with pytest.raises(Conflict, match="taken over"), lake.importing(day(1)) as zombie:  # noqa: PT012
        zombie.rooms([room(1, topic="of the zombie")])
        lake.now += LIFE
        lake.take(day(2), rooms=[room(1, topic="of the other")])
        zombie.commit("test", "zombie")
    assert [row["topic"] for row in lake.projected("rooms")] == ["of the other"]
    with lake.ledger.read() as db:
        assert list(db.scalars(select(imports.c.source_name))) == ["test"]
    # what the zombie wrote goes with the next import, and its end has not freed what others hold
    with lake.importing(day(3)):
        assert len(lake.parquet("rooms")) == 1


def test_who_was_thought_dead_hears_of_it_as_soon_as_it_goes_on(lake: Lake) -> None:
    with lake.importing(day(1)) as zombie:
        lake.now += LIFE
        lake.take(day(2), rooms=[room(1)])
        with pytest.raises(Conflict, match="taken over"):
            zombie.progress(1, 2)


def test_a_zombie_does_not_tidy_up_after_the_living(lake: Lake) -> None:
    with lake.importing(day(1)):
        lake.now += LIFE
        with lake.importing(day(2)) as living:
            body = living.blob([b"of the living"])
            living.rooms([room(1)])
            living.messages([message(n) for n in range(BATCH_ROWS)])
            (segment,) = lake.parquet("messages")
            # the zombie leaves here, by its own block's end
            at(lake.blobs, "incoming/acme/half").write_bytes(b"x")
            with pytest.raises(Busy), lake.importing(day(3)):
                pass
            assert segment.exists()
            assert at(lake.blobs, body.key).exists()
            living.commit("test", "living")
    assert segment.exists()


def test_a_writer_that_works_on_keeps_its_lease(lake: Lake) -> None:
    with lake.importing(day(1)) as intake:
        for _ in range(20):
            lake.now += RENEW_AFTER
            intake.progress(1, 2)
            with pytest.raises(Busy), lake.importing(day(1)):
                pass
        intake.rooms([room(1)])
        intake.commit("test", "test")
    assert len(lake.projected("rooms")) == 1


def test_a_holder_on_another_machine_is_waited_for_until_its_time_is_over(lake: Lake) -> None:
    with lake.importing(day(1)):
        pass
    with lake.ledger.write() as db:
        db.execute(update(leases).values(holder="elsewhere/1:1:5", expires_at=lake.now + LIFE))
    with pytest.raises(Busy), hold(lake.ledger, lake.clock, "acme"):
        pass
    lake.now += LIFE
    with hold(lake.ledger, lake.clock, "acme"):
        pass


def test_a_container_with_the_same_host_name_is_another_machine(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    with lake.importing(day(1)):
        real = os.readlink
        monkeypatch.setattr(os, "readlink", lambda path: "pid:[1]" if str(path).endswith("ns/pid") else real(path))
        # the number of the holder's process means nothing here, and must not be looked up
        monkeypatch.setattr(leases_module, "_started", lambda pid: "0")
        with pytest.raises(Busy), lake.importing(day(1)):
            pass


# --- real processes ---------------------------------------------------------------------------------------------------


def _hold_until_killed(settings: Settings, held: Event) -> None:
    lake = Lake(settings)
    with lake.importing(day(1)) as intake:
        intake.blob([b"never committed"])
        intake.rooms([room(1)])
        intake.messages([message(n) for n in range(BATCH_ROWS)])
        held.set()
        time.sleep(600)


def test_a_holder_that_was_killed_is_followed_at_once(lake: Lake) -> None:
    held = spawn.Event()
    process = spawn.Process(target=_hold_until_killed, args=(lake.settings, held))
    process.start()
    assert held.wait(60)
    with pytest.raises(Busy), lake.importing(day(1)):
        pass
    assert len(lake.parquet("messages")) == 1
    process.kill()
    process.join()
    process.close()
    with lake.importing(day(1)) as intake:
        assert lake.parquet("messages") == []
        assert list(lake.blobs.sizes("incoming")) == list(lake.blobs.sizes("held")) == []
        intake.rooms([room(1)])
        intake.commit("test", "test")


def _race(settings: Settings, number: int, go: Event) -> None:
    lake = Lake(settings)
    rows = [message(1000 * number + n) for n in range(200)]
    go.wait(60)
    while True:
        try:
            lake.take(day(number), rooms=[room(1), room(10 + number)],
                      messages=[*rows, message(1, text=f"by {number}", edited_at=day(number))])  # fmt: skip
        except Busy:
            time.sleep(0.01)
        else:
            return


def test_racing_imports_follow_each_other_and_nothing_is_lost(lake: Lake) -> None:
    go = spawn.Event()
    processes = [spawn.Process(target=_race, args=(lake.settings, number, go)) for number in range(1, 5)]
    for process in processes:
        process.start()
    go.set()
    for process in processes:
        process.join(120)
        assert process.exitcode == 0
        process.close()
    texts = lake.texts()
    assert len(texts) == 4 * 200 + 1
    assert texts["C1/1"] == "by 4"
    assert {row["id"] for row in lake.projected("rooms")} == {"C1", "C11", "C12", "C13", "C14"}
    with lake.ledger.read() as db:
        assert sorted(db.scalars(select(imports.c.import_no))) == [1, 2, 3, 4]
    numbers = [row["number"] for row in lake.messages()]
    assert len(set(numbers)) == len(numbers)
    assert lake.catalog.head("acme").number == 4
