"""Writes `docs/cli.md` out of the commands' own help: `python -m tests.docs.cli > docs/cli.md`."""

from collections.abc import Iterator

import click

from exeunt.cli.root import COMMANDS, root

WIDTH = 96

HEAD = """\
# The command line

Every command with its own help, as `exeunt … --help` prints it. Settings, exit codes and the rest that holds for all \
commands are in [operations](operations.md).

Most commands take `--json`: they then print exactly one JSON document on standard output. Progress and messages go \
to standard error.
"""


def reference() -> str:
    """The whole page."""
    parts = [HEAD, _section(root, "exeunt", None)]
    for name in COMMANDS:
        parts += _tree(name, click.Context(root, info_name="exeunt"))
    return "\n".join(parts)


def _tree(name: str, parent: click.Context) -> Iterator[str]:
    group = parent.command
    assert isinstance(group, click.Group)
    command = group.get_command(parent, name)
    assert command is not None
    yield _section(command, name, parent)
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=name, parent=parent)
        for child in command.list_commands(context):
            yield from _tree(child, context)


def _section(command: click.Command, name: str, parent: click.Context | None) -> str:
    context = click.Context(
        command, info_name=name, parent=parent, terminal_width=WIDTH, max_content_width=WIDTH,
        help_option_names=["-h", "--help"],
    )  # fmt: skip
    level = "#" * min(4, 2 + context.command_path.count(" "))
    lines = [line.rstrip() for line in command.get_help(context).splitlines()]
    return f"{level} {context.command_path}\n\n```text\n" + "\n".join(lines) + "\n```\n"


if __name__ == "__main__":
    print(reference(), end="")
