"""A folder and a bucket do the same, and each says in a line why it cannot be used."""

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from exeunt.blobs.store import BlobStore, held_key
from exeunt.errors import Damaged, InvalidInput, Unavailable
from exeunt.storage.opening import open_places
from exeunt.storage.pages import PAGE, PagedObject, Pages
from exeunt.storage.seam import Storage
from tests.backends import Backend, both
from tests.servers import S3Server

pytestmark = both


@pytest.fixture
def storage(backend: Backend, tmp_path: Path) -> Storage:
    return backend.storage(tmp_path / "storage")


def write(storage: Storage, key: str, data: bytes) -> None:
    storage.path(key).parent.mkdir(parents=True, exist_ok=True)
    storage.path(key).write_bytes(data)


def test_what_is_written_and_kept_is_there_under_its_key(storage: Storage) -> None:
    write(storage, "made/e/a.pack", b"hello")
    storage.keep("made/e/a.pack")
    assert storage.size("made/e/a.pack") == 5
    assert storage.get("made/e/a.pack") == b"hello"
    assert storage.size("made/e/b.pack") is storage.size("made/e") is None or storage.is_local
    assert list(storage.sizes(["made/e/a.pack", "made/e/b.pack"])) == [5, None]


def test_a_whole_prefix_is_kept_and_listed_and_removed(storage: Storage) -> None:
    names = {f"made/e/archive-1/part-{n}.body" for n in range(3)} | {"made/e/archive-1/deep/er.pack"}
    for name in names:
        write(storage, name, name.encode())
    write(storage, "made/eleven/other.pack", b"x")
    storage.keep_below("made/e/archive-1")
    storage.keep_below("made/nothing")
    storage.keep("made/eleven/other.pack")
    assert dict(storage.walk("made/e")) == {name: len(name) for name in names}
    assert sorted(storage.names("made")) == ["e", "eleven"]
    storage.remove_below("made/e")
    storage.remove_below("made/never")
    assert list(storage.walk("made")) == [("made/eleven/other.pack", 1)]


def test_a_large_object_goes_in_parts_and_comes_in_ranges(storage: Storage) -> None:
    data = random.Random(1).randbytes(20_000_000)
    write(storage, "held/w/big", data)
    storage.keep("held/w/big")
    reader = storage.reader("held/w/big")
    for start, length in [(0, 10), (10, 10), (20, 5_000_000), (19_999_990, 10), (7, 1)]:
        assert reader.pread(start, length) == data[start : start + length]
    for start, length in [(19_999_990, 11), (20_000_000, 1), (30_000_000, 5)]:
        with pytest.raises(Damaged, match="shorter than recorded"):
            reader.pread(start, length)
    reader.close()


def test_what_is_missing_is_damaged_and_to_remove_it_is_no_error(storage: Storage) -> None:
    for ask in (storage.get, lambda key: storage.reader(key).pread(0, 1)):
        with pytest.raises(Damaged, match="the blob held/w/none is missing"):
            ask("held/w/none")
    storage.remove(["held/w/none", "held/w/neither"])
    storage.remove([])


def test_a_small_object_is_created_once_and_replaced_in_one_step(storage: Storage) -> None:
    assert storage.create("mark", b"first")
    assert not storage.create("mark", b"second")
    assert storage.get("mark") == b"first"
    storage.replace("mark", b"third")
    assert storage.get("mark") == b"third"
    assert [key for key, _ in storage.walk("")] == ["mark"]


@pytest.mark.parametrize("size", [0, 100, 5_000_000])
def test_bodies_arrive_and_are_there_after_sync(storage: Storage, size: int) -> None:
    blobs, data = BlobStore(storage), random.Random(size).randbytes(size)
    held = blobs.put("acme", [data[:10], data[10:]])
    again = blobs.put("acme", [data])
    blobs.sync("acme")
    assert held == again
    assert storage.get(held_key("acme", held.sha256)) == data
    assert [wrong for _, wrong in blobs.scrub("acme")] == [None]


def test_noted_bodies_are_told_to_whoever_noted_them(storage: Storage) -> None:
    blobs, noted = BlobStore(storage), list[str]()

    def note(key: str) -> None:
        blobs.note("acme", key)
        noted.append(key)

    kept = [blobs.put("acme", [b"%d" % n], note).key for n in range(20)]
    assert noted == kept
    assert blobs.noted("acme") == kept
    # whoever comes later knows them too, and perhaps more
    assert set(kept) <= set(blobs.noted("acme"))
    assert blobs.noted("other") == []


def test_pages_are_read_once_and_slices_are_exact() -> None:
    data, asked = random.Random(3).randbytes(3 * PAGE + 17), list[int]()

    def read(key: str, offset: int, length: int) -> bytes:
        asked.append(offset)
        return data[offset : offset + length]

    found = PagedObject(Pages(read), "made/e/part-0001.body", "etag", len(data))
    assert (found.name, len(found)) == ("part-0001.body", len(data))
    rng = random.Random(4)
    for _ in range(200):
        start = rng.randrange(len(data))
        stop = rng.randrange(start, len(data) + 10)
        assert found[start:stop] == data[start:stop]
    assert found[-5:] == data[-5:]
    assert sorted(asked) == [0, PAGE, 2 * PAGE, 3 * PAGE]


# --- what cannot be used ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["http://bucket/x", "s3://", "bucket", "s3://key:secret@bucket/x", "s3://bucket/x?a=b"])
def test_a_url_that_names_no_bucket_is_refused(tmp_path: Path, backend: Backend, url: str) -> None:
    with pytest.raises(InvalidInput, match=r"is not s3://BUCKET/PREFIX$"):
        open_places(backend.settings(tmp_path, storage_url=url))


def test_a_bucket_that_is_not_there_is_named(s3: S3Server, tmp_path: Path) -> None:
    places = open_places(Backend().settings(tmp_path, storage_url="s3://nowhere/x", storage_endpoint=s3.endpoint))
    with pytest.raises(Unavailable, match=r"^there is no bucket nowhere: make it, or correct the storage URL$"):
        places.root.check()


def test_keys_that_are_refused_are_said_so(s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "AWS_SECRET_ACCESS_KEY", "wrong")
    places = open_places(Backend().settings(tmp_path, storage_url=s3.prefix(), storage_endpoint=s3.endpoint))
    with pytest.raises(Unavailable, match=r"^the storage refuses s3://.*: check the AWS keys and their rights$"):
        places.root.check()


def test_a_server_that_is_away_is_said_so(
    s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backends: Callable[[str], Backend]
) -> None:
    from datetime import timedelta

    from exeunt.storage import s3 as module

    monkeypatch.setattr(module, "PATIENCE", timedelta(seconds=0.2))
    away = "http://127.0.0.1:1"
    places = open_places(Backend().settings(tmp_path, storage_url=s3.prefix(), storage_endpoint=away))
    with pytest.raises(Unavailable, match=r"^the storage does not answer: [^\n]+$"):
        places.root.check()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # root may write everywhere but where the system says that nobody may
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(Unavailable, match=rf"^the folder {tmp_path} cannot be written"):
        open_places(Backend().settings(tmp_path / "deep" / "er")).root.check()
