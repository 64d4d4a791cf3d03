"""Bytes fetched from afar: exactly those asked for, in few large requests, ahead of the client, in bounded memory."""

import hashlib
import random
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exeunt.archives.extents import Blob, Extent, Literal, Slice
from exeunt.blobs.store import BlobStore
from exeunt.delivery import ahead
from exeunt.delivery.ahead import AHEAD, FIRST, LARGEST, MOST_RUNS, fetched
from exeunt.delivery.transfer import Away, Broken
from exeunt.storage.folder import Folder
from exeunt.storage.opening import open_places
from tests.backends import Backend
from tests.servers import S3Server


class Counting(BlobStore):
    """A store that remembers what was asked of it."""

    def __init__(self, path: Path) -> None:
        super().__init__(Folder(path))
        self.asked: list[tuple[str, int, int]] = []

    def pread(self, key: str, offset: int, length: int) -> bytes:
        self.asked.append((key, offset, length))
        return super().pread(key, offset, length)

    def blob(self, name: str, data: bytes) -> Blob:
        self.path("made").mkdir(parents=True, exist_ok=True)
        self.path(f"made/{name}").write_bytes(data)
        return Blob(f"made/{name}", hashlib.sha256(data).digest(), len(data))


@pytest.fixture
def blobs(tmp_path: Path) -> Counting:
    return Counting(tmp_path)


def bytes_of(extents: list[Extent], blobs: BlobStore) -> bytes:
    return b"".join(
        e.data if isinstance(e, Literal) else BlobStore.pread(BlobStore(blobs.storage), e.blob.key, e.offset, e.length)
        for e in extents
    )


@settings(max_examples=50, deadline=None)
@given(lengths=st.lists(st.integers(1, 700_000), min_size=1, max_size=12), seed=st.integers(0, 10))
def test_the_bytes_are_those_of_the_extents_and_none_is_fetched_that_is_not_sent(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], seed: int
) -> None:
    blobs, rng = Counting(tmp_path_factory.mktemp("ahead")), random.Random(seed)
    stored = [blobs.blob(name, rng.randbytes(1_000_000)) for name in "ab"]
    extents: list[Extent] = []
    for length in lengths:
        start = rng.randrange(1_000_000 - length)
        extents.append(rng.choice((Slice(stored[0], start, length, 0), Slice(stored[1], start, length, 0),
                                   Literal(rng.randbytes(length % 100 + 1)))))  # fmt: skip
    assert b"".join(fetched(extents, blobs)) == bytes_of(extents, blobs)
    assert sum(length for _, _, length in blobs.asked) == sum(e.length for e in extents if isinstance(e, Slice))


def test_members_of_one_pack_are_fetched_together_though_headers_stand_between_them(blobs: Counting) -> None:
    pack = blobs.blob("pack", random.Random(1).randbytes(200_000))
    extents: list[Extent] = []
    for n in range(200):
        extents += [Literal(b"header"), Slice(pack, n * 1000, 1000, 0)]
    assert b"".join(fetched(extents, blobs)) == bytes_of(extents, blobs)
    assert blobs.asked == [(pack.key, 0, 200_000)]


def test_a_long_blob_comes_in_pieces_that_grow_to_a_size(blobs: Counting) -> None:
    blob = blobs.blob("long", bytes(5 * LARGEST))
    sizes = [len(piece) for piece in fetched([Slice(blob, 0, blob.size, 0)], blobs)]
    assert sizes[:5] == [FIRST, 2 * FIRST, 4 * FIRST, 8 * FIRST, LARGEST]
    assert max(sizes) == LARGEST
    assert len(blobs.asked) == len(sizes)


def test_no_more_is_fetched_than_a_few_pieces_ahead_of_the_client(blobs: Counting) -> None:
    blob = blobs.blob("long", bytes(5 * LARGEST))
    pieces = fetched([Slice(blob, 0, blob.size, 0)], blobs)
    next(pieces)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert len(blobs.asked) <= 2 + AHEAD
    assert ahead._active == 0


def test_a_piece_of_many_small_blobs_waits_for_few_at_a_time(blobs: Counting) -> None:
    small = [blobs.blob(f"small-{n}", b"%03d" % n) for n in range(150)]
    pieces = list(fetched([Slice(blob, 0, 3, 0) for blob in small], blobs))
    assert b"".join(pieces) == b"".join(b"%03d" % n for n in range(150))
    assert [len(piece) for piece in pieces] == [3 * MOST_RUNS, 3 * MOST_RUNS, 3 * (150 - 2 * MOST_RUNS)]


def test_a_blob_that_is_missing_or_short_breaks_the_transfer(blobs: Counting) -> None:
    short = blobs.blob("short", b"x")
    for extent in (Slice(Blob("made/none", bytes(32), 5), 0, 5, 0), Slice(short, 0, 5, 0)):
        with pytest.raises(Broken, match=r"is missing|is shorter than recorded"):
            list(fetched([extent], blobs))


def test_a_storage_that_does_not_answer_is_not_a_damaged_archive(
    s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from exeunt.storage import s3 as module

    monkeypatch.setattr(module, "PATIENCE", timedelta(seconds=0.2))
    away = Backend().settings(tmp_path, storage_url=s3.prefix(), storage_endpoint="http://127.0.0.1:1")
    with pytest.raises(Away, match="the storage does not answer"):
        list(fetched([Slice(Blob("made/x", bytes(32), 5), 0, 5, 0)], BlobStore(open_places(away).blobs)))
