"""Commands run in this process, on a data folder of the test's own."""

import json
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner

from exeunt.cli.root import root
from exeunt.errors import ExeuntError

ADMIN = ("--admin", "ann@x.org", "--workspace", "acme", "--password-stdin")


class Outcome:
    """Exit status, standard output and standard error, as `exeunt` would leave them."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    def json(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)


class Commands:
    """`exeunt …` with its settings."""

    def __init__(self, data: Path, **settings: str) -> None:
        self.data = data
        self.environment = {"EXEUNT_DATA": str(data), **settings}

    def __call__(self, *arguments: str, typed: str = "", **settings: str) -> Outcome:
        done = CliRunner().invoke(root, arguments, input=typed, env=self.environment | settings, standalone_mode=False)
        error = done.exception
        if isinstance(error, ExeuntError):
            return Outcome(1, done.stdout, str(error))
        if isinstance(error, click.ClickException):
            return Outcome(error.exit_code, done.stdout, error.format_message())
        if error is not None and not isinstance(error, SystemExit):
            raise error
        return Outcome(done.exit_code, done.stdout, done.stderr)
