"""`exeunt serve`: answer HTTP, and keep one worker running beside it."""

import os
from importlib import import_module

import click

from exeunt.config import Settings, load_settings
from exeunt.http.asgi import App


@click.command("serve")
@click.option("--host", help="Address to listen on; the setting `host` otherwise.")
@click.option("--port", type=int, help="Port to listen on, 0 for a free one; the setting `port` otherwise.")
@click.option("--processes", type=click.IntRange(1, 64), help="HTTP processes; by default two to four, by processors.")
@click.option("--no-worker", is_flag=True, help="Run no worker: `exeunt worker` does, here or elsewhere.")
def serve(host: str | None, port: int | None, processes: int | None, no_worker: bool) -> None:
    """Answer HTTP until told to stop. The address is printed when the server is ready."""
    # loaded before the fork: its faults show here, and the processes share the memory
    from exeunt.http.app import APIS
    from exeunt.http.server import listen
    from exeunt.http.supervisor import command_process, http_processes, supervise, try_apart
    from exeunt.installation import Installation

    for module in APIS.values():
        import_module(module)
    settings = load_settings()
    # whatever is wrong with the installation is said here, once, and not by every process
    try_apart(lambda: Installation(settings).ledger.close())
    listener = listen(host or settings.host, settings.port if port is None else port, settings.stall_seconds)
    address, bound = listener.getsockname()[:2]
    count = processes or min(4, max(2, os.cpu_count() or 1))
    starters = http_processes(lambda: _application(settings), listener, count)
    if not no_worker:
        starters.append(command_process("worker", "--with-parent", str(os.getpid())))
    supervise(starters, listener, lambda: click.echo(f"listening on http://{address}:{bound}"))


def _application(settings: Settings) -> App:
    """Made in the process that will serve it: database connections do not survive a fork."""
    from exeunt.http.app import make_app
    from exeunt.installation import Installation
    from exeunt.logs import set_up_logging

    set_up_logging(settings.log_format)
    return make_app(Installation(settings))
