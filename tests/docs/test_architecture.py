"""Imports of the program against the road that `docs/architecture.md` draws."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.docs.documents import DOCS, ROOT, table_after

SOURCE = ROOT / "src" / "exeunt"


def _road() -> dict[str, int]:
    """Each module name of the table, with the place of its stop."""
    stops = table_after(DOCS / "architecture.md", "The road through the house")
    return {name: place for place, row in enumerate(stops) for name in re.findall(r"`([\w.]+)`", row[1])}


def _stop(module: str, road: dict[str, int]) -> int | None:
    """Where a module stands: by the longest name that it or a package around it has."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        place = road.get(".".join(parts[:length]))
        if place is not None:
            return place
    return None


def _module(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    """(line, module below `exeunt`) of everything that a file imports, wherever in it."""
    is_package, module = path.name == "__init__.py", _module(path)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                here = ["exeunt", *module.split(".")]
                kept = here[: len(here) - node.level + is_package]
                base = ".".join([*kept, *filter(None, [node.module])])
            # what is imported from a package may be a module of it
            names = [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from ((node.lineno, name.removeprefix("exeunt.")) for name in names if name.startswith("exeunt."))


def _files() -> list[Path]:
    return sorted(path for path in SOURCE.rglob("*.py") if path != SOURCE / "__init__.py")


def test_every_module_stands_somewhere_on_the_road() -> None:
    road = _road()
    assert [_module(path) for path in _files() if _stop(_module(path), road) is None] == []


def test_the_road_has_no_stop_without_modules() -> None:
    assert [
        name for name in _road()
        if not (SOURCE / name.replace(".", "/")).is_dir() and not (SOURCE / f"{name.replace('.', '/')}.py").is_file()
    ] == []  # fmt: skip


def test_nothing_is_imported_from_a_later_stop() -> None:
    road, wrong = _road(), []
    for path in _files():
        own = _stop(_module(path), road)
        for line, name in _imports(path):
            place = _stop(name, road)
            if own is not None and place is not None and place > own:
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports exeunt.{name}")
    assert wrong == []


def test_processes_that_answer_http_load_no_content_and_no_jobs() -> None:
    import subprocess
    import sys

    program = (
        "import sys, exeunt.http.app, exeunt.apis.native, exeunt.installation\n"
        "print([name for name in ('polars', 'dbos') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
