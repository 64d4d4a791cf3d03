"""The root command. A command's module is loaded only when that command runs, so `--help` answers at once."""

import sys
from importlib import import_module

import click

from exeunt import __version__
from exeunt.errors import ExeuntError

COMMANDS = {
    "init": ("exeunt.cli.init:init", "Make the data folder, the key and the first administrator."),
    "serve": ("exeunt.cli.serve:serve", "Answer HTTP, and run one worker beside it."),
    "worker": ("exeunt.cli.worker:worker", "Run exports."),
    "import": ("exeunt.cli.imports:import_", "Take a workspace's content in."),
    "export": ("exeunt.cli.export:export", "Get content out."),
    "verify": ("exeunt.cli.verify:verify", "Check an archive, or what the installation holds."),
    "doctor": ("exeunt.cli.doctor:doctor", "Check that this installation can work, and say what is wrong."),
    "migrate": ("exeunt.cli.migrate:migrate", "Bring the database to this version's tables."),
    "workspace": ("exeunt.cli.workspace:workspace", "Make and list workspaces."),
    "user": ("exeunt.cli.user:user", "Who may sign in, and as what."),
    "token": ("exeunt.cli.token:token", "Tokens for scripts."),
    "audit": ("exeunt.cli.audit:audit", "Who did what, and who fetched what."),
    "lake": ("exeunt.cli.lake:lake", "The Parquet files under a snapshot."),
    "sample": ("exeunt.cli.sample:sample", "Write a sample Slack export with invented people."),
}


class Lazy(click.Group):
    """A group whose commands are named above and loaded one at a time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="exeunt")
def root() -> None:
    """Exeunt: the way out for workspace data.

    Settings come from EXEUNT_… variables or a TOML file; docs/operations.md has the table.
    """


def main() -> None:
    """Run a command. An error meant for a person is one line and exit status 1; anything else is a fault of ours."""
    try:
        root.main(standalone_mode=False)
    except ExeuntError as error:
        _fail(str(error), 1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _fail("stopped", 130)
    except BrokenPipeError:
        # whoever read our output has had enough
        sys.stderr.close()
        sys.exit(141)
    except OSError as error:
        _fail(f"{error.strerror or error}" + (f": {error.filename}" if error.filename else ""), 1)


def _fail(message: str, status: int) -> None:
    click.echo(f"exeunt: {' '.join(message.split())}", err=True)
    sys.exit(status)
