import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exeunt.sources.slack import decode
from exeunt.sources.slack.limits import Unreadable
from exeunt.sources.slack.salvage import split
from exeunt.sources.slack.wire import Message
from tests.sources.slack.exports import DAY, general, message, read_zip
from tests.sources.slack.recording import Recording

FIRST, SECOND, THIRD = (json.dumps(message(f"157783680{n}.000000", text=f"text {n}")) for n in (1, 2, 3))


def day(tmp_path: Path, content: bytes) -> Recording:
    return read_zip(tmp_path, general(**{DAY: content, "other/2020-01-01.json": [message(text="other room")]}))


def texts(intake: Recording) -> list[str]:
    return [row.text for row in intake.message_rows if row.room_id == "C1"]


@pytest.mark.parametrize(
    "broken",
    [
        '{"type": "message", "ts": }',
        '{"type": "message", "text": "no end, "ts": "1577836802.000000"}',
        '{"type": "message", "reactions": [{"name": "a"}, {"name": "b"}, "ts": "1577836802.000000"}',
        '{"type": "message", "ts": "1577836802.000000"',
        "{]",
        '{"a": {"b": [1, 2}}}',
    ],
)
@pytest.mark.parametrize("between", [", ", ",\n    "])
def test_one_broken_message_costs_itself(tmp_path: Path, broken: str, between: str) -> None:
    intake = day(tmp_path, f"[{between.join((FIRST, broken, THIRD))}]".encode())
    assert texts(intake) == ["text 1", "text 3"]
    assert "broken" in intake.skipped(DAY)
    assert intake.message_rows[-1].text == "other room"


def test_a_day_that_stops_in_the_middle(tmp_path: Path) -> None:
    intake = day(tmp_path, f"[{FIRST}, {SECOND}, {THIRD}"[:-20].encode())
    assert texts(intake) == ["text 1", "text 2"]
    assert "2 objects of it were read" in intake.skipped(DAY)


@pytest.mark.parametrize("content", [b"", b"nonsense", b'{"ok": false}', b"\x00\x01\x02\x03", b"[" * 100_000])
def test_a_day_that_is_no_list_costs_itself(tmp_path: Path, content: bytes) -> None:
    intake = day(tmp_path, content)
    assert [row.text for row in intake.message_rows] == ["other room"]
    assert intake.skipped(DAY)


@pytest.mark.parametrize("fields", [{"ts": None}, {"ts": "soon"}, {"ts": "١٢٣.000000"}, {"ts": "99999999999999.0"}])
def test_a_message_without_a_time_is_named(tmp_path: Path, fields: dict[str, Any]) -> None:
    intake = read_zip(tmp_path, general(message(**fields), message("1577836801.000000")))
    assert len(intake.message_rows) == 1
    assert "it has no time" in intake.skipped(f"{DAY}, message 1")


def test_what_is_no_message_is_named(tmp_path: Path) -> None:
    intake = read_zip(tmp_path, general(3, "text", None, [], message()))
    assert texts(intake) == ["hello"]
    assert intake.report.skipped_count == 4


def test_fields_of_the_wrong_kind_are_left_out_and_named(tmp_path: Path) -> None:
    post = message(blocks=[{"type": 3}], edited="yes", reactions=[{"name": "+1", "users": ["U1"], "count": 1}])
    intake = read_zip(tmp_path, general(post))
    row = intake.message_rows[0]
    assert (row.text, row.edited_at, len(row.reactions)) == ("hello", None, 1)
    assert json.loads(row.raw) == post
    assert intake.repaired(DAY) == "kept without what does not read in it: edited, blocks"
    assert intake.report.skipped_count == 0


def test_a_time_written_as_a_number_is_exact(tmp_path: Path) -> None:
    intake = read_zip(tmp_path, general(**{DAY: b'[{"type": "message", "ts": 1577836800.123457, "text": "x"}]'}))
    assert intake.message_rows[0].id == "C1/1577836800.123457"
    assert intake.message_rows[0].created_at.microsecond == 123457


def test_half_an_emoji_costs_nothing(tmp_path: Path) -> None:
    content = (
        b'[{"type": "message", "ts": "1577836800.000001", "user": "U1", "text": "cut \\ud83d"}, ' + SECOND.encode()
    )
    intake = day(tmp_path, content + b"]")
    assert texts(intake) == ["cut \ufffd", "text 2"]
    assert "\\ud83d" in intake.message_rows[0].raw


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_encodings_are_read_and_named(tmp_path: Path, encoding: str) -> None:
    intake = day(tmp_path, json.dumps([message(text="für 🙂")], ensure_ascii=False).encode(encoding))
    assert texts(intake) == ["für 🙂"]
    assert bool(intake.report.repaired) == (encoding != "utf-8-sig")
    assert intake.report.skipped == []


def test_bytes_of_another_code_page_are_read_and_named(tmp_path: Path) -> None:
    posts = [message(text="plain"), message("1577836801.000000", text="für €")]
    intake = day(tmp_path, json.dumps(posts, ensure_ascii=False).encode("cp1252"))
    assert texts(intake) == ["plain", "für €"]
    assert "für €" in intake.message_rows[1].raw
    assert "Windows-1252" in intake.repaired(f"{DAY}, message 2")
    assert intake.report.skipped == []


def test_tokens_go_in_every_spelling() -> None:
    data = (
        rb'"a?t=xoxe-1-2" "b?t=xoxe-1&x=1" "c?x=1&token=xoxe-1\u0026y=2" "d?u=%2Fe%3Ft%3Dxoxe-1%26z=1" '
        rb'"e?x=1&amp;t=xoxe-1" "we say xoxb-1 and at=xoxb-2"'
    )
    assert decode.without_tokens(data) == (
        rb'"a" "b?x=1" "c?x=1&y=2" "d?u=%2Fe%3Fz=1" "e?x=1" "we say xoxb-1 and at=xoxb-2"'
    )


def test_text_without_tokens_is_the_same_object() -> None:
    data = b'[{"text": "xox?"}]'
    assert decode.without_tokens(data) == data


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_are_more_than_unreadable(data: bytes) -> None:
    for piece in split(b"[" + data):
        assert piece is None or isinstance(json.loads(piece.decode("utf-8", "replace"), strict=False), dict)
    with suppress(Unreadable):
        decode.read(data, Message)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(Message.__struct_fields__), json_values))
def test_any_object_reads_as_a_message(value: dict[str, Any]) -> None:
    message, _ = decode.read(json.dumps(value).encode(), Message)
    assert isinstance(message.ts, str)
