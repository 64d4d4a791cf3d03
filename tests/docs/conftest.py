"""What the tests of the documents share."""

import pytest

from exeunt.sample import HOME_ADMIN, write_home
from tests.docs.workspace import Workspace


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """One installation for all of them; nobody imports into it again."""
    made = Workspace(tmp_path_factory.mktemp("docs"))
    write_home(made.folder / "team.zip", messages=600, files=24, large_file_bytes=200_000)
    made.exeunt("init", "--admin", HOME_ADMIN, "--workspace", "team", "--password-stdin", stdin="a long password")
    made.exeunt("import", "slack", "team.zip", "--workspace", "team")
    return made
