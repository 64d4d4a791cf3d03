"""What commands print: lines for people, one JSON document for programs."""

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import click
import msgspec

F = TypeVar("F", bound=Callable[..., Any])


def json_option(command: F) -> F:
    """`--json` on a command: exactly one JSON document on standard output and nothing else."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(command)


def emit(as_json: bool, value: Any, lines: Iterable[str]) -> None:
    """Print the value as JSON, or the lines."""
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
        return
    for line in lines:
        click.echo(line)


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Columns as wide as their widest cell; numbers stand to the right."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[at]) for row in [list(header), *cells]) for at in range(len(header))]
    right = [bool(cells) and all(_is_number(row[at]) for row in cells) for at in range(len(header))]
    return ["  ".join(_pad(cell, width, to_right) for cell, width, to_right in zip(row, widths, right, strict=True))
            .rstrip() for row in [list(header), *cells]]  # fmt: skip


def _is_number(cell: str) -> bool:
    return cell.replace(",", "").replace(".", "").isdigit()


def _pad(cell: str, width: int, to_right: bool) -> str:
    return cell.rjust(width) if to_right else cell.ljust(width)


def someone_looks() -> bool:
    """Whether a person watches: progress bars then, plain lines otherwise."""
    return sys.stderr.isatty()
