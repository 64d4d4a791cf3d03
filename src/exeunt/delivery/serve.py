"""Answering for a Body: conditions, ranges, HEAD, and the bytes themselves, as `archives-and-ranges` (b) fixes them."""

from collections.abc import Awaitable, Callable, Iterable, Iterator

import msgspec
import structlog

from exeunt.archives.single import Extended
from exeunt.blobs.store import BlobStore
from exeunt.delivery.conditions import evaluate, range_applies
from exeunt.delivery.headers import GUARDS, Download, Headers, encode, standing, validators
from exeunt.delivery.parts import Multipart, parts_of
from exeunt.delivery.ranges import Span, Unsatisfiable, parse_range
from exeunt.delivery.transfer import Away, Broken, Part, deliver
from exeunt.http.asgi import Receive, Scope, Send

log = structlog.get_logger("exeunt.delivery")

Words = Callable[[Send, int, Headers], Awaitable[None]]
"""How an API words a 416, 412, 500 or 503: it sends the whole answer with the given extra headers."""


class Sent(msgspec.Struct, frozen=True):
    """How a delivery went: the bytes asked for, how many were handed over, and `complete`, `left` or `broken`."""

    first: int
    end: int
    outcome: str


NOTHING = Sent(0, 0, "complete")


async def send_body(
    scope: Scope, receive: Receive, send: Send, *, body: Extended, blobs: BlobStore, download: Download, words: Words,
    max_ranges: int, stopped: Callable[[], bool] = lambda: False,
) -> Sent:  # fmt: skip
    """Answer a GET or HEAD for a Body. The caller has checked who may.

    A blob that cannot be read before the first byte is answered 500 and raised as `Broken`; later the connection is
    broken as well, so that the client cannot take what came for the whole. A storage that does not answer is a 503 or a
    broken connection in the same way, raised as `Away`.
    """
    headers = _lower(scope)
    etag = f'"{download.etag}"'
    status = evaluate(headers, etag, download.modified)
    if status == 412:
        await words(send, 412, [])
        return NOTHING
    if status == 304:
        await _empty(send, 304, encode(validators(download)))
        return NOTHING
    common = standing(download, want_digest="want-digest" in headers)
    if scope["method"] == "HEAD":
        await _empty(send, 200, [*common, *encode([("content-type", download.content_type),
                                                   ("content-length", str(download.length))])])  # fmt: skip
        return NOTHING
    try:
        spans = _spans(scope, headers, download, etag, max_ranges)
    except Unsatisfiable:
        extra = encode([("content-range", f"bytes */{download.length}"), ("accept-ranges", "bytes")])
        await words(send, 416, extra)
        return NOTHING
    start, parts, length, first = _answer(body, blobs, download, spans, common)
    try:
        done = await deliver(scope, receive, send, start, parts, length, stopped, not blobs.storage.is_local)
    except Broken as error:
        log.error("a download broke", archive=download.etag, reason=str(error))
        if not error.started:
            await words(send, 500, [])
        raise
    except Away as error:
        log.error("a download stopped", archive=download.etag, reason=str(error))
        if not error.started:
            await words(send, 503, encode([("retry-after", "30")]))
        raise
    return Sent(first, first + length if done else first, "complete" if done else "left")


def _spans(scope: Scope, headers: dict[str, str], download: Download, etag: str, most: int) -> list[Span] | None:
    lines = [value for name, value in scope["headers"] if name == b"range"]
    if len(lines) != 1 or not range_applies(headers.get("if-range"), etag, download.modified):
        return None
    return parse_range(lines[0].decode("latin-1"), download.length, most)


def _answer(
    body: Extended,
    blobs: BlobStore,
    download: Download,
    spans: list[Span] | None,
    common: Iterable[tuple[bytes, bytes]],
) -> tuple[dict[str, object], Iterator[Part], int, int]:
    """The opening message, the parts, their length, and where in the Body they start."""
    first = 0
    if spans is None:
        parts, length, status = parts_of(body, blobs, 0, download.length), download.length, 200
        lines = [("content-type", download.content_type)]
    elif len(spans) == 1:
        (span,) = spans
        parts, length, status, first = parts_of(body, blobs, span.first, span.last + 1), span.length, 206, span.first
        lines = [
            ("content-type", download.content_type),
            ("content-range", f"bytes {span.first}-{span.last}/{download.length}"),
        ]
    else:
        multipart = Multipart(spans, download.content_type, download.length)
        parts, length, status, first = multipart.parts(body, blobs), multipart.length, 206, spans[0].first
        lines = [("content-type", f"multipart/byteranges; boundary={multipart.boundary}")]
    lines.append(("content-length", str(length)))
    start: dict[str, object] = {
        "type": "http.response.start", "status": status, "headers": [*common, *encode(lines)],
    }  # fmt: skip
    return start, parts, length, first


def _lower(scope: Scope) -> dict[str, str]:
    """Headers by lower-case name; repeated ones are joined, as lists are."""
    joined: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        joined[key] = f"{joined[key]}, {text}" if key in joined else text
    return joined


async def _empty(send: Send, status: int, headers: Headers) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def refuse(send: Send, status: int, data: bytes, headers: Headers) -> None:
    """A short error that nobody may keep, as JSON."""
    lines = encode(
        [("content-type", "application/json; charset=utf-8"), ("content-length", str(len(data))),
         ("cache-control", "no-store"), *GUARDS]
    )  # fmt: skip
    await send({"type": "http.response.start", "status": status, "headers": [*lines, *headers]})
    await send({"type": "http.response.body", "body": data})
