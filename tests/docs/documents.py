"""The documents as the tests read them: their blocks, their tables, their links, their headings.

A block is tested when the line before its fence is one of these comments, which no reader sees:

- `<!-- run -->`: the shell, or Python, executes it, in the folder and shell of the document's earlier blocks;
- `<!-- run in the background -->`: the same, but it goes on while the blocks after it run;
- `<!-- output -->`: what the block before it prints. `…` stands for anything.
"""

import re
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

_MARK = re.compile(r"<!-- (run|run in the background|output) -->")
_FENCE = re.compile(r"```([a-z]*)")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"#{1,6} (.+)")


class Block(msgspec.Struct, frozen=True):
    """A fenced block. `mark` is the comment before it, or empty; `line` is where the fence stands, from 1."""

    mark: str
    language: str
    text: str
    line: int


def documents() -> list[Path]:
    """README, the changelog and every page below `docs`."""
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md"))]


def blocks(path: Path) -> list[Block]:
    """Every fenced block of a document, in order."""
    found: list[Block] = []
    before, body, fence, started = "", [""], None, 0
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if fence is None and (opening := _FENCE.fullmatch(line)):
            fence, started, body = opening[1], number, []
        elif fence is not None and line == "```":
            mark = _MARK.fullmatch(before)
            found.append(Block(mark[1] if mark else "", fence, "\n".join(body) + "\n", started))
            fence, before = None, ""
        elif fence is not None:
            body.append(line)
        elif line.strip():
            before = line
    assert fence is None, f"{path.name}: the block at line {started} is not closed"
    return found


def prose(path: Path) -> str:
    """A document without its blocks."""
    return re.sub(r"(?ms)^```.*?^```$", "", path.read_text(encoding="utf-8"))


def links(path: Path) -> list[str]:
    """The targets of all links and pictures."""
    return _LINK.findall(re.sub(r"`[^`\n]*`", "", prose(path)))


def anchors(path: Path) -> set[str]:
    """What headings are called in an address."""
    found = set()
    for line in prose(path).splitlines():
        if heading := _HEADING.fullmatch(line):
            words = re.sub(r"[^\w\- ]", "", heading[1].replace("`", "").lower())
            found.add(words.replace(" ", "-"))
    return found


def table_after(path: Path, heading: str) -> list[list[str]]:
    """The rows, without its head, of the first table below a heading."""
    text = path.read_text(encoding="utf-8")
    start = re.search(rf"(?m)^#+ {re.escape(heading)}$", text)
    assert start, f"{path.name} has no heading {heading!r}"
    rows: list[list[str]] = []
    for line in text[start.end() :].splitlines():
        if line.startswith("|"):
            rows.append([cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        elif rows:
            break
    assert len(rows) > 2, f"{path.name}: no table below {heading!r}"
    return rows[2:]
