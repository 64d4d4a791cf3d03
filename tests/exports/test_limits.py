"""What may be asked for at once: slots, limits, quotas and space, whoever asks at the same moment."""

import multiprocessing
import threading
from collections.abc import Callable

import msgspec
import pytest
from sqlalchemy import func, select, update

from exeunt.errors import Busy, ExeuntError, InvalidInput, NoSpace, NotFound
from exeunt.exports.records import State
from exeunt.exports.run import Runner
from exeunt.exports.service import Request, SlotTaken
from exeunt.installation import Installation
from exeunt.layouts.options import OPTIONS, SEVERAL_WORKSPACES
from exeunt.ledger.schema import exports, slots
from tests.backends import both
from tests.conftest import wait_for, working
from tests.exports.asking import REFUSED, ask_for_slot
from tests.exports.conftest import Gate, Opener, asked, done_at_once

pytestmark = both

spawn = multiprocessing.get_context("spawn")


def at_once(times: int, ask: Callable[[], object]) -> list[object]:
    """What comes out when so many threads ask at the same moment."""
    barrier, found = threading.Barrier(times), []

    def run() -> None:
        barrier.wait()
        try:
            found.append(ask())
        except Exception as error:
            found.append(error)

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_of_fifty_requests_for_a_slot_one_wins(installation: Installation) -> None:
    found = at_once(50, lambda: asked(installation, slot="workspace/rooms/C1"))
    refused = [answer for answer in found if isinstance(answer, SlotTaken)]
    (won,) = (answer for answer in found if not isinstance(answer, Exception))
    assert len(refused) == 49
    assert {answer.export_id for answer in refused} == {won.id}  # type: ignore[attr-defined]
    with installation.ledger.read() as db:
        assert db.scalar(select(func.count()).select_from(exports)) == 1
        assert db.scalars(select(slots.c.name)).all() == ["workspace/rooms/C1"]
    # another slot is another matter
    asked(installation, slot="workspace/rooms/C2")


def test_of_several_processes_that_ask_for_a_slot_one_wins(installation: Installation) -> None:
    go = spawn.Event()
    processes = [spawn.Process(target=ask_for_slot, args=(installation.settings, go)) for _ in range(4)]
    for process in processes:
        process.start()
    go.set()
    for process in processes:
        process.join(120)
    assert sorted(process.exitcode or 0 for process in processes) == [0, REFUSED, REFUSED, REFUSED]
    for process in processes:
        process.close()
    assert len(installation.exports.list("acme")) == 1


@pytest.mark.parametrize("end", ["done", "cancelled", "failed"])
def test_a_slot_is_free_when_its_export_has_ended(installation: Installation, end: str) -> None:
    first = asked(installation, slot="one")
    with pytest.raises(SlotTaken) as refused:
        asked(installation, slot="one")
    assert refused.value.export_id == first.id
    if end == "done":
        done_at_once(installation, first.id)
    elif end == "cancelled":
        installation.exports.cancel(first.id)
    else:
        Runner(installation).fail(first.id, "for a reason")
    asked(installation, slot="one")


def test_a_request_that_is_refused_leaves_nothing(installation: Installation) -> None:
    bad: list[tuple[type[ExeuntError], dict[str, object]]] = [
        (InvalidInput, {"layout": "pdf"}),
        (InvalidInput, {"options": {"nonsense": 1}}),
        (InvalidInput, {"layout": "csv", "options": {"safe": "perhaps"}}),
        (InvalidInput, {"workspaces": (), "home": "acme"}),
        (InvalidInput, {"keep_seconds": 59}),
        (InvalidInput, {"keep_seconds": 30 * 86_400 + 1}),
        (NotFound, {"workspaces": ("nobody",)}),
        (NotFound, {"workspaces": ("acme", "nobody"), "layout": "yammer-files", "slot": "one"}),
    ]
    for error, values in bad:
        request = {"workspaces": ("acme",), "api": "native", "layout": "jsonl", **values}
        with pytest.raises(error):
            installation.exports.create(Request(**request))  # type: ignore[arg-type]
    assert installation.exports.list("acme") == []
    asked(installation, slot="one")


@pytest.mark.parametrize("layout", sorted(OPTIONS))
def test_a_layout_of_one_workspace_is_refused_for_several(installation: Installation, layout: str) -> None:
    installation.catalog.add_workspace("guests", "Guests", "acme", installation.clock())
    options = {"person": "U1"} if layout == "rocketchat-user-data" else {}
    request = Request(workspaces=("acme", "guests"), api="native", layout=layout, options=options)
    if layout in SEVERAL_WORKSPACES:
        export = installation.exports.create(request)
        done_at_once(installation, export.id)
        return
    with pytest.raises(InvalidInput) as refused:
        installation.exports.create(request)
    assert str(refused.value) == f"the layout {layout} is of one workspace, and here are 2: ask for each by itself"
    assert installation.exports.list("acme") == []


def test_as_many_run_as_the_limit_of_an_api_allows(installation: Installation) -> None:
    found = at_once(20, lambda: asked(installation, running_limit=3))
    assert sum(isinstance(answer, Busy) for answer in found) == 17
    assert {answer.retry_after for answer in found if isinstance(answer, Busy)} == {60}
    request = Request(workspaces=("acme",), api="onna", layout="jsonl", running_limit=3)
    other = installation.exports.create(request)
    assert other.state is State.QUEUED
    installation.exports.cancel(other.id)
    for export in installation.exports.list("acme", api="native"):
        done_at_once(installation, export.id)
    asked(installation, running_limit=1)
    with pytest.raises(Busy):
        asked(installation, running_limit=1)


def test_a_workspace_has_no_more_unfinished_exports_than_its_quota(opened: Opener) -> None:
    made = opened(quota_running=5)
    found = at_once(12, lambda: asked(made))
    assert sum(isinstance(answer, Busy) for answer in found) == 7
    made.exports.set_quota("acme", 6, None)
    asked(made)
    with pytest.raises(Busy, match="its quota is 6"):
        asked(made)
    made.exports.cancel(made.exports.list("acme")[0].id)
    asked(made)
    made.exports.set_quota("acme", 0, None)
    with pytest.raises(Busy):
        asked(made)


def test_a_workspace_keeps_no_more_bytes_than_its_quota(installation: Installation) -> None:
    installation.exports.set_quota("acme", None, 10)
    done, other = asked(installation), asked(installation)
    done_at_once(installation, done.id)
    done_at_once(installation, other.id)
    with pytest.raises(NoSpace, match="quota of 10 bytes"):
        asked(installation)
    # what keeps no bytes counts no bytes, neither what failed nor what was purged
    with installation.ledger.write() as db:
        db.execute(update(exports).where(exports.c.id == done.id).values(state="FAILED"))
        db.execute(update(exports).where(exports.c.id == other.id).values(state="CANCELLED"))
    asked(installation)


def test_where_space_is_low_nothing_new_begins_and_the_rest_goes_on(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = opened()
    gate = Gate(monkeypatch, assemble=True)
    running = asked(made)
    with working(made):
        assert gate.reached.wait(60)
        full = Installation(msgspec.structs.replace(made.settings, min_free_bytes=1 << 60))
        with pytest.raises(NoSpace, match="MiB are free"):
            asked(full, slot="one")
        with pytest.raises(NoSpace):
            full.exports.require_space()
        assert len(full.exports.list("acme")) == 1
        full.ledger.close()
        gate.open.set()
        assert wait_for(made, running.id).state is State.COMPLETED


def test_exports_of_a_foreign_workspace_or_api_do_not_exist(installation: Installation) -> None:
    export = asked(installation)
    installation.catalog.add_workspace("other", "Other", None, installation.clock())
    assert installation.exports.get(export.id, "acme", "native") == export
    for workspace, api in (("other", None), ("acme", "onna"), ("nobody", "native")):
        with pytest.raises(NotFound):
            installation.exports.get(export.id, workspace, api)
    assert installation.exports.list("other") == []
    assert installation.exports.list("acme", api="onna") == []


def test_exports_are_listed_page_by_page_and_none_is_missed(installation: Installation) -> None:
    ids = [asked(installation).id for _ in range(7)]
    seen: list[str] = []
    before = None
    while page := installation.exports.list("acme", before=before, limit=3):
        seen += [export.id for export in page]
        before = page[-1].sequence
        if len(seen) == 3:
            asked(installation)
    assert seen == ids[::-1]
