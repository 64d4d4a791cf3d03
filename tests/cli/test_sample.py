"""`exeunt sample` writes what it was asked for, and says so where it cannot."""

from pathlib import Path

import pytest

from exeunt.cli.sample import EXTERNAL_LEAST, HOME_LEAST
from tests.cli.running import Commands


@pytest.mark.parametrize(("kind", "least"), [((), HOME_LEAST), (("--external",), EXTERNAL_LEAST)])
def test_as_many_messages_are_written_as_asked_for_but_one_of_every_kind_at_least(
    tmp_path: Path, kind: tuple[str, ...], least: int
) -> None:
    exeunt, path = Commands(tmp_path / "data"), str(tmp_path / "sample.zip")
    for asked in (least, least + 66):
        facts = exeunt("sample", path, "--messages", str(asked), "--files", "3", "--json", *kind).json()
        assert (facts["messages"], facts["files"]) == (asked, 3)
    few = exeunt("sample", path, "--messages", "7", "--files", "0", *kind).out.splitlines()
    assert few[0].startswith(f"{path}: {least} messages")
    assert few[1:] == [f"7 messages were asked for; {least} are one of every kind"]
