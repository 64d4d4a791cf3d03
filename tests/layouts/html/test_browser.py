"""The transcript in a real browser, from a folder: `file://`, no server, nothing fetched."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

playwright = pytest.importorskip("playwright.sync_api")

from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from exeunt.lake import markers  # noqa: E402
from exeunt.lake.rows import FileRow  # noqa: E402
from tests.layouts.html.test_hostile import ATTACKS, hostile, pages_of  # noqa: E402
from tests.layouts.html.workspace import PNG, Exported, World, at, said  # noqa: E402

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")

TEXTS = [
    "The quick brown fox jumps over the lazy dog.", "Deploy v2.17.3 failed: error=E_CONN (code 0x1F)!",
    "see https://example.org/path/to?x=1&y=two#frag", "snake_case and CamelCase and kebab-case",
    "Größe, naïve café, ÅNGSTRÖM; İstanbul ΟΔΥΣΣΕΥΣ", "東京タワーに行きました。 大阪も。", "สวัสดีครับ ทุกคน",
    "привет, мир! Как дела?", "שלום עולם", "مرحبا بالعالم", "한국어 텍스트입니다", "हिन्दी में संदेश",
    "emoji 🎉 and 👩‍🚀 and ☕ too", "`code` with $dollars ${x} and \\backslashes\\ \"quotes\" 'single'",
    "ﬁne ligature, ½ and x²", "tabs\tand\nnew\r\nlines", "a b c 1 2 3", "C++ & <html> tags", "100% @someone #tag",
    "zero\u200bwidth and soft\u00adhyphen", "ends with backslash \\",
]  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield started
        started.close()


class Visit:
    """A page that keeps what it complains about and where it asks for things."""

    def __init__(self, browser: Browser) -> None:
        self.page: Page = browser.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def open(self, path: Path, more: str = "") -> Page:
        self.page.goto(path.as_uri() + more)
        return self.page

    def search(self, question: str) -> list[str]:
        """The numbers of the messages found, in order."""
        self.page.evaluate("document.getElementById('state').textContent = ''")
        self.page.fill("#q", question)
        self.page.press("#q", "Enter")
        state = self.page.locator("#state")
        while not state.inner_text().endswith("."):
            self.page.wait_for_timeout(5)
        hrefs: list[str] = self.page.eval_on_selector_all("#found a", "all => all.map(a => a.href)")
        return [href.rpartition("#m")[2] for href in hrefs]


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    made = Visit(browser)
    yield made
    assert not made.complaints
    assert all(url.startswith("file:") for url in made.requests)
    made.page.close()


def numbers(exported: Exported) -> dict[str, str]:
    """The number of the message by its text's place: the n-th message of the page has the n-th."""
    page = exported.page("general")
    return {str(n): one.partition(">")[0].partition(" ")[0] for n, one in enumerate(page.split("<li id=m")[1:])}


def test_style_pictures_and_folds_work_from_a_folder(world: World, visit: Visit) -> None:
    files = [FileRow(id="F1", name="Ä #1?.png", media_type="image/png", uploaded_at=at(), room_id="C1")]
    rows = [said(0, "root", file_ids=["F1"]), said(1, "deep reply", thread=0)]
    exported = world.take(rows, files=files, bodies={"F1": PNG}).export()
    page = visit.open(next(exported.folder.glob("rooms/*/*.html")))
    assert page.evaluate("getComputedStyle(document.querySelector('.talk ol')).listStyleType") == "none"
    page.locator("img").scroll_into_view_if_needed()
    assert (
        page.evaluate("document.querySelector('img').decode().then(() => document.querySelector('img').naturalWidth)")
        == 1
    )
    assert not page.locator("text=deep reply").is_visible()
    reply = numbers(exported)["1"]
    visit.open(next(exported.folder.glob("rooms/*/*.html")), f"#m{reply}")
    assert page.locator("text=deep reply").is_visible()


def test_every_word_of_every_message_is_found(world: World, visit: Visit) -> None:
    texts = [*TEXTS, f"{markers.person('U2')} wrote in {markers.room('C2')} {markers.emoji('tada')}"]
    exported = world.take([said(10 * n, text, author_id="U3") for n, text in enumerate(texts)]).export(shard_rows=7)
    assert len(list((exported.folder / "search").glob("*/w0.js"))) > 1
    named: dict[int, str] = {}
    for page in sorted(exported.folder.glob("rooms/general-*/*.html"), key=lambda path: (len(path.name), path.name)):
        for one in page.read_text().split("<li id=m")[1:]:
            named[len(named)] = one.partition(">")[0].partition(" ")[0]
    assert len(named) == len(texts)
    visit.open(exported.folder / "search.html")
    plain = [*TEXTS, "@Bob Byrne wrote in #random :tada:"]
    for n, text in enumerate(plain):
        for word in dict.fromkeys(text.split()):
            assert named[n] in visit.search(word), word


def test_how_questions_are_understood(world: World, visit: Visit) -> None:
    rows = [
        said(0, "planning the release of the parser"), said(10, "plan B: release later"),
        said(20, "the parser release plan"), said(30, "東京タワー", author_id="U2"), said(40, "京東", author_id="U2"),
    ]  # fmt: skip
    exported = world.take(rows).export()
    number = numbers(exported)
    visit.open(exported.folder / "search.html")

    def found(question: str) -> list[int]:
        places = {value: int(place) for place, value in number.items()}
        return [places[one] for one in visit.search(question)]

    assert found("plan") == [0, 1, 2]
    assert found("PLAN parser") == [0, 2]
    assert found("lease") == []
    assert found("b") == [1]
    assert found('"parser release"') == [2]
    assert found("“the release”") == [0]
    assert found("東京") == [3]
    assert found("byrne") == [3, 4]
    assert found("bob 京東") == [4]
    assert found(":") == [1]
    assert visit.page.inner_text("#state") == "1 found."
    assert found("zzz") == []
    assert visit.page.inner_text("#state") == "Nothing was found."


def test_results_lead_to_the_message(world: World, visit: Visit) -> None:
    exported = world.take([said(0, "root"), said(1, "the needle here", thread=0)]).export()
    page = visit.open(next(exported.folder.glob("rooms/*/*.html")))
    page.fill("header input[name=q]", "needle")
    page.press("header input[name=q]", "Enter")
    page.wait_for_url("**/search.html?q=needle")
    page.locator("#found a").click()
    assert page.locator("text=the needle here").is_visible()
    visit.open(exported.folder / "search.html", "?q=" + quote("needle"))
    page.locator("#found mark").wait_for()
    assert page.locator("#found mark").inner_text() == "needle"


def test_more_results_come_when_asked_for(world: World, visit: Visit) -> None:
    exported = world.take([said(n, f"same {n}") for n in range(120)]).export(shard_rows=50)
    page = visit.open(exported.folder / "search.html")
    assert len(visit.search("same")) == 50
    for _ in range(2):
        page.click("#more")
    page.locator("text=120 found.").wait_for()
    assert page.locator("#found li").count() == 120


def test_a_part_that_was_not_unpacked_is_named(world: World, browser: Browser) -> None:
    exported = world.take([said(0, "needle")]).export()
    shutil.rmtree(exported.folder / "search" / "1")
    visit = Visit(browser)
    visit.open(exported.folder / "search.html")
    assert visit.search("needle") == []
    assert "incomplete" in visit.page.inner_text("#state")
    visit.page.close()


def test_nothing_in_the_data_runs(world: World, visit: Visit) -> None:
    exported = hostile(world, ATTACKS)
    for name in pages_of(exported):
        page = visit.open(exported.folder / name)
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        page.hover("h1")
        assert page.evaluate("window.hacked") is None
    visit.open(exported.folder / "search.html")
    for question in ("window", "evil", "hacked", "svg onload", "<script>"):
        assert len(visit.search(question)) > 2
        assert visit.page.evaluate("window.hacked") is None
    assert visit.page.locator("#found script, #found img, #found svg").count() == 0


def test_an_injected_script_would_not_run(world: World, browser: Browser) -> None:
    """What the content security policy is for: even markup that a reader let through does nothing."""
    bad = "<script>window.hacked=1</script><img src=x onerror='window.hacked=1'><style>h1{display:none}</style>"
    exported = world.take([said(0, "x", body_html=bad)]).export()
    visit = Visit(browser)
    page = visit.open(next(exported.folder.glob("rooms/*/*.html")))
    page.wait_for_timeout(100)
    assert page.evaluate("window.hacked") is None
    assert page.locator("h1").is_visible()
    assert any("Content Security Policy" in complaint for complaint in visit.complaints)
    page.close()
