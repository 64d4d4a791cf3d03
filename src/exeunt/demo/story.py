"""The demonstration, step by step."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from exeunt.archives.body import Body
from exeunt.archives.extents import Slice
from exeunt.archives.verify import verify_archive
from exeunt.cli.output import table
from exeunt.config import Settings
from exeunt.demo import fetch
from exeunt.demo.machine import Machine, StepFailed
from exeunt.installation import Installation
from exeunt.sample import HOME_ADMIN, LAST_DAY, write_external, write_home

HOME, PARTNER = "home", "partner"
PASSWORD = "a password for the demonstration"


def run(folder: Path, messages: int, files: int) -> None:
    """Everything, into `folder`, which is made anew. Raises an `ExeuntError` for the first thing that is not right."""
    console = Console()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    machine = Machine(folder / "installation")
    begun = time.perf_counter()
    with _bars(console) as show:
        home = write_home(folder / "home.zip", messages=messages, files=files,
                          progress=lambda done, total: show("writing a sample workspace", done, total))  # fmt: skip
        write_external(folder / "partner.zip")
    machine.exeunt("init", "--admin", HOME_ADMIN, "--workspace", HOME, "--password-stdin", stdin=PASSWORD)
    machine.exeunt("workspace", "add", PARTNER, "--external-of", HOME)
    tokens = {api: _token(machine, api) for api in ("native", "yammer")}
    with machine.server() as base:
        console.print(f"serving on {base}")
        for workspace, name in ((HOME, "home.zip"), (PARTNER, "partner.zip")):
            report = machine.exeunt("import", "slack", str(folder / name), "--workspace", workspace, bars=True)[
                "report"
            ]
            console.print(f"imported {name}: {report['added']['messages']:,} messages, "
                          f"{report['added'].get('files', 0):,} files")  # fmt: skip
        exports = _fetch_all(base, tokens, folder / "archives", console)
    checked = _verify(exports, console)
    _table(console, machine, exports)
    took = time.perf_counter() - begun
    console.print(f"\n{checked:,} members checked against their manifests, all right: {home.messages:,} messages "
                  f"and their files, in and out in {took:.0f} s.", soft_wrap=True)  # fmt: skip
    _what_next(console, folder)


def _token(machine: Machine, api: str) -> str:
    """A token that may also export private rooms, which the native API's usual one may not."""
    scopes = ("export:create", "export:private", "export:read", "export:manage", "export:download", "workspace:read")
    named = [word for scope in scopes for word in ("--scope", scope)]
    made = machine.exeunt("token", "create", "--user", HOME_ADMIN, "--workspace", HOME, "--for", api, *named)
    return str(made["token"])


def _fetch_all(base: str, tokens: dict[str, str], archives: Path, console: Console) -> list[fetch.Fetched]:
    since = LAST_DAY.replace(year=LAST_DAY.year - 3).isoformat()
    fetched = []
    with _bars(console) as show:
        bearer = {"Authorization": f"Bearer {tokens['native']}"}
        with httpx.Client(base_url=base, headers=bearer, timeout=60) as client:
            for layout in ("html", "jsonl", "csv"):
                fetched.append(fetch.native(client, archives / layout, layout, show))
        bearer = {"Authorization": f"Bearer {tokens['yammer']}"}
        with httpx.Client(base_url=base, headers=bearer, timeout=60) as client:
            fetched.append(fetch.yammer(client, archives / "yammer", since, show))
    return fetched


def _verify(exports: list[fetch.Fetched], console: Console) -> int:
    checked, problems = 0, []
    with _bars(console) as show:
        paths = [path for export in exports for path in export.archives if path.suffix == ".zip"]
        for at, path in enumerate(paths, 1):
            result = verify_archive(path)
            checked += result.checked
            problems += [f"{path}: {problem}" for problem in result.problems]
            show("verifying", at, len(paths))
    if problems:
        raise StepFailed("; ".join(problems[:5]))
    return checked


def _table(console: Console, machine: Machine, exports: list[fetch.Fetched]) -> None:
    rows = []
    installation = Installation(Settings(data=str(machine.data)))
    for export in exports:
        counts = installation.exports.get(export.export_id).counts
        slices = _slices(installation, export.export_id)
        copied = counts.get("file_bytes", 0) - slices
        rows.append(
            (export.asked, f"{counts.get('messages', 0):,}", f"{counts.get('files', 0):,}", f"{export.size:,}",
             f"{export.ready_seconds:.2f}", f"{copied:,}", export.resumed, export.archives[0])
        )  # fmt: skip
    console.print()
    for line in table(
        ("asked", "messages", "files", "bytes", "ready in s", "bytes copied", "resumed", "archive"), rows
    ):
        console.print(line, soft_wrap=True, highlight=False)


def _slices(installation: Installation, export_id: str) -> int:
    """Bytes of file bodies that the export's archives take straight from where the import put them."""
    total = 0
    for archive in installation.exports.archives(export_id):
        with Body(installation.blobs.content(archive.index_key)) as body:
            total += sum(e.length for e in body.extents() if isinstance(e, Slice) and e.blob.key.startswith("held/"))
    return total


def _what_next(console: Console, folder: Path) -> None:
    for line in (
        "",
        "Look at them:",
        f"  unzip -q {folder}/archives/html/home-html.zip -d {folder}/transcript   then open index.html there",
        f"  unzip -q {folder}/archives/csv/home-csv.zip -d {folder}/sheets   then open messages.csv in a spreadsheet",
        f"  .venv/bin/exeunt verify {folder}/archives/*/*.zip   checks every byte again",
        "Go on:",
        "  make serve   answers on http://127.0.0.1:8080 with what was imported",
        f"  EXEUNT_DATA={folder}/installation .venv/bin/exeunt export list --workspace {HOME}",
    ):
        console.print(line, soft_wrap=True, highlight=False)


@contextmanager
def _bars(console: Console) -> Iterator[fetch.Progress]:
    """One bar a description for a person; a line a description for a log."""
    if not console.is_terminal:
        said: set[str] = set()

        def tell(what: str, done: int, total: int) -> None:
            if what not in said:
                said.add(what)
                console.print(f"{what} …")

        yield tell
        return
    with Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console) as bars:
        tasks: dict[str, object] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)  # type: ignore[arg-type]

        yield show
