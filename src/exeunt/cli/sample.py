"""`exeunt sample`: a workspace of invented people, as Slack would export it."""

from pathlib import Path

import click
import msgspec

from exeunt.cli.output import emit, json_option


@click.command("sample")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--messages", type=click.IntRange(1), default=24_000, show_default=True, help="Messages it has.")
@click.option("--files", type=click.IntRange(0), default=320, show_default=True, help="Files it has.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same bytes.")
@click.option("--external", is_flag=True, help="The smaller external network instead of the home workspace.")
@json_option
def sample(path: Path, messages: int, files: int, seed: int, external: bool, as_json: bool) -> None:
    """Write a Slack export of an invented workspace to PATH (a zip)."""
    from exeunt.sample import write_external, write_home

    facts = write_external(path, seed=seed) if external else write_home(path, messages=messages, files=files, seed=seed)
    emit(
        as_json,
        msgspec.to_builtins(facts),
        [f"{path}: {facts.messages:,} messages of {facts.users} people, {facts.files:,} files"],
    )
