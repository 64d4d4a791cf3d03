"""Bodies: kept once, whole or not at all, and found out when they are damaged."""

import hashlib
import multiprocessing
import os
import resource
import threading
import zlib
from collections.abc import Iterator
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exeunt.archives.extents import Blob
from exeunt.blobs.store import BlobStore, held_key, made_prefix
from exeunt.errors import Damaged
from exeunt.storage.folder import Folder

STEP = Folder.step

spawn = multiprocessing.get_context("spawn")


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(Folder(tmp_path / "blobs"))


def files(blobs: BlobStore) -> set[str]:
    return {path.relative_to(blobs.path("")).as_posix() for path in blobs.path("").rglob("*") if path.is_file()}


def blob_of(data: bytes, workspace: str = "acme") -> Blob:
    digest = hashlib.sha256(data)
    return Blob(held_key(workspace, digest.hexdigest()), digest.digest(), len(data))


@settings(max_examples=50, deadline=None)
@given(chunks=st.lists(st.binary(max_size=50), max_size=5))
def test_a_body_is_kept_with_everything_known_of_it(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes]
) -> None:
    blobs, data = BlobStore(Folder(tmp_path_factory.getbasetemp() / "any")), b"".join(chunks)
    held = blobs.put("acme", iter(chunks))
    assert (held.size, held.crc32) == (len(data), zlib.crc32(data))
    assert held.sha256 == hashlib.sha256(data).hexdigest()
    assert held.md5 == hashlib.md5(data, usedforsecurity=False).hexdigest()
    assert blobs.path(held.key).read_bytes() == data
    assert b"".join(blobs.read(blob_of(data))) == data


def test_what_is_kept_already_is_not_stored_again(blobs: BlobStore) -> None:
    first = blobs.put("acme", [b"same ", b"body"])
    inode = blobs.path(first.key).stat().st_ino
    placed: list[str] = []
    assert blobs.put("acme", [b"same body"], placed.append) == first
    assert blobs.path(first.key).stat().st_ino == inode
    assert placed == []
    assert files(blobs) == {first.key}


def test_each_workspace_keeps_its_own(blobs: BlobStore) -> None:
    mine, theirs = blobs.put("acme", [b"body"]), blobs.put("other", [b"body"])
    assert mine.key != theirs.key
    assert files(blobs) == {mine.key, theirs.key}


def test_whoever_is_told_before_a_body_appears_is_told_its_key(blobs: BlobStore) -> None:
    def note(key: str) -> None:
        assert not blobs.path(key).exists()
        placed.append(key)

    placed: list[str] = []
    held = blobs.put("acme", [b"body"], note)
    assert placed == [held.key]


def test_a_torn_body_is_replaced_by_a_whole_one(blobs: BlobStore) -> None:
    held = blobs.put("acme", [b"body"])
    blobs.path(held.key).write_bytes(b"bo")
    blobs.put("acme", [b"body"])
    assert blobs.path(held.key).read_bytes() == b"body"


@pytest.mark.parametrize("broken_at", [0, 1, 3])
def test_a_source_that_breaks_leaves_nothing(blobs: BlobStore, broken_at: int) -> None:
    def chunks() -> Iterator[bytes]:
        yield from [b"x" * 100_000] * broken_at
        raise OSError("the source is gone")

    with pytest.raises(OSError, match="gone"):
        blobs.put("acme", chunks())
    assert files(blobs) == set()


def _fill_up(path: Path, sizes: list[int]) -> None:
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    blobs = BlobStore(Folder(path))
    for size in sizes:
        try:
            blobs.put("acme", [os.urandom(size)])
        except OSError:
            continue
        os._exit(3)
    os._exit(0 if files(blobs) == set() else 4)


def test_a_write_that_is_cut_short_is_an_error_and_not_a_body(blobs: BlobStore) -> None:
    # the system writes what still fits and reports no error but a smaller number, as it does on a disk that gets full
    process = spawn.Process(target=_fill_up, args=(blobs.path(""), [100_001, 150_000, STEP]))
    process.start()
    process.join(60)
    assert process.exitcode == 0
    process.close()


def test_reading_ends_where_it_was_told_to_and_breaks_where_bytes_are_missing(blobs: BlobStore) -> None:
    data = os.urandom(2 * STEP + 17)
    blob = blob_of(data)
    blobs.put("acme", [data])
    assert b"".join(blobs.read(blob, STEP - 3, 10)) == data[STEP - 3 : STEP + 7]
    assert max(map(len, blobs.read(blob))) == STEP
    blobs.path(blob.key).write_bytes(data[:-1])
    with pytest.raises(Damaged, match="shorter"):
        list(blobs.read(blob))
    blobs.remove(blob.key)
    blobs.remove(blob.key)
    with pytest.raises(Damaged, match=f"{blob.key} is missing"):
        list(blobs.read(blob))


def test_listing_finds_every_blob_with_its_size(blobs: BlobStore) -> None:
    wanted = {held.key: held.size for held in (blobs.put("acme", [os.urandom(n)]) for n in (1, 2, 300))}
    foreign = blobs.put("acme2", [b"foreign"])
    assert dict(blobs.sizes("held/acme")) == wanted
    assert dict(blobs.sizes("held")) == {**wanted, foreign.key: 7}
    assert dict(blobs.sizes("held/nobody")) == {}


@pytest.mark.parametrize("damage", ["flipped", "short", "long"])
def test_scrubbing_names_the_damaged_body(blobs: BlobStore, damage: str) -> None:
    held = [blobs.put("acme", [b"body %d" % n]) for n in range(5)]
    blobs.put("other", [b"foreign"])
    path = blobs.path(held[2].key)
    data = path.read_bytes()
    path.write_bytes({"flipped": bytes([data[0] ^ 1]) + data[1:], "short": data[:-1], "long": data + b"x"}[damage])
    found = dict(blobs.scrub("acme"))
    assert found.keys() == {one.key for one in held}
    assert {key for key, wrong in found.items() if wrong} == {held[2].key}


def test_what_an_export_made_goes_with_all_its_folders(blobs: BlobStore) -> None:
    for name in ("shard-1.pack", "archive-1/parts/part-0001.body", "archive-1/tables.pack"):
        path = blobs.path(f"{made_prefix('e')}/{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    other = blobs.path(f"{made_prefix('f')}/shard-1.pack")
    other.parent.mkdir(parents=True)
    other.write_bytes(b"x")
    blobs.remove_made("e", "archive-1")
    assert files(blobs) == {"made/e/shard-1.pack", "made/f/shard-1.pack"}
    blobs.remove_made("e")
    blobs.remove_made("e")
    assert files(blobs) == {"made/f/shard-1.pack"}
    assert not blobs.path(made_prefix("e")).exists()


def test_what_an_export_made_can_go_while_somebody_still_writes(blobs: BlobStore) -> None:
    folder, stop = blobs.path(f"{made_prefix('e')}/parts"), threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            folder.mkdir(parents=True, exist_ok=True)
            try:
                (folder / f"{number}.partial").write_bytes(b"x")
            except FileNotFoundError:
                continue

    writer = threading.Thread(target=write)
    writer.start()
    for _ in range(200):
        blobs.remove_made("e")
    stop.set()
    writer.join()
    blobs.remove_made("e")
    assert files(blobs) == set()


# --- several at once --------------------------------------------------------------------------------------------------


def test_threads_that_keep_the_same_body_keep_it_once(blobs: BlobStore) -> None:
    barrier, keys = threading.Barrier(16), []

    def put() -> None:
        barrier.wait()
        keys.append(blobs.put("acme", [b"x" * 70_000] * 20).key)

    threads = [threading.Thread(target=put) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 16
    assert files(blobs) == set(keys) == {blob_of(b"x" * 1_400_000).key}
    assert [wrong for _, wrong in blobs.scrub("acme") if wrong] == []


def _put_many(root: Path, go: Event) -> None:
    blobs = BlobStore(Folder(root))
    go.wait(60)
    for number in range(100):
        held = blobs.put("acme", [b"%d" % number * 1000])
        assert blobs.path(held.key).stat().st_size == held.size


def test_processes_that_keep_the_same_bodies_keep_them_once(blobs: BlobStore) -> None:
    go = spawn.Event()
    processes = [spawn.Process(target=_put_many, args=(blobs.path(""), go)) for _ in range(3)]
    for process in processes:
        process.start()
    go.set()
    for process in processes:
        process.join(120)
        assert process.exitcode == 0
        process.close()
    assert len(files(blobs)) == 100
    assert [wrong for _, wrong in blobs.scrub("acme") if wrong] == []
