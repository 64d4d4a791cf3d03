"""Files below messages, and those below none."""

import re
from typing import Any

from exeunt.lake.rows import FileRow
from exeunt.lake.selection import Selection
from tests.layouts.html.test_pages import links_resolve
from tests.layouts.html.workspace import PNG, Elements, Exported, World, at, said


def file(number: int, name: str, **values: Any) -> FileRow:
    return FileRow(id=f"F{number}", name=name, room_id="C1", uploaded_at=at(number), **values)


def exported(world: World, *files: FileRow, selection: Selection | None = None, **bodies: bytes) -> Exported:
    """One message that carries all files."""
    world.take([said(0, "see", file_ids=[one.id for one in files])], files=files, bodies=bodies)
    return world.export(selection)


def test_pictures_are_shown_and_others_are_linked(world: World) -> None:
    files = (
        file(1, "Ä #1?.png", media_type="image/png"), file(2, "plan.pdf", media_type="application/pdf"),
        file(3, "draw.svg", media_type="image/svg+xml"),
    )  # fmt: skip
    made = exported(world, *files, F1=PNG, F2=b"x" * 4321, F3=b"<svg/>")
    page = made.page("general")
    (picture,) = Elements(page).values("img", "src")
    assert re.fullmatch(r"../../files/\d+-%C3%84%20%231_.png", picture)
    assert 'loading=lazy src="' in page
    assert re.search(r'<li><a href="../../files/\d+-plan.pdf">plan.pdf</a> <small>4 kB</small></li>', page)
    assert re.search(r'<a href="../../files/\d+-draw.svg" download>draw.svg</a> <small>6 bytes</small>', page)
    links_resolve(made)
    assert [name.split("-", 1)[1] for name in made.names if name.startswith("files/")] == [
        "Ä #1_.png",
        "plan.pdf",
        "draw.svg",
    ]


def test_what_is_not_held_says_why_and_where(world: World) -> None:
    files = (
        file(1, "a.doc", storage="external", url="https://docs.example.org/?a=1&b=2"),
        file(2, "b.doc", storage="hidden", reason="over the limit of <10,000>"),
        file(3, "c.doc", storage="absent", url="javascript:alert(1)"),
    )  # fmt: skip
    made = exported(world, *files)
    page = made.page("general")
    address = "https://docs.example.org/?a=1&amp;b=2"
    assert f'a.doc <small>kept outside the workspace, at its address</small> <a href="{address}">{address}</a>' in page
    assert (
        "b.doc <small>withheld by the source (a limit of its plan): over the limit of &lt;10,000&gt;</small></li>"
        in page
    )
    assert "c.doc <small>the source export did not carry the file's bytes</small></li>" in page
    assert "javascript" not in page
    assert [item["id"] for item in made.manifest["missing"]] == ["F1", "F2", "F3"]


def test_without_bodies_files_have_names_only(world: World) -> None:
    made = exported(world, file(1, "a.png", media_type="image/png"), selection=Selection(files=False), F1=PNG)
    assert f"<ul class=f><li>a.png <small>{len(PNG)} bytes</small></li></ul>" in made.page("general")
    assert not [name for name in made.names if name.startswith("files/")]


def test_a_file_the_source_never_described(world: World) -> None:
    made = world.take([said(0, "x", file_ids=["F<9>"])]).export()
    assert "<li>F&lt;9&gt; <small>not in the source</small></li>" in made.page("general")


def test_files_that_no_message_shows_have_a_page(world: World) -> None:
    world.take([said(0, "x")], files=[file(1, "lost & found.txt")], bodies={"F1": b"found"})
    made = world.export()
    assert "lost &amp; found.txt" in made.read("files.html")
    assert "files.html" in Elements(made.read("index.html")).values("a", "href")
    links_resolve(made)


def test_sizes_are_for_people(world: World) -> None:
    sizes = {1: 0, 2: 999, 3: 1000, 4: 999_499, 5: 999_500, 6: 123_456_789}
    files = [file(n, f"{n}.bin", storage="held", size=size, sha256="00" * 32) for n, size in sizes.items()]
    page = exported(world, *files, selection=Selection(files=False)).page("general")
    shown = re.findall("<small>([^<]*)</small>", page)
    assert shown[1:] == ["0 bytes", "999 bytes", "1 kB", "999 kB", "1.0 MB", "123.5 MB"]
