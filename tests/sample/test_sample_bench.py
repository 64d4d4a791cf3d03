"""Exports for benchmarks: counted truly, valid, and fast enough to be made on the spot."""

import json
import time
import zipfile
from pathlib import Path
from typing import Any

from exeunt.sample import write_bench


def read(path: Path) -> tuple[dict[str, list[dict[str, Any]]], dict[str, zipfile.ZipInfo]]:
    folders: dict[str, list[dict[str, Any]]] = {}
    uploads = {}
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        for info in archive.infolist():
            folder, _, name = info.filename.partition("/")
            if folder == "__uploads":
                uploads[name.partition("/")[0]] = info
            elif name:
                folders.setdefault(folder, []).extend(json.loads(archive.read(info)))
    return folders, uploads


def test_counts_are_true(tmp_path: Path) -> None:
    facts = write_bench(tmp_path / "bench.zip", messages=5_000, rooms=20, users=100, bodies=12, body_bytes=5_000)
    folders, uploads = read(tmp_path / "bench.zip")
    messages = [message for folder in folders.values() for message in folder]
    assert facts.messages == len(messages) == 5_000
    assert facts.threads == sum("replies" in m for m in messages) > 50
    assert facts.replies == sum("parent_user_id" in m for m in messages) > 200
    assert facts.reactions == sum(len(r["users"]) for m in messages for r in m.get("reactions", ())) > 200
    assert facts.edits == sum("edited" in m for m in messages) > 50
    assert facts.files == len(uploads) == 12
    assert facts.bytes == sum(info.file_size for info in uploads.values()) == 60_000
    assert {file["id"] for m in messages for file in m.get("files", ())} == set(uploads)
    assert len({m["text"] for m in messages}) > 4_900
    text = "\n".join(m["text"] for m in messages)
    for piece in ("<@U", "```", "`", "<https://www.example.org/", "&amp;", ":"):
        assert piece in text
    assert sum("blocks" in m for m in messages) > 2_000


def test_threads_are_consistent(tmp_path: Path) -> None:
    write_bench(tmp_path / "bench.zip", messages=4_000, rooms=5, users=80)
    late = 0
    for messages in read(tmp_path / "bench.zip")[0].values():
        by_ts = {message["ts"]: message for message in messages}
        assert len(by_ts) == len(messages)
        for root in messages:
            for reply in root.get("replies", ()):
                answer = by_ts[reply["ts"]]
                assert (answer["thread_ts"], answer["user"]) == (root["ts"], reply["user"])
                assert answer["parent_user_id"] == root["user"]
                late += float(reply["ts"]) - float(root["ts"]) > 31 * 86_400
            assert root.get("reply_count", 0) == len(root.get("replies", ()))
    assert late


def test_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_bench(tmp_path / name, messages=1_000, rooms=10, users=50, bodies=3, body_bytes=2_000_000)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    bodies = read(tmp_path / "one")[1]
    assert len({info.CRC for info in bodies.values()}) == 3
    assert {info.file_size for info in bodies.values()} == {2_000_000}


def test_small_and_odd_sizes(tmp_path: Path) -> None:
    for messages, rooms in ((0, 3), (1, 3), (7, 1), (30, 40)):
        facts = write_bench(tmp_path / "bench.zip", messages=messages, rooms=rooms, users=3)
        assert facts.messages == messages == sum(len(folder) for folder in read(tmp_path / "bench.zip")[0].values())


def test_it_does_not_take_long(tmp_path: Path) -> None:
    begun = time.process_time()
    write_bench(tmp_path / "bench.zip", messages=40_000)
    assert time.process_time() - begun < 8  # about 0.8 s on a quiet machine
