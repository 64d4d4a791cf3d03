"""Answers in the Rocket.Chat contract's form: compact JSON with exactly its content type (1.16)."""

from typing import Any

import msgspec

from exeunt.http.asgi import Send

Lines = list[tuple[str, str]]


class Answer(msgspec.Struct, frozen=True):
    """A status, a value that becomes JSON, and headers beside the usual ones."""

    status: int
    body: Any
    headers: Lines = []


def ok(body: dict[str, Any], headers: Lines | None = None) -> Answer:
    """200 with this body and `success` at its end."""
    return Answer(200, {**body, "success": True}, headers or [])


async def answer(send: Send, reply: Answer, *, body: bool = True) -> None:
    """Send it; without `body` only the headers, as HEAD wants it."""
    data = msgspec.json.encode(reply.body)
    lines = [
        ("content-type", "application/json"),
        ("content-length", str(len(data))),
        ("cache-control", "no-store"),
        ("pragma", "no-cache"),
        *reply.headers,
    ]
    headers = [(name.encode(), value.encode("latin-1", "replace")) for name, value in lines]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": data if body else b""})


async def empty(send: Send, status: int, headers: Lines | None = None) -> None:
    """An answer without a body."""
    lines = [("content-length", "0"), ("cache-control", "no-store"), *(headers or [])]
    start = [(name.encode(), value.encode("latin-1")) for name, value in lines]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": b""})
