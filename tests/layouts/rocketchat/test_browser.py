"""The HTML form in a real browser, unpacked into a folder: what people see, and that nothing in it runs."""

import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

playwright = pytest.importorskip("playwright.sync_api")

from playwright.sync_api import sync_playwright  # noqa: E402

from exeunt.lake.rows import FileRow  # noqa: E402
from tests.layouts.rocketchat.conftest import CHANNEL, World, said  # noqa: E402
from tests.layouts.rocketchat.test_room import HOSTILE, some_files  # noqa: E402

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")

ATTACKS = [
    HOSTILE, "<script>document.title = 'owned'</script>", "</p><iframe src='javascript:alert(1)'>",
    "<meta http-equiv=refresh content='0;url=https://example.net'>", "<style>p{display:none}</style>",
    "&lt;b&gt; is not bold, &amp; stays", "two\nlines and **no** _markdown_",
]  # fmt: skip


def hostile_files(intake: object) -> list[FileRow]:
    found = some_files(intake)
    found[0].title = "<img src=x onerror=alert(1)>"
    return found


def test_people_see_what_was_written_and_nothing_runs(world: World, tmp_path: Path) -> None:
    rows = [said(n, text) for n, text in enumerate(ATTACKS)]
    rows += [said(50, kind="join"), said(51, "the files", file_ids=["F1", "f1", "F2", "F3", "F4"])]
    world.take_in([CHANNEL], rows, hostile_files)
    archive = world.export(options={"format": "html"})
    archive.zip.extractall(tmp_path / "out")
    complaints: list[str] = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 900, "height": 900})
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.on("request", lambda request: complaints.append(request.url))
        page.goto((tmp_path / "out" / "C1.html").as_uri())
        shown = page.locator("p").all_inner_texts()
        assert len(shown) == len(rows)
        for text, seen in zip(ATTACKS, shown, strict=False):
            words = [" ".join(line.split()) for line in text.replace("\x07", " ").splitlines()]
            assert " ".join(words) in " ".join(seen.replace("\x07", " ").split())
        assert shown[0].startswith("jane (Fri, 01 Mar 2024 00:00:00 GMT):") or shown[0].startswith("bob (")
        assert page.locator("i").all_inner_texts() == ["joined the channel"]
        assert page.locator("img, script, iframe, style").count() == 0
        links = [link.get_attribute("href") or "" for link in page.locator("a").all()]
        assert len(links) == 4
        for link in links:
            place = tmp_path / "out" / unquote(urlsplit(link).path)
            assert place.resolve().is_relative_to((tmp_path / "out").resolve())
            assert place.is_file()
        assert page.locator("a").all_inner_texts()[0] == "<img src=x onerror=alert(1)>"
        page.screenshot(path=tmp_path / "room.png", full_page=True)
        browser.close()
    assert complaints == [(tmp_path / "out" / "C1.html").as_uri()]
