"""Links between documents, to files of the repository, and to headings."""

from pathlib import Path

import pytest

from tests.docs.documents import DOCS, ROOT, anchors, documents, links

LARGEST_PICTURE = 200_000


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    broken = []
    for link in links(path):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        if not target.exists() or not target.is_relative_to(ROOT) or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_page_is_reached_from_the_readme() -> None:
    found = {Path(link.partition("#")[0]).name for link in links(ROOT / "README.md")}
    assert {path.name for path in DOCS.glob("*.md")} <= found


def test_pictures_are_small() -> None:
    assert [path.name for path in (DOCS / "images").iterdir() if path.stat().st_size > LARGEST_PICTURE] == []


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_a_list_of_contents_names_every_section_in_order(path: Path) -> None:
    text = path.read_text()
    listed = [link[1:] for link in links(path) if link.startswith("#")]
    sections = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    if not text.partition("\n## ")[0].count("\n- ["):
        return
    names = [line.partition("[")[2].partition("]")[0] for line in text.partition("\n## ")[0].splitlines()
             if line.startswith("- [")]  # fmt: skip
    assert names == [section.replace("`", "") for section in sections]
    assert len(listed) >= len(names)
