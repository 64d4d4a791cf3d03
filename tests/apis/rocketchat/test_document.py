"""`docs/rocketchat.md` against the program: its codes, calls, keys, options and settings are the real ones."""

import inspect
import re

from exeunt.apis.rocketchat import words
from exeunt.apis.rocketchat.app import ROUTES
from exeunt.config import Settings
from exeunt.layouts.options import RocketChatOptions, RocketChatUserDataOptions
from exeunt.layouts.rocketchat.full import KEYS
from tests.docs.documents import DOCS, table_after

PAGE = DOCS / "rocketchat.md"


def codes(heading: str, column: int = 0) -> list[str]:
    return [name for row in table_after(PAGE, heading) for name in re.findall(r"`([^`]+)`", row[column])]


def test_every_code_of_an_export_is_told() -> None:
    elsewhere = {"error-too-many-requests", "error-room-not-found", "error-room-archived", "error-invalid-sort",
                 "error-updatedSince-param-invalid", "error-invalid-email"}  # fmt: skip
    known = set(re.findall(r'"(error-[\w-]+|invalid-params)"', inspect.getsource(words))) - elsewhere
    assert set(codes("Errors")) == known


def test_every_call_is_told() -> None:
    told = " ".join(codes("What clients read before"))
    for name in ROUTES:
        family, _, call = name.rpartition(".")
        assert name in told or (call in told and f"{family}." in told) or name in PAGE.read_text(), name


def test_every_key_of_the_full_record_is_told_in_order() -> None:
    text = PAGE.read_text()
    places = [text.index(f"`{key}`", text.index("A line of `messages.full.jsonl`")) for key in KEYS]
    assert places == sorted(places)


def test_every_option_and_setting_is_told() -> None:
    told = codes("As a layout", 1)
    fields = {*RocketChatOptions.__struct_fields__, *RocketChatUserDataOptions.__struct_fields__}
    assert set(told) == fields
    page = PAGE.read_text()
    mentioned = set(re.findall(r"`(rocketchat_\w+)", page))
    assert mentioned <= set(Settings.__struct_fields__)
