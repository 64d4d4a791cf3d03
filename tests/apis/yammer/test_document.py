"""`docs/yammer.md` against the program: its columns, statuses and texts are the real ones."""

import re

from exeunt.apis.yammer import words
from exeunt.apis.yammer.requests import STATUS
from exeunt.layouts.options import YammerFilesOptions
from exeunt.layouts.yammer_files.rows import COLUMNS
from tests.docs.documents import DOCS, table_after

PAGE = DOCS / "yammer.md"


def test_columns_are_named_in_their_order() -> None:
    named = [name for row in table_after(PAGE, "Files.csv") for name in re.findall(r"`(\w+)`", row[0])]
    assert named == list(COLUMNS)


def test_every_text_is_told() -> None:
    page = PAGE.read_text()
    values = [value for name, value in vars(words).items() if not name.startswith("__")]
    texts = [value for value in values if isinstance(value, str)]
    texts += [value["response"]["message"] for value in values if isinstance(value, dict)]
    texts += [words.in_progress("{id}"), words.no_request("{id}"), words.already_ended("{id}")]
    texts += [words.not_a_date("since", "{value}"), words.not_valid("{name}", "{value}")]
    assert len(texts) == 18
    assert [text for text in texts if text not in page] == []


def test_every_status_is_told_and_only_one_says_complete() -> None:
    told = [row[0].strip("`") for row in table_after(PAGE, "Status")]
    assert set(told) == set(STATUS.values())
    assert [status for status in told if "COMPLETE" in status] == ["COMPLETE"]


def test_every_option_of_the_layout_is_told() -> None:
    told = [name for row in table_after(PAGE, "As a layout") for name in re.findall(r"`(\w+)`", row[0])]
    assert sorted(told) == sorted(YammerFilesOptions.__struct_fields__)
    defaults = {row[0].strip("`"): row[1] for row in table_after(PAGE, "As a layout")}
    plain = YammerFilesOptions()
    assert defaults["archive_max_bytes"] == str(plain.archive_max_bytes)
    assert defaults["part_max_bytes"] == str(plain.part_max_bytes)
