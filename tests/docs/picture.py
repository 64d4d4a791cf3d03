"""Takes the picture of the transcript: `python -m tests.docs.picture` writes `docs/images/transcript.png`.

It needs Chromium, fonts with emoji, and optipng to make the file small.
"""

import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from exeunt.sample import HOME_ADMIN, write_home
from tests.docs.documents import DOCS
from tests.docs.workspace import Workspace

PICTURE = DOCS / "images" / "transcript.png"
PAGE = "rooms/data-platform-*/2025-12.html"
WIDTH, HEIGHT = 980, 860


def take(folder: Path) -> None:
    """Make a sample, export it, open one page of it, and keep what a reader would see."""
    workspace = Workspace(folder)
    write_home(folder / "team.zip")
    workspace.exeunt("init", "--admin", HOME_ADMIN, "--workspace", "team", "--password-stdin", stdin="a long password")
    workspace.exeunt("import", "slack", "team.zip", "--workspace", "team")
    (archive,) = workspace.archive("html")
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder / "transcript")
    (page,) = (folder / "transcript").glob(PAGE)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"))
        tab = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        tab.goto(page.as_uri())
        tab.screenshot(path=PICTURE)
        browser.close()
    subprocess.run(["optipng", "-quiet", "-o5", PICTURE], check=False)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        take(Path(made))
