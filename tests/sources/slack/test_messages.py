from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from exeunt.lake.rows import MessageRow, Reaction
from tests.sources.slack.exports import DAY, GENERAL, USERS, general, message, read_zip


def only(tmp_path: Path, **fields: Any) -> MessageRow:
    rows = read_zip(tmp_path, general(message(**fields))).message_rows
    assert len(rows) == 1
    return rows[0]


def test_a_plain_message(tmp_path: Path) -> None:
    row = only(tmp_path, ts="1577836800.123456", text="it's <@U2>")
    sent_at = datetime(2020, 1, 1, 0, 0, 0, 123456, UTC)
    assert (row.id, row.room_id, row.kind, row.author_id) == ("C1/1577836800.123456", "C1", "message", "U1")
    assert (row.created_at, row.thread_started_at, row.thread_id) == (sent_at, sent_at, row.id)
    assert row.text == "it's \ue000U2\ue00f"
    assert row.body_html == "it&#39;s \ue000U2\ue00f"
    assert row.mentions == ["U2"]


@pytest.mark.parametrize("ts", ["1577836800.1", "1577836800.100000"])
def test_a_short_fraction_is_a_fraction(tmp_path: Path, ts: str) -> None:
    assert only(tmp_path, ts=ts).created_at == datetime(2020, 1, 1, 0, 0, 0, 100_000, UTC)


def test_a_reply_knows_its_thread(tmp_path: Path) -> None:
    row = only(tmp_path, ts="1577836900.000200", thread_ts="1577836800.000100")
    assert row.thread_id == "C1/1577836800.000100"
    assert row.thread_started_at == datetime(2020, 1, 1, 0, 0, 0, 100, UTC)


def test_the_root_of_a_thread_is_its_own_thread(tmp_path: Path) -> None:
    row = only(tmp_path, ts="1577836800.000100", thread_ts="1577836800.000100", reply_count=3)
    assert row.thread_id == row.id


def test_a_reply_that_was_sent_to_the_room_too_comes_once(tmp_path: Path) -> None:
    reply = {"ts": "1577836900.000200", "thread_ts": "1577836800.000100"}
    twice = [message(**reply), message(**reply, subtype="thread_broadcast", root={"type": "message"})]
    intake = read_zip(tmp_path, general(message(), *twice))
    assert [row.id for row in intake.message_rows] == ["C1/1577836800.000100", "C1/1577836900.000200"]
    assert intake.message_rows[1].is_broadcast
    assert intake.report.read["messages repeated"] == 1


def test_two_messages_at_one_time_are_named(tmp_path: Path) -> None:
    intake = read_zip(tmp_path, general(message(text="one"), message(text="two")))
    assert [row.text for row in intake.message_rows] == ["one"]
    assert "same time" in intake.skipped(DAY)


def test_messages_of_a_day_are_sorted(tmp_path: Path) -> None:
    days = [message(ts=f"157783680{second}.000000") for second in (3, 1, 2)]
    assert [row.id[-8] for row in read_zip(tmp_path, general(*days)).message_rows] == ["1", "2", "3"]


def test_many_messages_of_a_day_are_sorted(tmp_path: Path) -> None:
    days = [message(ts=f"15778{number:05}.000000") for number in range(2500, 0, -1)]
    ids = [row.id for row in read_zip(tmp_path, general(*days)).message_rows]
    assert ids == sorted(ids)
    assert len(ids) == 2500


def test_a_bot_without_a_user_gets_a_row(tmp_path: Path) -> None:
    post = message(subtype="bot_message", bot_id="B1", username="deploy-bot", user=None)
    intake = read_zip(tmp_path, general(post))
    row = intake.message_rows[0]
    assert (row.kind, row.author_id, row.author_name) == ("bot", "B1", "deploy-bot")
    bot = intake.user("B1")
    assert (bot.kind, bot.display_name) == ("bot", "deploy-bot")


def test_a_bot_whose_user_is_listed_is_that_user(tmp_path: Path) -> None:
    bot_user = {"id": "U9", "name": "deploy", "is_bot": True, "profile": {"bot_id": "B1", "real_name": "Deploy"}}
    old = message(subtype="bot_message", bot_id="B1", user=None)
    new = message(ts="1577836801.000100", bot_id="B1", user="U9", bot_profile={"name": "Deploy"})
    intake = read_zip(tmp_path, general(old, new) | {"users.json": [*USERS, bot_user]})
    assert {(row.kind, row.author_id) for row in intake.message_rows} == {("bot", "U9")}
    assert [user.id for user in intake.user_rows] == ["U1", "U2", "U9", "USLACKBOT"]


def test_a_person_who_writes_through_an_app_stays_a_person(tmp_path: Path) -> None:
    row = only(tmp_path, bot_id="B1")
    assert (row.kind, row.author_id) == ("message", "U1")


def test_an_unknown_user_is_not_invented(tmp_path: Path) -> None:
    profile = {"display_name": "", "real_name": "Zoe of Elsewhere"}
    intake = read_zip(tmp_path, general(message(user="U77", user_profile=profile)))
    assert intake.message_rows[0].author_id == "U77"
    assert intake.message_rows[0].author_name == "Zoe of Elsewhere"
    assert "U77" not in {user.id for user in intake.user_rows}


def test_the_old_username_of_an_upload_is_a_name(tmp_path: Path) -> None:
    assert only(tmp_path, subtype="file_share", username="<@U1|ann>").author_name == "ann"


@pytest.mark.parametrize(
    ("subtype", "kind"),
    [
        (None, "message"), ("me_message", "me"), ("channel_join", "join"), ("group_leave", "leave"),
        ("channel_topic", "topic"), ("group_purpose", "purpose"), ("channel_name", "rename"),
        ("channel_archive", "archive"), ("group_unarchive", "unarchive"), ("pinned_item", "pin"),
        ("bot_add", "system"), ("something_new", "system"), ("file_share", "message"), ("tombstone", "message"),
    ],
)  # fmt: skip
def test_subtypes_have_kinds(tmp_path: Path, subtype: str | None, kind: str) -> None:
    row = only(tmp_path, subtype=subtype)
    assert (row.kind, row.subtype) == (kind, subtype or "")


def test_a_tombstone_is_deleted_when_it_was_sent(tmp_path: Path) -> None:
    row = only(tmp_path, subtype="tombstone", user="USLACKBOT", text="This message was deleted.", hidden=True)
    assert row.deleted_at == row.created_at
    assert row.text == "This message was deleted."


def test_an_edit_says_when_and_by_whom(tmp_path: Path) -> None:
    row = only(tmp_path, edited={"user": "U2", "ts": "1577840000.000000"})
    assert (row.edited_by, row.edited_at) == ("U2", datetime(2020, 1, 1, 0, 53, 20, tzinfo=UTC))


def test_the_edit_log_makes_revisions(tmp_path: Path) -> None:
    original = message(ts="1577836800.000100", text="fisrt")
    changed = message(
        ts="1577836900.000000", subtype="message_changed", original_ts="1577836800.000100", editor_id="U1",
        text="first", previous={"text": "fisrt"},
    )  # fmt: skip
    deleted = message(
        ts="1577837000.000000", subtype="message_deleted", original_ts="1577836800.000100", editor_id="U2",
        text="", previous={"text": "first", "user": "U1"},
    )  # fmt: skip
    rows = read_zip(tmp_path, general(original, changed, deleted)).message_rows
    assert {row.id for row in rows} == {"C1/1577836800.000100"}
    assert [row.text for row in rows] == ["fisrt", "first", "first"]
    assert [row.edited_by for row in rows] == ["", "U1", ""]
    assert rows[2].deleted_by == "U2"
    assert rows[2].deleted_at == datetime(2020, 1, 1, 0, 3, 20, tzinfo=UTC)


def test_reactions_keep_skin_tones_and_counts(tmp_path: Path) -> None:
    reactions = [{"name": "+1::skin-tone-3", "users": ["U1"], "count": 4}, {"name": "eyes", "users": ["U1", "U2"]}]
    assert only(tmp_path, reactions=reactions).reactions == [
        Reaction("+1::skin-tone-3", ["U1"], 4),
        Reaction("eyes", ["U1", "U2"], 2),
    ]


def test_pins_are_known_from_the_message_or_from_the_room(tmp_path: Path) -> None:
    room = GENERAL | {"pins": [{"id": "1577836802.000000", "type": "C"}]}
    days = [
        message("1577836801.000000", pinned_to=["C1"]),
        message("1577836802.000000"),
        message("1577836803.000000", pinned_info={"channel": "C1", "pinned_by": "U1", "pinned_ts": 1577836900}),
        message("1577836804.000000"),
    ]
    intake = read_zip(tmp_path, general(*days) | {"channels.json": [room]})
    assert [row.is_pinned for row in intake.message_rows] == [True, True, True, False]


def test_attachments_are_normalised(tmp_path: Path) -> None:
    attachment = {
        "id": 7, "title": "A *page*", "title_link": "https://x.org", "text": "<https://y.org|why>", "fallback": "f",
        "fields": [{"title": "State", "value": "open", "short": True}], "color": "ff0000", "ts": 3, "footer": "",
    }  # fmt: skip
    row = only(tmp_path, text="see", attachments=[attachment])
    assert row.text == "see"
    assert msgspec.json.decode(row.attachments) == [
        {
            "title": "A page", "title_link": "https://x.org", "text": "why (https://y.org)", "fallback": "f",
            "fields": [{"title": "State", "value": "open"}], "color": "ff0000",
        }
    ]  # fmt: skip


def test_a_message_without_words_takes_those_of_its_attachments(tmp_path: Path) -> None:
    attachment = {"pretext": "Build", "title": "#12", "title_link": "https://ci.org/12", "text": "passed"}
    row = only(tmp_path, text="", attachments=[attachment, {"fallback": "only a fallback"}])
    assert row.text == "Build\n#12\npassed\nonly a fallback"
    assert row.body_html == 'Build<br><a href="https://ci.org/12">#12</a><br>passed<br>only a fallback'


def test_a_message_without_words_takes_those_of_its_blocks(tmp_path: Path) -> None:
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "Deploy :tada:"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "to *prod* by <@U2>"}},
    ]
    row = only(tmp_path, text="", blocks=blocks)
    assert row.text == "Deploy \ue002tada\ue00f\nto prod by \ue000U2\ue00f"
    assert row.body_html == "<b>Deploy \ue002tada\ue00f</b><br>to <b>prod</b> by \ue000U2\ue00f"
    assert row.mentions == ["U2"]


def test_blocks_give_the_html_and_the_text_field_the_text(tmp_path: Path) -> None:
    part = {"type": "rich_text_section", "elements": [{"type": "text", "text": "bold", "style": {"bold": True}}]}
    row = only(tmp_path, text="plain words", blocks=[{"type": "rich_text", "elements": [part]}])
    assert (row.text, row.body_html) == ("plain words", "<b>bold</b>")


def test_names_stand_in_for_people_and_rooms_the_archive_does_not_know(tmp_path: Path) -> None:
    row = only(tmp_path, text="<@U77|zoe> in <#C77|secret> and <#C1|general> <@U88>")
    assert row.text == "@zoe in #secret and \ue001C1\ue00f \ue000U88\ue00f"
    assert row.mentions == ["U77", "U88"]


def test_file_tokens_are_nowhere(tmp_path: Path) -> None:
    file = {"id": "F1", "name": "a", "url_private": "https://files.slack.com/files-pri/T1-F1/a?t=xoxe-1-2-ab"}
    post = message(files=[file], text="<https://files.slack.com/x?token=xoxe-9-8&amp;pub_secret=1>")
    intake = read_zip(tmp_path, general(post))
    row = intake.message_rows[0]
    assert "xoxe" not in row.raw + row.text + row.body_html + intake.file("F1").raw
    assert row.text == "https://files.slack.com/x?pub_secret=1"
    assert intake.file("F1").url == "https://files.slack.com/files-pri/T1-F1/a"
    assert row.raw == msgspec.json.format(row.raw, indent=-1).replace('":', '": ').replace(',"', ', "')


def test_batches_are_bounded(tmp_path: Path) -> None:
    days = {
        f"general/2020-01-{day:02}.json": [message(ts=f"15778{day:02}{number:03}.000000") for number in range(700)]
        for day in range(1, 6)
    }
    intake = read_zip(tmp_path, general() | days)
    assert len(intake.message_rows) == 3500
    assert max(intake.batches) <= 1000
