"""Runs the marked blocks of a document in one shell, in a folder of their own, and compares what they print."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

from tests.docs.documents import Block, blocks

PORT = 8080
"""The port that documents speak of; a free one takes its place here."""

_AT = "@@ block at line "
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?")
_HEX = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\b(?=[a-f]*\d)[0-9a-f]{12,64}\b")


def marked(path: Path) -> list[Block]:
    """The marked blocks of a document."""
    return [block for block in blocks(path) if block.mark]


def script(story: list[Block], port: int) -> str:
    """The whole document as one program for the shell: what one block sets, the next one finds."""
    lines = ["set -euo pipefail", "servers=''", "trap 'for server in $servers; do kill -- -$server; done; wait' EXIT"]
    for block in story:
        if block.mark == "output":
            continue
        lines.append(f"echo '{_AT}{block.line}'")
        text = block.text
        if block.language == "python":
            text = f"python3 - <<'PYTHON'\n{text}PYTHON\n"
        assert block.language in ("sh", "python"), f"a block of {block.language!r} cannot be run"
        if block.mark == "run in the background":
            log = f"background-{block.line}.log"
            lines += ["set -m", f"{{ {text}}} >{log} 2>&1 &", "set +m", 'servers="$servers $!"', _WAIT.format(log=log)]
        else:
            lines.append(text)
    return "\n".join(lines).replace(str(PORT), str(port)) + "\n"


_WAIT = """\
for _ in $(seq 400); do grep -q listening {log} && break; sleep 0.05; done
grep listening {log} || {{ cat {log}; exit 1; }}"""


def run(path: Path, folder: Path) -> dict[int, str]:
    """Execute a document's story; by line of the block, what it printed. Fails with everything that was said."""
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EXEUNT_")}
    programs = f"{Path(sys.executable).parent}:{kept['PATH']}"
    environment = {**kept, "PATH": programs, "EXEUNT_PORT": str(port), "HOME": str(folder), "COLUMNS": "200"}
    done = subprocess.run(
        ["bash", "-c", script(marked(path), port)], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{path.name} does not run (status {done.returncode}):\n{done.stdout}"
    printed: dict[int, str] = {}
    for piece in done.stdout.split(_AT)[1:]:
        line, _, text = piece.partition("\n")
        printed[int(line)] = text.replace(str(port), str(PORT)).replace(str(folder), "")
    return printed


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def differences(path: Path, printed: dict[int, str]) -> list[str]:
    """Every line that a document promises and that was not printed, in order."""
    missing: list[str] = []
    last = 0
    for block in marked(path):
        if block.mark != "output":
            last = block.line
            continue
        left = [plain(line) for line in printed[last].splitlines()]
        for line in block.text.splitlines():
            pattern = re.compile(".*".join(re.escape(part) for part in plain(line).split("…")))
            at = next((at for at, other in enumerate(left) if pattern.fullmatch(other)), None)
            if at is None:
                missing.append(f"{path.name}, line {block.line}: {line!r} was not printed; there was {left}")
                break
            left = left[at + 1 :]
    return missing


def plain(line: str) -> str:
    """A line without what differs from run to run: instants, ids and the width of columns."""
    return re.sub(r"\s+", " ", _HEX.sub("‹id›", _TIME.sub("‹time›", line))).strip()
