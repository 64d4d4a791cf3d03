"""ZIPs as extents: the contract's vector, its fields, and five independent readers."""

import hashlib
import io
import shutil
import struct
import subprocess
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from isal import isal_zlib

from exeunt.archives.body import Body
from exeunt.archives.check import check_blobs, check_zip
from exeunt.archives.extents import Blob, Literal, Slice, crc_of
from exeunt.archives.packs import PackWriter
from exeunt.archives.zipfields import DEFLATED, dos_time, time_extra
from exeunt.archives.zips import EMPTY, Content, ZipWriter, joined
from exeunt.blobs.store import BlobStore
from tests.archives.conftest import WHEN, read_all

Held = Callable[[bytes], Content]
Zipped = Callable[..., Body]


def test_the_vector_of_the_contract_holds(held: Held, zipped: Zipped, blobs: BlobStore) -> None:
    body = zipped(("a.txt", held(b"hello\n")), ("é.txt", EMPTY))
    data = read_all(body, blobs)
    assert [extent.length for extent in body.extents()] == [44, 6, 188]
    assert body.length == len(data) == 238
    assert body.facts.crc32 == zlib.crc32(data) == 0x91B4F079
    assert hashlib.sha256(data).hexdigest() == "826fceada68fc0017787aa0a495c0bf678bdbde35ec39edef15f1901c52e9b0a"
    assert body.etag == "4857aa9040ce017c1d57f55441c17cdb"
    assert data[:44].hex() == (
        "504b0304140000000000cb3b795220303a36060000000600000005000900612e74787455540500010f3c5c60"
    )


def test_every_sub_range_equals_the_slice_of_the_whole(held: Held, zipped: Zipped, blobs: BlobStore) -> None:
    body = zipped(("a.txt", held(b"hello\n")), ("é.txt", EMPTY), ("b", held(b"x" * 40)))
    data = read_all(body, blobs)
    for start in range(len(data) + 1):
        for end in range(start, len(data) + 1):
            pieces = []
            for extent in body.extents(start, end):
                if isinstance(extent, Literal):
                    pieces.append(extent.data)
                else:
                    pieces.append(b"".join(blobs.read(extent.blob, extent.offset, extent.length)))
            assert b"".join(pieces) == data[start:end]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    members=st.lists(st.tuples(st.text(max_size=12), st.binary(max_size=2000)), min_size=1, max_size=12), data=st.data()
)
def test_random_archives_read_back_whole_and_in_ranges(
    members: list[tuple[str, bytes]], data: st.DataObject, held: Held, zipped: Zipped, blobs: BlobStore
) -> None:
    from exeunt.archives.names import clean_name

    body = zipped(*((clean_name(name), held(content)) for name, content in members))
    whole = read_all(body, blobs)
    assert len(whole) == body.length
    assert zlib.crc32(whole) == body.facts.crc32
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert archive.testzip() is None
        assert [archive.read(info) for info in archive.infolist()] == [content for _, content in members]
    check_blobs([body], blobs)
    check_zip(body, blobs, len(members))
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, len(whole)))
    assert sum(extent.length for extent in body.extents(start, end)) == end - start


def deflated(tmp_path: Path, blobs: BlobStore, pieces: list[bytes]) -> Content:
    """A member deflated in as many slices as there are pieces, each by a stream of its own."""
    path = blobs.path("made/e/deflated.pack")
    with PackWriter(path, "made/e/deflated.pack") as pack:
        for piece in pieces:
            pack.add("m", piece)
        index = pack.seal()
    slices = [index.slice_of(entry) for entry in index.entries]
    sizes = [(entry.size, entry.crc32) for entry in index.entries]
    return joined(slices, sizes, hashlib.sha256(b"".join(pieces)).digest())


@pytest.fixture
def rich(tmp_path: Path, held: Held, blobs: BlobStore) -> tuple[Body, dict[str, bytes]]:
    """An archive with every kind of member the contract names, and what its members hold."""
    inner_path = tmp_path / "inner.body"
    with ZipWriter(inner_path) as inner:
        inner.add("files/1.txt", held(b"inner one"), WHEN)
        inner.add("files/2.txt", EMPTY, WHEN)
        inner.seal()
    pieces = [b"first " * 500, b"", b"second " * 700]
    contents = {
        "plain.txt": held(b"plain"),
        "empty.txt": EMPTY,
        "ünï/文件 🙂.txt": held("Grüße".encode()),
        "one-slice.txt": deflated(tmp_path, blobs, [b"one slice " * 300]),
    }
    many = deflated_many(tmp_path, blobs, pieces)
    with ZipWriter(tmp_path / "rich.body") as writer:
        for name, content in contents.items():
            writer.add(name, content, WHEN)
        writer.add("many-slices.txt", many, WHEN)
        writer.add("folder/", EMPTY, WHEN)
        with Body(inner_path) as body:
            writer.nest("inner.zip", body, WHEN)
            inner_bytes = read_all(body, blobs)
        writer.seal()
    expected = {
        "plain.txt": b"plain", "empty.txt": b"", "ünï/文件 🙂.txt": "Grüße".encode(),
        "one-slice.txt": b"one slice " * 300, "many-slices.txt": b"".join(pieces), "folder/": b"",
        "inner.zip": inner_bytes,
    }  # fmt: skip
    return Body(tmp_path / "rich.body"), expected


def deflated_many(tmp_path: Path, blobs: BlobStore, pieces: list[bytes]) -> Content:
    path = blobs.path("made/e/many.pack")
    with PackWriter(path, "made/e/many.pack") as pack:
        for piece in pieces:
            pack.add("m", piece)
        index = pack.seal()
    sizes = [(entry.size, entry.crc32) for entry in index.entries]
    return joined([index.slice_of(e) for e in index.entries], sizes, hashlib.sha256(b"".join(pieces)).digest())


def test_python_reads_every_kind_of_member(rich: tuple[Body, dict[str, bytes]], blobs: BlobStore) -> None:
    body, expected = rich
    data = read_all(body, blobs)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert {info.filename: archive.read(info) for info in archive.infolist()} == expected
        with zipfile.ZipFile(io.BytesIO(archive.read("inner.zip"))) as inner:
            assert inner.testzip() is None
            assert inner.read("files/1.txt") == b"inner one"
    check_blobs([body], blobs)
    check_zip(body, blobs, len(expected))


@pytest.mark.parametrize(
    "command", [("unzip", "-tqq"), ("7z", "t", "-bso0"), ("bsdtar", "-tf"), ("python3", "-m", "zipfile", "-t")]
)
def test_other_readers_find_no_fault(
    command: tuple[str, ...], rich: tuple[Body, dict[str, bytes]], blobs: BlobStore, tmp_path: Path
) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    path = tmp_path / "rich.zip"
    path.write_bytes(read_all(rich[0], blobs))
    done = subprocess.run([*command, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_bsdtar_reads_the_archive_from_a_pipe(
    rich: tuple[Body, dict[str, bytes]], blobs: BlobStore, tmp_path: Path
) -> None:
    if shutil.which("bsdtar") is None:
        pytest.skip("bsdtar is not installed")
    target = tmp_path / "out"
    target.mkdir()
    subprocess.run(["bsdtar", "-xf", "-", "-C", str(target)], input=read_all(rich[0], blobs), check=True,
                   capture_output=True)  # fmt: skip
    for name, content in rich[1].items():
        if not name.endswith("/"):
            assert (target / name).read_bytes() == content


JAVA = """
import java.io.*; import java.util.zip.*;
public class Read { public static void main(String[] a) throws Exception {
  int n = 0; ZipInputStream in = new ZipInputStream(new FileInputStream(a[0])); ZipEntry e;
  while ((e = in.getNextEntry()) != null) { n++; in.readAllBytes(); }
  int m = 0; ZipFile f = new ZipFile(a[0]); for (var x : java.util.Collections.list(f.entries())) {
    m++; f.getInputStream(x).readAllBytes(); }
  System.out.println(n + " " + m); } }
"""


def test_java_reads_it_as_a_stream_and_as_a_file(
    rich: tuple[Body, dict[str, bytes]], blobs: BlobStore, tmp_path: Path
) -> None:
    if shutil.which("java") is None or shutil.which("javac") is None:
        pytest.skip("java is not installed")
    (tmp_path / "Read.java").write_text(JAVA)
    path = tmp_path / "rich.zip"
    path.write_bytes(read_all(rich[0], blobs))
    done = subprocess.run(["java", str(tmp_path / "Read.java"), str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(len(rich[1]))] * 2


def test_a_nested_archive_equals_the_same_archive_delivered_alone(
    rich: tuple[Body, dict[str, bytes]], blobs: BlobStore
) -> None:
    body, expected = rich
    with zipfile.ZipFile(io.BytesIO(read_all(body, blobs))) as archive:
        assert archive.read("inner.zip") == expected["inner.zip"]
        assert zlib.crc32(expected["inner.zip"]) == archive.getinfo("inner.zip").CRC


def test_no_flag_but_the_name_flag_is_set_and_no_zip64_without_need(
    rich: tuple[Body, dict[str, bytes]], blobs: BlobStore
) -> None:
    data = read_all(rich[0], blobs)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            assert info.flag_bits == (0 if info.filename.isascii() else 0x800)
            local = struct.unpack_from("<4sHHHHHIIIHH", data, info.header_offset)
            assert local[2] == info.flag_bits
            assert local[6:9] == (info.CRC, info.compress_size, info.file_size)
            assert struct.pack("<H", 1) != info.extra[:2]
            assert info.create_version == info.extract_version == 20
            assert info.create_system == 3


def big(name: str, size: int, crc32: int = 7) -> Content:
    """A member that pretends to lie in a huge blob: nothing reads it here."""
    return Content((Slice(Blob(name, bytes(32), size), 0, size, crc32),), size, crc32, bytes(32))


def test_zip64_is_used_exactly_when_a_field_overflows(tmp_path: Path) -> None:
    with ZipWriter(tmp_path / "z.body") as writer:
        writer.add("below", big("k1", 0xFFFFFFFE), WHEN)
        writer.add("at", big("k2", 0xFFFFFFFF), WHEN)
        writer.add("after", big("k3", 5), WHEN)
        writer.seal()
    with Body(tmp_path / "z.body") as body:
        literals = [extent.data for extent in body.extents() if isinstance(extent, Literal)]
    below, at, after_and_directory = literals[0], literals[1], b"".join(literals[2:])
    assert struct.unpack_from("<H", below, 4)[0] == 20
    assert struct.unpack_from("<H", at, 4)[0] == 45
    assert at[30 + 2 :][:20] == struct.pack("<HHQQ", 1, 16, 0xFFFFFFFF, 0xFFFFFFFF)
    assert struct.unpack_from("<H", after_and_directory, 4)[0] == 20
    records = after_and_directory.split(b"PK\x01\x02")[1:]
    assert records[0][42 + 5 :][:2] != b"\x01\x00"
    # the record of a small member that lies past 4 GiB has its offset, and only that, in the extra
    place = 0xFFFFFFFE + len(below) + 0xFFFFFFFF + len(at)
    assert records[2][42 + 5 :][:12] == struct.pack("<HHQ", 1, 8, place)
    assert b"PK\x06\x06" in after_and_directory
    assert b"PK\x06\x07" in after_and_directory


def test_a_member_over_4_gib_stored_and_one_behind_it_open_in_python(tmp_path: Path, blobs: BlobStore) -> None:
    size = (1 << 32) + 17
    path = blobs.path("held/acme/ab/big")
    path.parent.mkdir(parents=True)
    with path.open("wb") as sparse:
        sparse.truncate(size)
    zeros = isal_zlib.crc32(bytes(1 << 20))
    crc = 0
    for _ in range(size >> 20):
        crc = isal_zlib.crc32_combine(crc, zeros, 1 << 20)
    crc = isal_zlib.crc32_combine(crc, isal_zlib.crc32(bytes(17)), 17)
    tail = b"after the 4 GiB mark"
    small = blobs.put("acme", [tail])
    with ZipWriter(tmp_path / "z.body") as writer:
        blob = Blob("held/acme/ab/big", bytes(32), size)
        writer.add("big", Content((Slice(blob, 0, size, crc),), size, crc, bytes(32)), WHEN)
        inner = Slice(Blob(small.key, bytes.fromhex(small.sha256), small.size), 0, small.size, small.crc32)
        writer.add("small", Content((inner,), small.size, small.crc32, bytes(32)), WHEN)
        writer.seal()
    from exeunt.archives.reading import BodyReader

    with Body(tmp_path / "z.body") as body, BodyReader(body, blobs) as reader, zipfile.ZipFile(reader) as archive:
        assert archive.getinfo("big").file_size == size
        assert archive.read("small") == tail
        check_blobs([body], blobs)
        check_zip(body, blobs, 2)


def test_70_000_members_need_the_zip64_end_and_read_back(tmp_path: Path, held: Held, blobs: BlobStore) -> None:
    content = held(b"x")
    with ZipWriter(tmp_path / "many.body") as writer:
        for number in range(70_000):
            writer.add(f"files/{number}", content, WHEN)
        writer.seal()
    from exeunt.archives.reading import BodyReader

    with Body(tmp_path / "many.body") as body, BodyReader(body, blobs) as reader:
        check_zip(body, blobs, 70_000)
        with zipfile.ZipFile(reader) as archive:
            assert len(archive.infolist()) == 70_000
            assert archive.read("files/69999") == b"x"


def test_the_etag_changes_with_a_byte_a_name_a_time_and_the_order(held: Held, zipped: Zipped) -> None:
    a, b = ("a", held(b"one")), ("b", held(b"two"))
    tags = {
        zipped(a, b).etag,
        zipped(b, a).etag,
        zipped(("a", held(b"onf")), b).etag,
        zipped(("c", a[1]), b).etag,
        zipped(a, b, when=WHEN + timedelta(seconds=1)).etag,
    }
    assert len(tags) == 5


def test_cutting_extents_and_merging_them_again_keeps_the_etag(tmp_path: Path) -> None:
    from exeunt.archives.index import IndexWriter

    blob, data = Blob("k", hashlib.sha256(b"abcdef").digest(), 6), b"abcdef"
    facts = []
    for name, cuts in (("whole", [(0, 6)]), ("cut", [(0, 2), (2, 5), (5, 6)])):
        with IndexWriter(tmp_path / name) as writer:
            writer.literal(b"head")
            for start, end in cuts:
                writer.slice(blob, start, end - start, zlib.crc32(data[start:end]))
            for byte in b"tail":
                writer.literal(bytes([byte]))
            facts.append(writer.seal())
    assert facts[0] == facts[1]


def test_the_crc_of_extents_is_combined_without_reading() -> None:
    blob = Blob("nowhere", bytes(32), 6)
    assert crc_of([Literal(b"ab"), Slice(blob, 0, 3, zlib.crc32(b"cde")), Literal(b"f")]) == zlib.crc32(b"abcdef")


@pytest.mark.parametrize(
    ("when", "word"),
    [
        (datetime(1979, 12, 31, tzinfo=UTC), 0x00210000),
        (datetime(1980, 1, 1, tzinfo=UTC), 0x00210000),
        (datetime(2108, 1, 1, tzinfo=UTC), 0xFF9FBF7D),
        (datetime(2107, 12, 31, 23, 59, 59, tzinfo=UTC), 0xFF9FBF7D),
        (datetime(2021, 3, 25, 7, 30, 23, tzinfo=UTC), 0x52793BCB),
    ],
)
def test_dos_times_are_utc_even_seconds_and_clamped(when: datetime, word: int) -> None:
    assert dos_time(when) == word


def test_a_time_that_does_not_fit_has_no_ut_extra() -> None:
    assert time_extra(datetime(2040, 1, 1, tzinfo=UTC)) == b""
    assert time_extra(WHEN).hex() == "55540500010f3c5c60"


def test_an_empty_deflated_member_is_the_closing_block_alone(tmp_path: Path, blobs: BlobStore) -> None:
    content = Content((), 0, 0, hashlib.sha256().digest(), DEFLATED)
    assert content.packed == 2
    with ZipWriter(tmp_path / "e.body") as writer:
        writer.add("empty", content, WHEN)
        writer.seal()
    with Body(tmp_path / "e.body") as body, zipfile.ZipFile(io.BytesIO(read_all(body, blobs))) as archive:
        assert archive.testzip() is None
        assert archive.read("empty") == b""
