"""`exeunt serve`: answer HTTP, and keep one worker running beside it."""

import logging
import subprocess
import sys
import threading
import time

import click

from exeunt.config import load_settings


@click.command("serve")
@click.option("--host", help="Address to listen on; the setting `host` otherwise.")
@click.option("--port", type=int, help="Port to listen on, 0 for a free one; the setting `port` otherwise.")
@click.option("--processes", type=click.IntRange(1, 64), default=1, show_default=True, help="HTTP processes.")
@click.option("--no-worker", is_flag=True, help="Run no worker: `exeunt worker` does, here or elsewhere.")
def serve(host: str | None, port: int | None, processes: int, no_worker: bool) -> None:
    """Answer HTTP until told to stop. The address is printed when the server is ready."""
    from exeunt.http.server import listen, supervise
    from exeunt.logs import set_up_logging

    settings = load_settings()
    set_up_logging(settings.log_format)
    listener = listen(host or settings.host, settings.port if port is None else port)
    address, bound = listener.getsockname()[:2]
    stop = threading.Event()
    minder = None if no_worker else threading.Thread(target=_mind_worker, args=(stop,), daemon=True)

    def ready() -> None:
        if minder is not None:
            minder.start()
        click.echo(f"listening on http://{address}:{bound}")

    try:
        supervise(_build, listener, processes, ready)
    finally:
        stop.set()
        if minder is not None:
            minder.join(40)


def _build():  # type: ignore[no-untyped-def]
    """The application, made in the process that will serve it: database connections do not survive a fork."""
    from exeunt.http.app import make_app
    from exeunt.installation import Installation

    return make_app(Installation(load_settings()))


def _mind_worker(stop: threading.Event) -> None:
    """Keep one worker alive; wait longer each time one dies at once."""
    log, pause = logging.getLogger("exeunt.serve"), 0.5
    while not stop.is_set():
        begun = time.monotonic()
        process = subprocess.Popen([sys.executable, "-m", "exeunt", "worker", "--with-parent"])
        while process.poll() is None and not stop.wait(0.2):
            pass
        if stop.is_set():
            process.terminate()
            try:
                process.wait(35)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            return
        log.warning("the worker ended with status %s; another one starts", process.returncode)
        pause = 0.5 if time.monotonic() - begun > 10 else min(30.0, pause * 2)
        stop.wait(pause)
