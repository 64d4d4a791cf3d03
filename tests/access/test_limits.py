"""Limits: the exact one over threads and processes, the local one in this process."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from exeunt.access.limits import count_exactly
from exeunt.access.service import Access
from exeunt.errors import Busy
from exeunt.installation import Installation
from exeunt.ledger.schema import rate_counts
from tests.access.world import START, TurnedClock

ASK_TEN_TIMES = """
import sys
from concurrent.futures import ThreadPoolExecutor
from exeunt.config import Settings
from exeunt.errors import Busy
from exeunt.installation import Installation
access = Installation(Settings(data=sys.argv[1])).access
def ask(_):
    try:
        access.limit_exact("ann", 17, 3600)
        return 1
    except Busy:
        return 0
with ThreadPoolExecutor(10) as pool:
    print(sum(pool.map(ask, range(10))))
"""


def _is_let_in(access: Access, key: str, count: int, seconds: float) -> bool:
    try:
        access.limit_exact(key, count, seconds)
    except Busy:
        return False
    return True


def test_fifty_requests_of_five_processes_share_one_exact_limit(tmp_path: Path, installation: Installation) -> None:
    asking = [subprocess.Popen([sys.executable, "-c", ASK_TEN_TIMES, str(tmp_path / "data")], stdout=subprocess.PIPE)
              for _ in range(5)]  # fmt: skip
    assert sum(int(process.communicate()[0]) for process in asking) == 17


def test_fifty_threads_share_one_exact_limit(access: Access) -> None:
    with ThreadPoolExecutor(50) as pool:
        let_in = list(pool.map(lambda _: _is_let_in(access, "ann", 10, 60), range(50)))
    assert sum(let_in) == 10


def test_each_request_makes_room_on_time_and_refused_ones_change_nothing(access: Access, clock: TurnedClock) -> None:
    access.limit_exact("ann", 2, 10)
    clock.turn(seconds=4)
    access.limit_exact("ann", 2, 10)
    with pytest.raises(Busy) as refused:
        access.limit_exact("ann", 2, 10)
    assert str(refused.value) == "too many requests"
    assert refused.value.retry_after == 6
    clock.turn(seconds=5.999999)
    assert not _is_let_in(access, "ann", 2, 10)
    clock.turn(seconds=0.000001)
    assert [_is_let_in(access, "ann", 2, 10) for _ in range(2)] == [True, False]
    clock.turn(seconds=4)
    assert [_is_let_in(access, "ann", 2, 10) for _ in range(2)] == [True, False]


def test_around_the_end_of_a_window_no_more_pass_than_in_it(access: Access, clock: TurnedClock) -> None:
    assert _is_let_in(access, "ann", 10, 10)
    clock.turn(seconds=9.9)
    assert sum(_is_let_in(access, "ann", 10, 10) for _ in range(20)) == 9
    clock.turn(seconds=0.2)
    assert sum(_is_let_in(access, "ann", 10, 10) for _ in range(20)) == 1


STEPS = st.lists(st.tuples(st.integers(0, 4000), st.booleans()), max_size=40)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(count=st.integers(1, 5), milliseconds=st.integers(1000, 5000), steps=STEPS)
def test_whatever_the_times_a_request_passes_exactly_when_fewer_passed_lately(
    installation: Installation, count: int, milliseconds: int, steps: list[tuple[int, bool]]
) -> None:
    """As a list of all that passed would decide; now and then another key has its say between."""
    passed: list[datetime] = []
    now, span = START, timedelta(milliseconds=milliseconds)
    with installation.ledger.write() as db:
        db.execute(delete(rate_counts))
        for wait, another in steps:
            now += timedelta(milliseconds=wait)
            if another:
                with suppress(Busy):
                    count_exactly(db, f"other{len(passed)}", 3, 1.0, now)
            lately = [at for at in passed if at > now - span]
            if len(lately) < count:
                count_exactly(db, "ann", count, span.total_seconds(), now)
                passed.append(now)
            else:
                with pytest.raises(Busy) as refused:
                    count_exactly(db, "ann", count, span.total_seconds(), now)
                assert refused.value.retry_after == (lately[-count] + span - now).total_seconds()


def test_exact_limits_of_different_keys_are_apart(access: Access) -> None:
    assert _is_let_in(access, "ann", 1, 10)
    assert _is_let_in(access, "bob", 1, 10)
    assert not _is_let_in(access, "ann", 1, 10)


def test_a_limit_of_nothing_lets_nothing_in(access: Access) -> None:
    assert not _is_let_in(access, "ann", 0, 10)
    with pytest.raises(Busy):
        access.limit_local("ann", 0, 10)


def test_windows_that_ended_are_forgotten(installation: Installation, access: Access, clock: TurnedClock) -> None:
    for name in range(20):
        access.limit_exact(f"k{name}", 5, 10)
    clock.turn(seconds=11)
    access.limit_exact("last", 5, 10)
    with installation.ledger.read() as db:
        assert set(db.scalars(select(rate_counts.c.key))) == {"last", "last\x1f0"}


def test_a_local_limit_refuses_above_its_count_and_says_how_long(access: Access) -> None:
    for _ in range(3):
        access.limit_local("ann", 3, 10)
    with pytest.raises(Busy) as refused:
        access.limit_local("ann", 3, 10)
    assert 0 < refused.value.retry_after <= 10
    access.limit_local("bob", 3, 10)
    access.limit_local("ann", 4, 10)
