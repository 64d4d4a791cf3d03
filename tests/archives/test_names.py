"""Member names: hostile ones extract inside the target and collide nowhere."""

import io
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exeunt.archives.body import Body
from exeunt.archives.names import NAME_BYTES, SEGMENT_BYTES, UniqueNames, clean_name, clean_segment
from exeunt.archives.zips import Content
from exeunt.blobs.store import BlobStore
from tests.archives.conftest import read_all


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("report.pdf", "report.pdf"),
        ("../x", "x"),
        ("/x", "x"),
        ("C:\\x", "x"),
        ("a//b/./c/../d", "a/b/c/d"),
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("COM¹", "_COM¹"),
        ('a<b>:c|d?e*f"g', "a_b__c_d_e_f_g"),
        ("tab\there", "tab_here"),
        ("\u202egpj.exe", "_gpj.exe"),
        ("ends.", "ends._"),
        ("ends ", "ends _"),
        ("e\u0301", "é"),
        ("", "_"),
        ("..", "_"),
        ("\ud800", "_"),
    ],
)
def test_names_are_cleaned(name: str, cleaned: str) -> None:
    assert clean_name(name) == cleaned


def test_a_long_segment_keeps_its_extension_and_is_cut_at_a_character() -> None:
    cleaned = clean_segment("é" * 200 + ".tar.gz")
    assert len(cleaned.encode()) <= SEGMENT_BYTES
    assert cleaned.endswith("é.gz")
    assert len(clean_segment("x" * 300)) == SEGMENT_BYTES


def test_a_long_name_is_cut_to_its_limit() -> None:
    assert len(clean_name("/".join(["a" * 200] * 12)).encode()) <= NAME_BYTES


@given(st.text(max_size=400))
def test_any_text_becomes_a_safe_relative_name(text: str) -> None:
    cleaned = clean_name(text)
    assert cleaned == unicodedata.normalize("NFC", cleaned)
    assert not cleaned.startswith("/")
    assert len(cleaned.encode()) <= NAME_BYTES
    for segment in cleaned.split("/"):
        assert segment not in ("", ".", "..")
        assert segment[-1] not in ". "
        assert not set(segment) & set('<>:"|?*\\')
        assert all(ord(c) >= 32 for c in segment)
        assert len(segment.encode()) <= SEGMENT_BYTES


def test_twins_get_numbers_before_their_extension() -> None:
    names = UniqueNames()
    wanted = ["a.txt", "A.TXT", "a.txt", "b", "b", "e\u0301", "é"]
    assert [names.claim(name) for name in wanted] == [
        "a.txt",
        "A (2).TXT",
        "a (3).txt",
        "b",
        "b (2)",
        "e\u0301",
        "é (2)",
    ]


def test_a_file_and_a_folder_of_one_name_do_not_meet() -> None:
    names = UniqueNames()
    assert names.claim("a") == "a"
    assert names.claim("a/b") == "a (2)/b"
    assert names.claim("c/d") == "c/d"
    assert names.claim("C") == "C (2)"
    assert names.claim("folder/") == "folder/"


@given(st.lists(st.text(alphabet="aAbé./", max_size=6), max_size=30))
def test_claimed_names_never_collide_on_a_case_blind_system(texts: list[str]) -> None:
    names = UniqueNames()
    claimed = [names.claim(clean_name(text)) for text in texts]
    folded = [name.casefold() for name in claimed]
    assert len(set(folded)) == len(folded)
    folders = {"/".join(name.split("/")[:depth]) for name in folded for depth in range(1, name.count("/") + 1)}
    assert not folders & set(folded)


def test_hostile_names_extract_inside_the_target(
    held: Callable[[bytes], Content], zipped: Callable[..., Body], blobs: BlobStore, tmp_path: Path
) -> None:
    hostile = ["../../x", "/etc/passwd", "C:\\windows\\x", "CON", "a" * 300, "x\ny", "case", "CASE", "x/../../y"]
    body = zipped(*((clean_name(name), held(name.encode())) for name in hostile))
    target = tmp_path / "target"
    with zipfile.ZipFile(io.BytesIO(read_all(body, blobs))) as archive:
        archive.extractall(target)
    found = [path for path in target.rglob("*") if path.is_file()]
    assert len(found) == len(hostile)
    assert all(path.resolve().is_relative_to(target.resolve()) for path in found)
