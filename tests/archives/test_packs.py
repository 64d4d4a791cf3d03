"""Packs: what a shard writes, and finds again."""

import hashlib
import zlib
from pathlib import Path

import pytest

from exeunt.archives.packs import PackWriter, index_path, read_index
from exeunt.blobs.store import BlobStore
from exeunt.storage.folder import Folder


def test_members_are_found_again_with_both_checksums(tmp_path: Path) -> None:
    path = tmp_path / "shard.pack"
    contents = {"a.txt": b"hello " * 1000, "b.bin": b"", "c.raw": b"stored"}
    with PackWriter(path, "made/e/shard.pack") as pack:
        for name, data in contents.items():
            pack.add(name, data, deflate=name != "c.raw", source_id=f"id-{name}")
        pack.count("messages", 3)
        sealed = pack.seal()
    index = read_index(BlobStore(Folder(tmp_path)), "shard.pack")
    assert index == sealed
    assert index.counts == {"messages": 3}
    stored = path.read_bytes()
    assert (index.blob.size, index.blob.sha256) == (len(stored), hashlib.sha256(stored).digest())
    for entry in index.entries:
        packed = stored[entry.offset : entry.offset + entry.packed]
        data = contents[entry.name]
        assert zlib.crc32(packed) == entry.packed_crc32
        assert (entry.size, entry.crc32, entry.sha256) == (len(data), zlib.crc32(data), hashlib.sha256(data).digest())
        inflated = packed if entry.name == "c.raw" else zlib.decompressobj(-15).decompress(packed)
        assert inflated == data
        assert entry.source_id == f"id-{entry.name}"


def test_a_member_written_in_pieces_equals_one_written_at_once(tmp_path: Path) -> None:
    entries = []
    for name, pieces in (("one", [b"abc" * 500]), ("many", [b"abc"] * 500)):
        with PackWriter(tmp_path / name, name) as pack:
            with pack.member("m") as member:
                for piece in pieces:
                    member.write(piece)
            entries.append(pack.seal().entries[0])
    assert (entries[0].size, entries[0].crc32, entries[0].sha256) == (
        entries[1].size,
        entries[1].crc32,
        entries[1].sha256,
    )


def test_an_error_leaves_nothing_under_the_final_name(tmp_path: Path) -> None:
    path = tmp_path / "shard.pack"
    with pytest.raises(RuntimeError), PackWriter(path, "k") as pack:  # noqa: PT012 - the error is inside the block
        pack.add("m", b"x")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_doing_a_pack_twice_leaves_the_same_bytes_once(tmp_path: Path) -> None:
    path, seen = tmp_path / "shard.pack", []
    for _ in range(2):
        with PackWriter(path, "k") as pack:
            pack.add("m", b"x" * 100_000)
            pack.seal()
        seen.append((path.read_bytes(), index_path(path).read_bytes()))
    assert seen[0] == seen[1]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["shard.pack", "shard.pack.index"]
