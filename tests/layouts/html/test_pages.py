"""Pages: which there are, what they are called, and how one leads to the next."""

from posixpath import dirname, join, normpath
from urllib.parse import unquote

from exeunt.lake.rows import RoomRow
from exeunt.lake.selection import Selection
from tests.layouts.html.workspace import Elements, Exported, World, at, said


def links_resolve(exported: Exported) -> int:
    """Every relative link of every page leads to a member, and every fragment to an element of it."""
    parsed = {name: Elements(exported.read(name)) for name in exported.names if name.endswith(".html")}
    parsed = {name: page for name, page in parsed.items() if not name.startswith("files/")}
    ids = {name: {attrs["id"] for _, attrs in page.found if "id" in attrs} for name, page in parsed.items()}
    seen = 0
    for name, page in parsed.items():
        for tag, attribute in (("a", "href"), ("img", "src"), ("link", "href"), ("script", "src"), ("form", "action")):
            for value in page.values(tag, attribute):
                if value.startswith(("http:", "https:", "mailto:")):
                    continue
                path, _, fragment = value.partition("#")
                target = normpath(join(dirname(name), unquote(path))) if path else name
                assert target in exported.names, (name, value)
                assert not fragment or fragment in ids[target], (name, value)
                seen += 1
    return seen


def walk(exported: Exported, month: str, way: str) -> list[str]:
    """The months of `general` that one comes through by following `prev` or `next`."""
    found = [month]
    while len(found) < 20:
        page = Elements(exported.page("general", found[-1]))
        onward = [attrs["href"] or "" for tag, attrs in page.found if tag == "a" and attrs.get("rel") == way]
        if not onward:
            break
        found.append(onward[0].removesuffix(".html"))
    return found


def test_a_page_for_each_room_and_month(world: World) -> None:
    rows = [said(1, "one"), said(2, "two", at(days=40)), said(3, "three", room_id="C2")]
    exported = world.take(rows).export()
    assert exported.pages == ["general/2024-05", "general/2024-06", "random/2024-05"]
    assert exported.names[0] == "index.html"
    assert links_resolve(exported) > 20


def test_a_reply_stands_on_the_page_of_its_root_however_late_it_comes(world: World) -> None:
    rows = [said(1, "root"), said(2, "late", at(days=70), thread=1), said(3, "a year after", at(days=366), thread=1)]
    exported = world.take(rows).export()
    assert exported.pages == ["general/2024-05"]
    page = exported.page("general")
    assert "<details><summary>2 replies</summary>" in page
    assert "<time datetime=2024-07-10T10:00:00Z>10 Jul 10:00</time>" in page
    assert "<time datetime=2025-05-02T10:00:00Z>2 May 2025 10:00</time>" in page


def test_months_lead_to_each_other(world: World) -> None:
    exported = world.take([said(n, f"m {n}", at(days=31 * n)) for n in range(4)]).export()
    months = ["2024-05", "2024-06", "2024-07", "2024-08"]
    assert walk(exported, "2024-05", "next") == months
    assert walk(exported, "2024-08", "prev") == months[::-1]


def test_months_lead_to_each_other_over_shards_and_past_what_was_not_selected(world: World) -> None:
    world.take([said(n, "yes" if n in (0, 8) else "no", at(days=31 * n)) for n in range(9)])
    exported = world.export(Selection(text="yes"), shard_rows=3)
    assert len(list((exported.folder / "search").glob("*/w0.js"))) == 2
    forth, back = walk(exported, "2024-05", "next"), walk(exported, "2025-01", "prev")
    assert forth[-1] == "2025-01"
    assert back == forth[::-1]
    assert forth[1:-1] == ["2024-07", "2024-08", "2024-10", "2024-11"], "what ends or begins a shard"
    assert "Nothing of this month was selected." in exported.page("general", forth[1])
    front = Elements(exported.read("index.html"))
    assert front.values("a", "title") == ["May 2024: 1", "January 2025: 1"]
    links_resolve(exported)


def test_a_crowded_month_becomes_several_pages_and_no_thread_is_cut(world: World) -> None:
    rows = [said(n, f"root {n}") for n in range(0, 40, 2)]
    rows += [said(n + 1, f"reply {n}", at(n + 30), thread=n) for n in range(0, 40, 2)]
    exported = world.take(rows).export(shard_rows=10)
    assert exported.pages == ["general/2024-05", *(f"general/2024-05-{n}" for n in range(2, 5))]
    assert "May 2024, part 2" in exported.page("general", "2024-05-2")
    for name in exported.names:
        if name.startswith("rooms/"):
            page = exported.read(name)
            assert page.count("1 reply") == page.count("<li id=m") / 2
    assert links_resolve(exported) > 20
    assert exported.manifest["counts"]["messages"] == 40


def test_room_folders_are_safe_and_unique(world: World) -> None:
    rooms = [
        RoomRow(id="C1", name="../../etc/passwd", kind="public"), RoomRow(id="C2", name="CON", kind="private"),
        RoomRow(id="C3", name="con", kind="public"), RoomRow(id="C4", name="日本 語?#%", kind="public"),
        RoomRow(id="C5", name="", kind="direct"),
    ]  # fmt: skip
    rows = [said(n, "hello", room_id=f"C{n}") for n in range(1, 6)]
    exported = world.take(rows, rooms=rooms).export()
    folders = [name.split("/")[1] for name in exported.names if name.startswith("rooms/")]
    assert len({folder.casefold() for folder in folders}) == 5
    assert all(".." not in folder and folder[0] != "." for folder in folders)
    assert any(folder.startswith("日本-語") for folder in folders)
    links_resolve(exported)


def test_times_are_in_utc_whatever_zone_the_reader_meant(world: World) -> None:
    page = world.take([said(1, "x", at(0))]).export().page("general")
    assert "<time datetime=2024-05-01T10:00:00Z>10:00</time>" in page
    assert "<h2>Wednesday, 1 May 2024</h2>" in page
    assert "All times are in UTC." in page


def test_an_empty_selection_still_has_a_front_page(world: World) -> None:
    exported = world.take([said(1, "x")]).export(Selection(text="nowhere to be found"))
    assert exported.pages == []
    assert "No message was selected." in exported.read("index.html")
    nothing = World(world.path / "empty").take([], rooms=[])
    assert "index.html" in nothing.export().names
    nothing.close()


def test_a_forged_page_name_is_impossible(world: World) -> None:
    exported = world.take([said(1, "x")]).export()
    assert all(not name.startswith(("/", "..")) and "\\" not in name for name in exported.names)
