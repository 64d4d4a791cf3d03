"""Archives in parts: each within its limits, whole by itself, with a manifest of its own members."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

from exeunt.archives.body import Body
from exeunt.archives.check import check_blobs, check_zip
from exeunt.archives.parts import ArchiveWriter, Limits, ManifestForm, Part
from exeunt.archives.verify import verify_archive
from exeunt.archives.zips import Content
from exeunt.blobs.store import BlobStore
from tests.archives.conftest import WHEN, read_all

Held = Callable[[bytes], Content]


def make(blobs: BlobStore, held: Held, sizes: list[int], limits: Limits, *, merge: bool = True) -> list[Part]:
    folder = blobs.path("made/e/parts")
    folder.mkdir(parents=True, exist_ok=True)
    form = ManifestForm({"export_id": "e"})
    with ArchiveWriter(folder, "made/e/parts/manifests.pack", "base", form, when=WHEN, limits=limits,
                       merge=merge) as archive:  # fmt: skip
        for number, size in enumerate(sizes):
            archive.add(f"files/{number}.bin", held(bytes([number % 256]) * size), source_id=f"F{number}")
        archive.missing({"id": "gone", "reason": "deleted at the source"})
        return archive.seal({"files": len(sizes)})


def read(part: Part, blobs: BlobStore) -> bytes:
    with Body(part.index) as body:
        check_blobs([body], blobs)
        check_zip(body, blobs, part.members)
        return read_all(body, blobs)


def test_one_part_has_the_plain_name_and_a_manifest_that_lists_all_else(blobs: BlobStore, held: Held) -> None:
    (part,) = make(blobs, held, [10, 20], Limits())
    assert part.name == "base.zip"
    with zipfile.ZipFile(io.BytesIO(read(part, blobs))) as archive:
        assert archive.namelist() == ["files/0.bin", "files/1.bin", "manifest.json"]
        manifest = json.loads(archive.read("manifest.json"))
    assert manifest["counts"] == {"files": 2}
    assert [member["name"] for member in manifest["members"]] == ["files/0.bin", "files/1.bin"]
    assert manifest["members"][0]["source_id"] == "F0"
    assert manifest["missing"] == [{"id": "gone", "reason": "deleted at the source"}]


def test_the_union_of_the_parts_is_the_whole_and_each_keeps_its_limits(blobs: BlobStore, held: Held) -> None:
    sizes = [300, 700, 50, 5_000, 900, 10, 10]
    limits = Limits(part_bytes=8_000, part_members=4)
    parts = make(blobs, held, sizes, limits)
    names: list[str] = []
    for part in parts:
        data = read(part, blobs)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            assert archive.testzip() is None
            mine = [name for name in archive.namelist() if name.startswith("files/")]
            assert len(archive.namelist()) <= limits.part_members
            assert len(data) <= limits.part_bytes or len(mine) == 1
            assert archive.namelist()[-1] == f"manifest-{part.number:04d}.json"
        names += mine
    assert names == [f"files/{n}.bin" for n in range(len(sizes))]
    assert [part.name for part in parts] == [f"base-{n:04d}.zip" for n in range(1, len(parts) + 1)]
    assert len(parts) > 2


def test_the_same_members_are_split_the_same_way_into_the_same_bytes(blobs: BlobStore, held: Held) -> None:
    limits = Limits(part_bytes=6_000, part_members=5)
    sizes = [100 * n for n in range(12)]
    first = [(part.name, read(part, blobs)) for part in make(blobs, held, sizes, limits)]
    assert [(part.name, read(part, blobs)) for part in make(blobs, held, sizes, limits)] == first


def test_parts_that_stand_alone_all_call_their_manifest_the_same(blobs: BlobStore, held: Held) -> None:
    for part in make(blobs, held, [900, 900, 900], Limits(part_bytes=6_500), merge=False):
        with zipfile.ZipFile(io.BytesIO(read(part, blobs))) as archive:
            assert archive.namelist()[-1] == "manifest.json"


def test_verify_finds_nothing_wrong_with_a_sound_archive_and_names_each_fault(
    blobs: BlobStore, held: Held, tmp_path: Path
) -> None:
    (part,) = make(blobs, held, [10, 20, 30], Limits())
    path = tmp_path / "a.zip"
    path.write_bytes(read(part, blobs))
    assert verify_archive(path).problems == []
    assert verify_archive(path).checked == 3

    with zipfile.ZipFile(path) as sound, zipfile.ZipFile(tmp_path / "b.zip", "w") as broken:
        broken.writestr("files/0.bin", b"changed!!!")
        broken.writestr("files/1.bin", sound.read("files/1.bin") + b"more")
        broken.writestr("extra.txt", b"x")
        broken.writestr("manifest.json", sound.read("manifest.json"))
    problems = verify_archive(tmp_path / "b.zip").problems
    assert [problem.partition(" ")[0] for problem in problems] == [
        "files/0.bin",
        "files/1.bin",
        "extra.txt",
        "files/2.bin",
    ]
    assert "SHA-256" in problems[0]
    assert "has 24 bytes, the manifest says 20" in problems[1]
    assert problems[2:] == ["extra.txt is not in the manifest", "files/2.bin is missing"]
