"""`docs/cli.md` is what the commands say of themselves, and documents use no command or option that there is not."""

import re
import shlex
from pathlib import Path

import click
import pytest

from exeunt.cli.root import root
from tests.docs.cli import reference
from tests.docs.documents import DOCS, blocks, documents


def test_the_reference_is_what_the_commands_say() -> None:
    assert (DOCS / "cli.md").read_text(encoding="utf-8") == reference(), "run: python -m tests.docs.cli > docs/cli.md"


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_every_command_in_a_document_exists(path: Path) -> None:
    wrong = []
    for words in _commands(path):
        command: click.Command = root
        context = click.Context(root, info_name="exeunt")
        while isinstance(command, click.Group) and words and not words[0].startswith("-"):
            found = command.get_command(context, words[0])
            if found is None:
                break
            command, words = found, words[1:]
        options = {name for parameter in command.params for name in parameter.opts} | {"--help", "--version"}
        unknown = [word for word in words if word.startswith("--") and word.partition("=")[0] not in options]
        if unknown or (isinstance(command, click.Group) and words and re.fullmatch(r"[a-z]+", words[0])):
            wrong.append(" ".join(("exeunt …", *words)))
    assert wrong == []


def _commands(path: Path) -> list[list[str]]:
    text = path.read_text(encoding="utf-8")
    shown = [line for block in blocks(path) if block.language == "sh" for line in block.text.splitlines()]
    inline = re.findall(r"`(exeunt [^`]+)`", text)
    found = []
    for line in [*shown, *inline]:
        for call in re.findall(r"(?:^|[\s/(=])exeunt ([^|>()&;#\n]*)", line):
            try:
                found.append([word.strip("[]…") for word in shlex.split(call)])
            except ValueError:
                continue
    return [words for words in found if words and words[0]]
