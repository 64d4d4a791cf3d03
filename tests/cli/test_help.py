"""What `--help` says: something of every command and of every option."""

from collections.abc import Iterator

import click
import pytest

from exeunt.cli.root import COMMANDS, root


def tree(command: click.Command, name: str, parent: click.Context | None = None) -> Iterator[tuple[str, click.Command]]:
    """Every command by its whole name, groups too."""
    # click keeps the help option that it makes first, for everybody who asks later
    context = click.Context(command, info_name=name, parent=parent, help_option_names=["-h", "--help"])
    yield context.command_path, command
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found is not None
            yield from tree(found, child, context)


EVERYTHING = dict(tree(root, "exeunt"))


def test_the_whole_tree_is_walked() -> None:
    assert {"exeunt", "exeunt init", "exeunt import slack", "exeunt export create"} < set(EVERYTHING)
    assert all(f"exeunt {name}" in EVERYTHING for name in COMMANDS)


@pytest.mark.parametrize("path", EVERYTHING)
def test_every_command_and_every_option_says_what_it_is_for(path: str) -> None:
    command = EVERYTHING[path]
    silent = [
        option.opts[-1]
        for option in command.params
        if isinstance(option, click.Option) and not option.hidden and not (option.help or "").strip()
    ]
    assert silent == []
    line = command.get_short_help_str(limit=200)
    assert line
    assert line.isprintable()
