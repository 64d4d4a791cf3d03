"""Index files that were damaged are refused and named, never served."""

import hashlib
import zlib
from pathlib import Path

import pytest

from exeunt.archives.body import Body
from exeunt.archives.extents import Blob
from exeunt.archives.index import HEADER, IndexWriter
from exeunt.archives.reading import BodyReader
from exeunt.archives.single import SingleBlob
from exeunt.blobs.store import BlobStore
from exeunt.errors import Damaged
from tests.archives.conftest import read_all


@pytest.fixture
def index(tmp_path: Path, blobs: BlobStore) -> Path:
    held = blobs.put("acme", [b"0123456789"])
    blob = Blob(held.key, bytes.fromhex(held.sha256), held.size)
    path = tmp_path / "x.body"
    with IndexWriter(path) as writer:
        for _ in range(5000):
            writer.literal(b"<" * 20)
            writer.slice(blob, 2, 5, zlib.crc32(b"23456"))
        writer.seal()
    return path


def test_an_unharmed_index_file_is_sound(index: Path, blobs: BlobStore) -> None:
    with Body(index) as body:
        body.scrub()
        assert body.facts.extents == 10_000
        assert read_all(body, blobs) == (b"<" * 20 + b"23456") * 5000
        assert body.facts.crc32 == zlib.crc32((b"<" * 20 + b"23456") * 5000)


def test_a_flipped_byte_anywhere_is_noticed(index: Path) -> None:
    data = index.read_bytes()
    used = [n for n in range(0, HEADER, 7) if n < 108] + list(range(HEADER, len(data), 997)) + [len(data) - 1]
    for at in used:
        index.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(Damaged), Body(index) as body:
            body.scrub()


def test_a_cut_or_missing_index_file_is_refused(index: Path) -> None:
    data = index.read_bytes()
    for length in (0, 10, HEADER, len(data) // 2, len(data) - 1):
        index.write_bytes(data[:length])
        with pytest.raises(Damaged):
            Body(index)
    index.unlink()
    with pytest.raises(Damaged, match=r"x\.body cannot be read"):
        Body(index)


def test_reading_the_last_byte_touches_one_page_of_each_table(index: Path) -> None:
    with Body(index) as body:
        list(body.extents(body.length - 1, body.length))
        touched = sum(body._checked)
        assert touched < len(body._checked)


def test_a_missing_and_a_short_blob_are_named(index: Path, blobs: BlobStore) -> None:
    key = f"held/acme/84/{hashlib.sha256(b'0123456789').hexdigest()}"
    blobs.path(key).write_bytes(b"012")
    with Body(index) as body, BodyReader(body, blobs) as reader, pytest.raises(Damaged, match="shorter than recorded"):
        reader.read()
    blobs.remove(key)
    with Body(index) as body, BodyReader(body, blobs) as reader, pytest.raises(Damaged, match="is missing"):
        reader.read()


def test_leaving_a_writer_without_sealing_leaves_nothing(tmp_path: Path) -> None:
    with IndexWriter(tmp_path / "y.body") as writer:
        writer.literal(b"x")
    assert list(tmp_path.iterdir()) == []


def test_a_single_blob_has_the_etag_of_a_body_with_that_one_extent(tmp_path: Path, blobs: BlobStore) -> None:
    held = blobs.put("acme", [b"a file"])
    blob = Blob(held.key, bytes.fromhex(held.sha256), held.size)
    with IndexWriter(tmp_path / "z.body") as writer:
        writer.slice(blob, 0, held.size, held.crc32)
        facts = writer.seal()
    single = SingleBlob(blob, held.crc32)
    assert (single.length, single.etag) == (facts.length, facts.etag)
    assert [extent.length for extent in single.extents(2, 4)] == [2]
    assert list(single.extents(6)) == []
