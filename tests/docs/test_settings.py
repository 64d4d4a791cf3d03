"""The table of settings in `docs/operations.md` against the settings themselves."""

import os
from pathlib import Path

import msgspec

from exeunt.config import PREFIX, Settings, load_settings
from tests.docs.documents import DOCS, table_after

ROWS = table_after(DOCS / "operations.md", "Settings")


def test_the_table_has_every_setting_once_in_order_with_both_names() -> None:
    fields = Settings.__struct_fields__
    assert [row[0] for row in ROWS] == [f"`{PREFIX}{name.upper()}`" for name in fields]
    assert [row[1] for row in ROWS] == [f"`{name}`" for name in fields]


def test_the_table_has_the_default_of_every_setting() -> None:
    defaults = msgspec.to_builtins(Settings())
    assert {row[1].strip("`"): row[2] for row in ROWS} == {
        name: f"`{msgspec.json.encode(value).decode()}`" for name, value in defaults.items()
    }


def test_every_setting_is_explained() -> None:
    assert [row[1] for row in ROWS if len(row[3]) < 20] == []


def test_defaults_as_they_stand_in_the_table_are_what_a_file_may_hold(tmp_path: Path) -> None:
    file = tmp_path / "exeunt.toml"
    file.write_text("".join(f"{row[1].strip('`')} = {row[2].strip('`')}\n" for row in ROWS))
    assert load_settings({PREFIX + "CONFIG": os.fspath(file)}) == Settings()
