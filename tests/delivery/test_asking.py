"""Very many clients of one link at once: the ledger is asked once, and a link that has ended stays ended."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import event

from exeunt.exports.records import Export
from exeunt.http.app import make_app
from exeunt.http.asgi import Message
from exeunt.installation import Installation

CLIENTS = 200


@contextmanager
def statements(installation: Installation) -> Iterator[list[str]]:
    """What is asked of the ledger meanwhile."""
    asked: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        asked.append(statement)

    event.listen(installation.ledger.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(installation.ledger.engine, "before_cursor_execute", note)


def at_once(installation: Installation, url: str) -> list[int]:
    """The status that so many clients get for the first bytes of a link, all asking before any has an answer."""
    app, parts = make_app(installation), urlsplit(url)
    scope = {
        "type": "http", "method": "GET", "scheme": "http", "path": parts.path, "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(), "client": ("192.0.2.7", 1), "http_version": "1.1",
        "headers": [(b"host", b"exeunt.test"), (b"range", b"bytes=0-99")],
    }  # fmt: skip

    async def ask() -> int:
        got: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            got.append(message)

        await app(dict(scope), receive, send)
        return int(got[0]["status"])

    async def every() -> list[int]:
        return list(await asyncio.gather(*(ask() for _ in range(CLIENTS))))

    return asyncio.run(every())


def test_many_clients_of_one_link_ask_the_ledger_once(
    installation: Installation, exported: Callable[..., Export]
) -> None:
    ((_, url),) = installation.exports.urls(exported("csv").id, "http://exeunt.test")
    with statements(installation) as asked:
        answers = at_once(installation, url)
    assert set(answers) == {206}
    assert sum("FROM links" in statement for statement in asked) == 1


def test_many_clients_of_a_link_that_was_revoked_are_all_refused(
    installation: Installation, exported: Callable[..., Export]
) -> None:
    export = exported("csv")
    ((_, url),) = installation.exports.urls(export.id, "http://exeunt.test")
    installation.exports.expire(export.id)
    answers = at_once(installation, url)
    assert set(answers) == {410}
