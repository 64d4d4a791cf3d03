"""A link of a Files Export opens as it was given and in no other spelling (Yammer contract 5, 6.19)."""

import asyncio
from collections.abc import Iterator
from urllib.parse import parse_qsl, quote, urlsplit

from exeunt.http.app import make_app
from exeunt.http.asgi import App, Message
from tests.apis.yammer.conftest import REQUESTS, Yammer

Pairs = list[tuple[str, str]]


async def status(app: App, path: str, query: Pairs) -> int:
    """What HEAD of this percent-decoded path with these decoded parameters answers."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "HEAD", "scheme": "http", "path": path, "raw_path": quote(path).encode(),
        "query_string": "&".join(f"{quote(n, safe='')}={quote(v, safe='')}" for n, v in query).encode(),
        "client": ("192.0.2.7", 1), "headers": [(b"host", b"localhost")],
    }  # fmt: skip
    await app(scope, receive, send)
    return int(sent[0]["status"])


def changed(text: str) -> Iterator[str]:
    """The text with one character replaced, doubled or left out, at every place."""
    for at, character in enumerate(text):
        for other in {chr(ord(character) ^ 1), character.swapcase(), "A", "%", "/", "é", "\x00", character * 2, ""}:
            if other != character:
                yield text[:at] + other + text[at + 1 :]


def test_no_link_with_one_changed_character_opens(yammer: Yammer) -> None:
    request_id = yammer.create()
    yammer.finish(request_id)
    app = make_app(yammer.installation)
    links = yammer.call("GET", f"{REQUESTS}/{request_id}").json()["data"]

    async def sweep(url: str) -> tuple[int, list[tuple[str, Pairs]]]:
        parts = urlsplit(url)
        query = parse_qsl(parts.query)
        assert await status(app, parts.path, query) == 200
        prefix, below = parts.path[: len("/exports/")], parts.path[len("/exports/") :]
        others = [(prefix + path, query) for path in changed(below)]
        for at, (name, value) in enumerate(query):
            pairs = [(name, v) for v in changed(value)] + [(n, value) for n in changed(name)]
            others += [(parts.path, [*query[:at], pair, *query[at + 1 :]]) for pair in pairs]
        return len(others), [other for other in others if await status(app, *other) != 403]

    for url in links:
        tried, opened = asyncio.run(sweep(url))
        assert tried > 1000
        assert opened == []
