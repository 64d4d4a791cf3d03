"""Answers in the Yammer contract's form: compact JSON, texts as JSON strings (3.1.2)."""

from typing import Any

import msgspec

from exeunt.http.asgi import Send


class Answer(msgspec.Struct, frozen=True):
    """A status, a value that becomes JSON, and headers beside the usual ones."""

    status: int
    body: Any
    headers: list[tuple[str, str]] = []


async def answer(send: Send, reply: Answer, *, body: bool = True) -> None:
    """Send it; without `body` only the headers, as HEAD wants it."""
    data = msgspec.json.encode(reply.body)
    lines = [
        ("content-type", "application/json; charset=utf-8"),
        ("content-length", str(len(data))),
        ("cache-control", "no-store"),
        *reply.headers,
    ]
    headers = [(name.encode(), value.encode("latin-1")) for name, value in lines]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": data if body else b""})
