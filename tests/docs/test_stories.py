"""Every block of a document that is marked as run does run, and prints what the document says it prints."""

from pathlib import Path

import pytest

from tests.docs.documents import DOCS, ROOT, documents
from tests.docs.stories import differences, marked, run

STORIES = [path for path in documents() if marked(path)]
LONG = {"formats.md"}


def _case(path: Path) -> object:
    return pytest.param(path, id=path.name, marks=[pytest.mark.long] if path.name in LONG else [])


@pytest.mark.parametrize("path", [_case(path) for path in STORIES])
def test_a_document_runs_as_it_is_printed(path: Path, tmp_path: Path) -> None:
    assert differences(path, run(path, tmp_path)) == []


def test_the_documents_that_promise_to_run_have_something_to_run() -> None:
    promised = {ROOT / "README.md", DOCS / "lake.md", DOCS / "operations.md", DOCS / "formats.md", DOCS / "slack.md"}
    assert promised <= set(STORIES)
