"""After the end: links that live, end and are renewed, and bytes that stay the same until they go."""

import hashlib
import threading
import time
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from exeunt.delivery.gate import Gate, Refused
from exeunt.errors import Conflict, InvalidInput
from exeunt.exports import service
from exeunt.exports.records import State
from exeunt.exports.service import Request
from exeunt.exports.worker import Worker
from exeunt.installation import Installation
from tests.backends import both
from tests.conftest import working
from tests.exports.conftest import Hands, Opener, asked, delivered, done_at_once, made_files
from tests.stored import below

pytestmark = both

BASE = "http://x"
WEEK = timedelta(days=7)


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def made(opened: Opener, clock: Hands, monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.setattr(service, "wait_until_forgotten", lambda: None)
    return opened(clock=clock, keep_seconds=30 * 86_400)


def finished(made: Installation) -> str:
    export = asked(made)
    done_at_once(made, export.id)
    return export.id


def opens(made: Installation, url: str) -> str:
    """What the gate says of a link: nothing when it opens."""
    parts = urlsplit(url)
    try:
        Gate(made.ledger, made.keys, made.clock).check(parts.path, parts.query.encode())
    except Refused as error:
        return error.why
    return ""


def link(made: Installation, export_id: str) -> str:
    ((_, url),) = made.exports.urls(export_id, BASE)
    return url


def test_a_link_is_the_same_text_at_every_call_and_ends_by_the_clock(made: Installation, clock: Hands) -> None:
    export_id = finished(made)
    url = link(made, export_id)
    assert link(made, export_id) == url
    assert opens(made, url) == ""
    assert parse_qs(urlsplit(url).query)["se"] == ["2026-03-11T05:06:07Z"]
    clock.now += WEEK - timedelta(seconds=1)
    assert made.exports.get(export_id).state is State.COMPLETED
    assert opens(made, url) == ""
    clock.now += timedelta(seconds=1)
    assert made.exports.get(export_id).state is State.EXPIRED
    assert opens(made, url) == "link_expired"


def test_what_has_ended_is_renewed_to_the_same_bytes(made: Installation, clock: Hands) -> None:
    export_id = finished(made)
    first, data = link(made, export_id), delivered(made, export_id)
    clock.now += 2 * WEEK
    assert made.exports.get(export_id).state is State.EXPIRED
    renewed = made.exports.renew(export_id, 3600)
    assert (renewed.state, renewed.expires_at) == (
        State.COMPLETED,
        clock.now.replace(microsecond=0) + timedelta(hours=1),
    )
    second = link(made, export_id)
    assert second != first
    assert (opens(made, first), opens(made, second)) == ("link_expired", "")
    assert delivered(made, export_id) == data


def test_what_was_ended_by_hand_stays_ended_though_it_is_renewed(made: Installation) -> None:
    export_id = finished(made)
    first = link(made, export_id)
    assert made.exports.expire(export_id).state is State.EXPIRED
    assert opens(made, first) == "link_revoked"
    with pytest.raises(Conflict):
        made.exports.expire(export_id)
    made.exports.renew(export_id, 60)
    second = link(made, export_id)
    assert (opens(made, first), opens(made, second)) == ("link_revoked", "")


def test_an_older_link_that_lives_longer_is_ended_with_the_newer(made: Installation, clock: Hands) -> None:
    export_id = finished(made)
    first = link(made, export_id)
    made.exports.renew(export_id, 60)
    clock.now += timedelta(hours=1)
    # the older one still opens, so the export is not over, and can be ended
    assert opens(made, first) == ""
    assert made.exports.get(export_id).state is State.COMPLETED
    made.exports.expire(export_id)
    assert opens(made, first) == "link_revoked"


@pytest.mark.parametrize("keep", [0, 59, 30 * 86_400 + 1])
def test_links_live_between_a_minute_and_a_month(made: Installation, keep: int) -> None:
    export_id = finished(made)
    with pytest.raises(InvalidInput, match="1 minute and 30 days"):
        made.exports.renew(export_id, keep)
    assert len(made.exports.urls(export_id, BASE)) == 1


def test_yammers_links_have_one_path_whatever_their_age(made: Installation) -> None:
    export = made.exports.create(Request(workspaces=("acme",), api="yammer", layout="jsonl"))
    done_at_once(made, export.id)
    first = link(made, export.id)
    made.exports.renew(export.id, 3600)
    second = link(made, export.id)
    assert urlsplit(first).path == urlsplit(second).path == f"/exports/{export.id}/acme-jsonl.zip"
    assert (opens(made, first), opens(made, second)) == ("link_invalid", "")


# --- the bytes go -----------------------------------------------------------------------------------------------------


def test_bytes_that_nobody_can_renew_go_and_their_record_stays(made: Installation, clock: Hands) -> None:
    export_id, other = finished(made), finished(made)
    url = link(made, export_id)
    clock.now += timedelta(days=29)
    made.exports.renew(other, 30 * 86_400)
    clock.now += timedelta(days=2)
    worker = Worker(made)
    worker._purge()
    purged = made.exports.get(export_id)
    assert (purged.state, purged.purged_at) == (State.EXPIRED, clock.now)
    assert made.exports.get(other).state is State.COMPLETED
    assert {name.partition("/")[0] for name in made_files(made)} == {other}
    assert opens(made, url) == "link_expired"
    with pytest.raises(Conflict, match="no bytes"):
        made.exports.renew(export_id)
    assert len(made.exports.archives(export_id)) == 1


def test_what_is_renewed_while_it_is_to_go_stays(
    made: Installation, clock: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_id = finished(made)
    clock.now += timedelta(days=31)
    worker, write = Worker(made), made.ledger.write
    renewing = threading.local()

    def write_after_the_renewal():  # type: ignore[no-untyped-def]
        # between looking for what is over and saying so, somebody renews it
        if not getattr(renewing, "begun", False):
            renewing.begun = True
            made.exports.renew(export_id, 86_400)
        return write()

    monkeypatch.setattr(made.ledger, "write", write_after_the_renewal)
    worker._purge()
    assert made.exports.get(export_id).purged_at is None
    assert made.exports.get(export_id).state is State.COMPLETED
    assert opens(made, link(made, export_id)) == ""
    assert delivered(made, export_id)


def test_the_digest_of_what_is_sealed_is_found_out_and_damage_is_written_down(made: Installation) -> None:
    export_id = finished(made)
    broken = finished(made)
    for pack in below(made.blobs.storage, f"made/{broken}", "shard-*.pack"):
        pack.unlink()
    with working(made):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            (sound,), (damaged,) = made.exports.archives(export_id), made.exports.archives(broken)
            if sound.sha256 and damaged.damaged:
                break
            time.sleep(0.05)
    (data,) = delivered(made, export_id)
    assert sound.sha256 == hashlib.sha256(data).digest()
    assert "is missing" in str(damaged.damaged)
    assert opens(made, link(made, broken)) == "archive_damaged"
