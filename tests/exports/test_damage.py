"""Archives whose bytes went wrong: marked when that is seen, whole again when every byte is right, and only then."""

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import update

from exeunt.clock import utc_now
from exeunt.exports.digests import check, damaged_archives
from exeunt.exports.worker import Worker
from exeunt.installation import Installation
from exeunt.ledger.schema import archives
from tests.cli.running import Commands
from tests.exports.conftest import Opener, asked, delivered, done_at_once
from tests.exports.test_links import link, opens


class Broken:
    """A finished export, one pack of which was taken away, and the ways to put it back."""

    def __init__(self, made: Installation) -> None:
        self.made = made
        self.export_id = asked(made).id
        done_at_once(made, self.export_id)
        self.url = link(made, self.export_id)
        self.pack = next(made.blobs.path(f"made/{self.export_id}").glob("shard-*.pack"))
        self.bytes = self.pack.read_bytes()
        self.data = delivered(made, self.export_id)[0]
        self.pack.unlink()

    @property
    def damaged(self) -> str | None:
        (archive,) = self.made.exports.archives(self.export_id)
        return archive.damaged

    def read_again(self) -> str | None:
        """A check, as the worker makes it."""
        (archive,) = self.made.exports.archives(self.export_id)
        return check(self.made, archive)

    def put_back(self, data: bytes) -> None:
        self.pack.write_bytes(data)


@pytest.fixture
def broken(opened: Opener) -> Broken:
    found = Broken(opened(clock=utc_now))
    assert "is missing" in str(found.read_again())
    return found


def test_an_archive_whose_blob_is_put_back_is_whole_at_the_next_check(broken: Broken) -> None:
    assert opens(broken.made, broken.url) == "archive_damaged"
    broken.put_back(broken.bytes)
    # not because a file is there again, but because all of it was read
    assert opens(broken.made, broken.url) == "archive_damaged"
    assert broken.read_again() is None
    assert opens(broken.made, broken.url) == ""
    (archive,) = broken.made.exports.archives(broken.export_id)
    assert archive.sha256 == hashlib.sha256(broken.data).digest()
    assert delivered(broken.made, broken.export_id) == [broken.data]


@pytest.mark.parametrize("wrong", ["short", "other"])
def test_an_archive_stays_damaged_while_a_byte_is_wrong(broken: Broken, wrong: str) -> None:
    other = bytearray(broken.bytes)
    other[len(other) // 2] ^= 1
    broken.put_back(broken.bytes[: len(other) // 2] if wrong == "short" else bytes(other))
    assert broken.read_again() is not None
    assert opens(broken.made, broken.url) == "archive_damaged"


def test_bytes_that_have_changed_are_found_when_the_digest_is_taken(opened: Opener) -> None:
    found = Broken(opened())
    found.put_back(bytes(len(found.bytes)))
    assert found.read_again() == "the bytes of the archive are not those that were sealed"
    assert found.damaged == "the bytes of the archive are not those that were sealed"


def test_what_is_found_out_while_an_archive_is_read_stays(broken: Broken) -> None:
    (archive,) = broken.made.exports.archives(broken.export_id)
    broken.put_back(broken.bytes)
    with broken.made.ledger.write() as db:
        db.execute(update(archives).where(archives.c.id == archive.id).values(damaged="broke again meanwhile"))
    assert check(broken.made, archive) is None
    assert broken.damaged == "broke again meanwhile"


def test_a_check_that_is_stopped_says_nothing(broken: Broken) -> None:
    (archive,) = broken.made.exports.archives(broken.export_id)
    broken.put_back(broken.bytes)
    check(broken.made, archive, lambda: True)
    assert broken.damaged == archive.damaged


def test_a_worker_finds_out_what_was_repaired(broken: Broken) -> None:
    broken.put_back(broken.bytes)
    worker = Worker(broken.made)
    worker._digest_one()
    assert worker._digesting is not None
    worker._digesting.result(60)
    assert broken.damaged is None
    assert damaged_archives(broken.made) == []


def test_verifying_blobs_reads_damaged_archives_again(broken: Broken, tmp_path: Path) -> None:
    exeunt = Commands(Path(broken.made.settings.data))
    sound = len(list(broken.made.blobs.sizes("held/acme")))
    found = exeunt("verify", "--blobs", "--json")
    assert found.code == 1
    assert f'"archive acme-jsonl.zip of export {broken.export_id}: the blob made/' in found.out
    broken.put_back(broken.bytes)
    assert exeunt("verify", "--blobs", "--json").json() == {"checked": sound + 1, "problems": []}
    assert exeunt("verify", "--blobs", "--json").json() == {"checked": sound, "problems": []}
    assert opens(broken.made, broken.url) == ""
