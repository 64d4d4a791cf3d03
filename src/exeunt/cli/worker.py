"""`exeunt worker`: run exports until told to stop."""

import logging
import os
import signal
import threading

import click

from exeunt.cli.local import open_local


@click.command("worker")
@click.option("--once", is_flag=True, help="Leave when nothing is waiting or running.")
@click.option("--with-parent", type=int, metavar="PID", hidden=True, help="Leave when this process, our parent, ends.")
def worker(once: bool, with_parent: int | None) -> None:
    """Run exports. Any number of workers may share an installation; one that dies is replaced by the others."""
    from exeunt.exports.memory import give_back_soon

    give_back_soon()
    from exeunt.exports.worker import ROUND_SECONDS, Worker
    from exeunt.logs import set_up_logging

    installation = open_local()
    set_up_logging(installation.settings.log_format)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    work = Worker(installation)
    work.start()
    logging.getLogger("exeunt.worker").info("worker %s is ready", work.engine.id)
    while not stop.wait(ROUND_SECONDS):
        work.round()
        if once and work.idle():
            break
        if with_parent is not None and os.getppid() != with_parent:
            break
    stuck = work.stop()
    if stuck:
        logging.getLogger("exeunt.worker").warning("left %s to other workers", ", ".join(stuck))
        os._exit(0)
