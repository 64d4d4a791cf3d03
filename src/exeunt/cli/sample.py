"""`exeunt sample`: a workspace of invented people, as Slack would export it."""

from pathlib import Path
from typing import Any

import click
import msgspec

from exeunt.cli.output import emit, json_option

# written out, so that the help needs no sample; a test compares them
HOME_LEAST, EXTERNAL_LEAST = 434, 79


@click.command("sample")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--messages", type=click.IntRange(1),
    help="Messages to write, exactly so many; but one of every kind is always among them, so at least "
    f"{HOME_LEAST}, or {EXTERNAL_LEAST} with --external.  [default: 24000, with --external 1800]",
)  # fmt: skip
@click.option(
    "--files", type=click.IntRange(0),
    help="Files with their bytes; some without come beside them.  [default: 320, with --external 40]",
)  # fmt: skip
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same bytes.")
@click.option("--external", is_flag=True, help="The smaller external network instead of the home workspace.")
@json_option
def sample(
    path: Path, messages: int | None, files: int | None, seed: int, external: bool, as_json: bool
) -> None:  # fmt: skip
    """Write a Slack export of an invented workspace to PATH (a zip)."""
    from exeunt.sample import write_external, write_home

    asked: dict[str, Any] = {
        name: value for name, value in (("messages", messages), ("files", files)) if value is not None
    }
    facts = (write_external if external else write_home)(path, seed=seed, **asked)
    lines = [f"{path}: {facts.messages:,} messages of {facts.users} people, {facts.files:,} files"]
    if messages is not None and facts.messages > messages:
        lines.append(f"{messages:,} messages were asked for; {facts.messages:,} are one of every kind")
    emit(as_json, msgspec.to_builtins(facts), lines)
