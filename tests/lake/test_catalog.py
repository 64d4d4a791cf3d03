"""The making of workspaces."""

import pytest

from exeunt.errors import InvalidInput
from tests.lake.conftest import Lake


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "-a", "_a", "a b", "ä", "a\n", "a" * 65])
def test_what_cannot_name_a_folder_is_no_workspace(lake: Lake, name: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be a workspace's id"):
        lake.catalog.add_workspace(name, "Name", None, lake.now)
    assert [facts.id for facts in lake.catalog.workspaces()] == ["acme"]


@pytest.mark.parametrize("name", ["a", "0", "A.b-c_d", "a" * 64])
def test_what_can_is_one(lake: Lake, name: str) -> None:
    assert lake.catalog.add_workspace(name, "Name", None, lake.now).id == name
