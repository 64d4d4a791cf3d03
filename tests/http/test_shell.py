"""Limits and trust that hold before any API sees a request."""

import asyncio
from typing import Any

import pytest

from exeunt.config import Settings
from exeunt.http.asgi import Message, Receive, Scope, Send, answer_json
from exeunt.http.request import base_url, body_fault, client_address, request_id
from exeunt.http.shell import Shell


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with what an API would learn of the request."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            await answer_json(send, 499, {"fault": body_fault(scope), "size": size})
            return
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    facts = {"base": base_url(scope), "client": client_address(scope), "id": request_id(scope), "size": size}
    await answer_json(send, 200, facts)


def call(settings: Settings, *, body: list[bytes] | None = None, client: str = "10.0.0.9", query: bytes = b"",
         stall: bool = False, gone: bool = False, lines: dict[str, str] | None = None,
         **headers: str) -> tuple[int, Any, dict[str, str]]:  # fmt: skip
    """One request through the shell: status, decoded body, headers."""
    pieces, answers = list(body or [b""]), list[Message]()

    async def receive() -> Message:
        if stall:
            await asyncio.sleep(3600)
        if gone:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    async def send(message: Message) -> None:
        answers.append(message)

    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {"host": "exeunt.example.org", **named, **(lines or {})}
    scope: dict[str, Any] = {
        "type": "http", "method": "POST", "scheme": "http", "path": "/x", "raw_path": b"/x", "query_string": query,
        "client": (client, 1), "headers": [(n.encode(), v.encode()) for n, v in sent.items()],
    }  # fmt: skip
    asyncio.run(Shell(echo, settings)(scope, receive, send))
    if not answers:
        return 0, None, {}
    import msgspec

    start = {name.decode(): value.decode() for name, value in answers[0]["headers"]}
    return answers[0]["status"], msgspec.json.decode(answers[1]["body"]), start


def test_every_answer_bears_the_request_id_that_the_api_saw() -> None:
    status, facts, headers = call(Settings())
    assert status == 200
    assert headers["x-request-id"] == facts["id"]


def test_absolute_links_use_the_host_of_the_request_or_the_setting() -> None:
    assert call(Settings())[1]["base"] == "http://exeunt.example.org"
    assert call(Settings(public_url="https://out.example.org/"))[1]["base"] == "https://out.example.org"


def test_forwarded_headers_count_only_from_trusted_proxies() -> None:
    said = {
        "x-forwarded-for": "203.0.113.7, 10.0.0.9",
        "x-forwarded-proto": "https",
        "x-forwarded-host": "public.example",
    }
    stranger = call(Settings(), lines=said)[1]
    assert (stranger["client"], stranger["base"]) == ("10.0.0.9", "http://exeunt.example.org")
    trusted = call(Settings(trusted_proxies=("10.0.0.0/8",)), lines=said)[1]
    assert (trusted["client"], trusted["base"]) == ("203.0.113.7", "https://public.example")


@pytest.mark.parametrize("host", ["a b", "x/y", "<script>", 'a"b', ""])
def test_a_host_that_is_none_is_refused(host: str) -> None:
    assert call(Settings(), host=host)[0] == 400


def test_an_address_that_is_too_long_is_414() -> None:
    status, body, headers = call(Settings(), query=b"a" * 8193)
    assert (status, body["error"], headers["connection"]) == (414, "address_too_long", "close")
    assert call(Settings(), query=b"a" * 8192)[0] == 200


def test_headers_that_are_too_large_are_431() -> None:
    assert call(Settings(), cookie="a" * 40_000)[0] == 431


def refused(settings: Settings, **request: Any) -> tuple[str | None, int, str | None]:
    """What the API learns of a body that did not come to its end: why, and how much it saw; and of the connection."""
    status, body, headers = call(settings, **request)
    assert status == 499
    return body["fault"], body["size"], headers.get("connection")


def test_a_body_that_announces_too_much_is_refused_without_reading_it() -> None:
    assert refused(Settings(), stall=True, content_length=str(2 * 1024**2)) == ("too_large", 0, "close")
    assert refused(Settings(), stall=True, content_length="-1") == ("too_large", 0, "close")


def test_a_body_that_grows_too_large_ends_there() -> None:
    assert call(Settings(body_bytes=10), body=[b"12345", b"67890"])[1]["size"] == 10
    assert refused(Settings(body_bytes=10), body=[b"12345", b"67890", b"1"]) == ("too_large", 10, "close")


def test_a_body_that_stalls_ends_there() -> None:
    assert refused(Settings(body_seconds=0.05), stall=True) == ("stalled", 0, "close")


def test_a_client_that_goes_away_is_no_fault_of_its_body() -> None:
    assert refused(Settings(), gone=True) == (None, 0, None)
