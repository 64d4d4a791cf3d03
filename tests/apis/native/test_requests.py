"""What every request has: a token, a method, a query, a body, and an answer in one shape."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from exeunt.apis.native.app import REQUESTS
from exeunt.apis.native.operations import OPERATIONS
from exeunt.apis.native.problems import answer_of
from exeunt.errors import Damaged, ExeuntError, Unavailable
from exeunt.installation import Installation
from tests.access.world import TurnedClock
from tests.apis.native.conftest import Client

NO_LAYOUT = "unknown layout 'pdf'; there are csv, html, jsonl, rocketchat, rocketchat-user-data, yammer-files"
ID = "0f8fad5b-d9cb-469f-a165-70867728950e"


def problem(answer: httpx.Response) -> tuple[int, str, str]:
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert set(body) == {"error", "message"}
    return answer.status_code, body["error"], body["message"]


# --- tokens --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.id)
def test_every_operation_needs_a_token(nobody: Client, operation: Any) -> None:
    answer = nobody(operation.method, operation.path.replace("{export_id}", ID))
    assert problem(answer) == (401, "unauthorized", "a token is needed: Authorization: Bearer …")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic YTpi", "x"])
def test_another_way_to_log_in_is_no_token(nobody: Client, header: str) -> None:
    answer = nobody("GET", "/v1/exports", headers={"Authorization": header})
    assert problem(answer)[2] == "a token is needed: Authorization: Bearer …"


def test_tokens_that_are_not_accepted_all_look_the_same(
    installation: Installation, ann: Client, clock: TurnedClock
) -> None:
    access = installation.access
    expired, _ = access.create_token("ann@x.org", "acme", api="native", expires=timedelta(seconds=1))
    revoked, record = access.create_token("ann@x.org", "acme", api="native")
    access.revoke_token(record.id)
    of_yammer, _ = access.create_token("ann@x.org", "acme", api="yammer")
    clock.turn(seconds=2)
    answers = [Client(installation, token)("GET", "/v1/exports")
               for token in (expired, revoked, of_yammer, "exeunt_unknown", "x y")]  # fmt: skip
    for answer in answers:
        assert problem(answer) == (401, "unauthorized", "this token is not accepted here")
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


def test_the_scheme_is_taken_in_any_case(ann: Client) -> None:
    assert ann("GET", "/v1/exports", headers={"Authorization": f"bEARER {ann.token}"}).status_code == 200


def test_no_token_is_logged(ann: Client, capsys: pytest.CaptureFixture[str]) -> None:
    ann("GET", "/v1/exports")
    printed = capsys.readouterr()
    assert "/v1/exports" in printed.err
    assert ann.token not in printed.out + printed.err


def test_a_token_that_asks_without_end_is_slowed_down(installation: Installation, ann: Client) -> None:
    token_id = installation.access.list_tokens(email="ann@x.org")[0].id
    for _ in range(REQUESTS - 1):
        ann.installation.access.limit_local(f"native:{token_id}", REQUESTS, 60)
    assert ann("GET", "/v1/exports").status_code == 200
    answer = ann("GET", "/v1/exports")
    assert problem(answer) == (429, "busy", "too many requests")
    assert 1 <= int(answer.headers["retry-after"]) <= 60


# --- addresses and methods -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/exports/", f"/v1/exports/{ID}/x", "/v2/exports", "/v1/exports//"])
def test_other_addresses_are_not_there(ann: Client, path: str) -> None:
    assert problem(ann("GET", path)) == (404, "not_found", "there is nothing here")


def test_a_name_with_a_nul_is_not_there(ann: Client) -> None:
    assert problem(ann("GET", "/v1/exports/a%00b"))[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/exports", "GET, HEAD, POST"),
        ("POST", f"/v1/exports/{ID}", "DELETE, GET, HEAD"),
        ("GET", f"/v1/exports/{ID}/renew", "POST"),
        ("DELETE", "/v1/audit", "GET, HEAD"),
        ("OPTIONS", "/v1/rooms", "GET, HEAD"),
        ("POST", "/v1/openapi.json", "GET, HEAD"),
    ],
)
def test_another_method_is_answered_with_those_there_are(ann: Client, method: str, path: str, allowed: str) -> None:
    answer = ann(method, path)
    assert problem(answer) == (405, "method_not_allowed", f"this address takes {allowed}")
    assert answer.headers["allow"] == allowed


def test_head_is_answered_as_get(ann: Client) -> None:
    assert ann("HEAD", "/v1/exports").status_code == 200


# --- query and body ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/v1/exports?limit=0", "query: Expected `int` >= 1 - at `$.limit`"),
        ("/v1/exports?limit=1001", "query: Expected `int` <= 1000 - at `$.limit`"),
        ("/v1/exports?limit=x", "query: Expected `int`, got `str` - at `$.limit`"),
        ("/v1/exports?cursor=x", "query: Expected `str` matching regex '^[0-9]{0,18}$' - at `$.cursor`"),
        ("/v1/exports?page=1", "query: Object contains unknown field `page`"),
        ("/v1/exports?limit=1&limit=2", "query: a name stands there twice"),
        ("/v1/workspaces?x=1", "query: there is nothing to say here, not 'x'"),
        ("/v1/users?email=%00", "query: a value holds a NUL"),
        ("/v1/rooms?kind=secret", "query: Invalid enum value 'secret' - at `$.kind`"),
    ],
)
def test_a_query_that_is_wrong_says_where(ann: Client, path: str, message: str) -> None:
    assert problem(ann("GET", path)) == (400, "invalid_input", message)


def test_a_cursor_as_large_as_can_be_is_past_the_end(ann: Client) -> None:
    assert ann("GET", "/v1/rooms?cursor=" + "9" * 18).json() == {"rooms": [], "next": None}
    assert ann("GET", "/v1/exports?cursor=" + "9" * 18).json() == {"exports": [], "next": None}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "body: Input data was truncated"),
        ("[]", "body: Expected `object`, got `array`"),
        ("{}", "body: Object missing required field `layout`"),
        ('{"layout": "jsonl"', "body: Input data was truncated"),
        ('{"layout": "pdf"}', NO_LAYOUT),
        ('{"layout": "jsonl", "room": []}', "body: Object contains unknown field `room`"),
        ('{"layout": "jsonl", "room_kinds": ["direct"]}', "body: Object contains unknown field `room_kinds`"),
        ('{"layout": "jsonl", "private_to": "U-bob"}', "body: Object contains unknown field `private_to`"),
        ('{"layout": "jsonl", "rooms": [""]}', "body: Expected `str` of length >= 1 - at `$.rooms[0]`"),
        ('{"layout": "jsonl", "since": "2024-05-01T00:00:00"}',
         "body: Expected `datetime` with a timezone component - at `$.since`"),
        ('{"layout": "jsonl", "since": "2024-05-01T00:00:00Z", "until": "2024-05-01T00:00:00Z"}',
         "until must be later than since"),
        ('{"layout": "jsonl", "kinds": ["secret"]}', "body: Invalid enum value 'secret' - at `$.kinds[0]`"),
        ('{"layout": "jsonl", "keep_seconds": 59}', "body: Expected `int` >= 60 - at `$.keep_seconds`"),
        ('{"layout": "jsonl", "keep_seconds": 2592001}', "body: Expected `int` <= 2592000 - at `$.keep_seconds`"),
        ('{"layout": "jsonl", "options": {"x": 1}}', "option of layout jsonl: Object contains unknown field `x`"),
        ('{"layout": "jsonl", "text": "a\\u0000b"}', "body: a text holds a NUL"),
    ],
)  # fmt: skip
def test_a_body_that_is_wrong_says_where(ann: Client, body: str, message: str) -> None:
    answer = ann("POST", "/v1/exports", content=body, headers={"Content-Type": "application/json"})
    status, error, said = problem(answer)
    assert (status, error) == (400, "invalid_input")
    assert said == message
    assert ann("GET", "/v1/exports").json()["exports"] == []


@pytest.mark.parametrize("body", [b"\xff\xfe", b'{"layout": "\xff"}', b'{"layout":"\\ud800"}', b'{"options":' * 20_000])
def test_bytes_that_are_no_json_do_no_harm(ann: Client, body: bytes) -> None:
    answer = ann("POST", "/v1/exports", content=body, headers={"Content-Type": "application/json"})
    assert problem(answer)[:2] == (400, "invalid_input")


@pytest.mark.parametrize("media", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"])
def test_a_body_of_another_type_is_refused(ann: Client, media: str) -> None:
    answer = ann("POST", "/v1/exports", content=b'{"layout":"jsonl"}', headers={"Content-Type": media})
    assert problem(answer) == (415, "not_json", "the body must be application/json")


def test_json_is_taken_with_a_charset(ann: Client) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert ann("POST", "/v1/exports", content=b'{"layout":"jsonl"}', headers=headers).status_code == 202


def test_a_body_that_is_too_large_is_refused_with_and_without_its_length(ann: Client) -> None:
    large = json.dumps({"layout": "jsonl", "text": "x" * 2_000_000}).encode()
    answer = ann("POST", "/v1/exports", content=large, headers={"Content-Type": "application/json"})
    assert problem(answer) == (413, "body_too_large", "the request body is too large")
    assert answer.headers["connection"] == "close"

    async def pieces() -> Any:
        yield large

    answer = ann("POST", "/v1/exports", content=pieces(), headers={"Content-Type": "application/json"})
    assert problem(answer) == (413, "body_too_large", "the request body is too large")
    assert answer.headers["connection"] == "close"


def test_a_body_that_stalls_is_another_matter_than_one_that_is_too_large(
    installation: Installation, ann: Client
) -> None:
    async def pieces() -> Any:
        yield b'{"layout"'
        await asyncio.sleep(3600)

    hasty = Installation(msgspec.structs.replace(installation.settings, body_seconds=0.05), clock=installation.clock)
    answer = Client(hasty, ann.token)(
        "POST", "/v1/exports", content=pieces(), headers={"Content-Type": "application/json"}
    )
    assert problem(answer) == (408, "body_stalled", "the request body did not arrive in time")
    assert answer.headers["connection"] == "close"
    hasty.ledger.close()


# --- errors --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status", "word", "headers"),
    [
        (Unavailable("the database does not answer"), 503, "unavailable", {"Retry-After": "5"}),
        (Damaged("a pack is missing"), 500, "damaged", {}),
    ],
)
def test_an_error_of_the_installation_has_its_status(
    error: ExeuntError, status: int, word: str, headers: dict[str, str]
) -> None:
    answer = answer_of(error)
    assert (answer.status, answer.value.error, answer.headers) == (status, word, headers)


def test_a_fault_of_ours_tells_only_where_the_log_has_it(
    installation: Installation, ann: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    export_id = ann.created()
    with installation.ledger.write() as db:
        db.exec_driver_sql("UPDATE exports SET options = 'no json'")
    answer = ann("GET", f"/v1/exports/{export_id}")
    number = answer.headers["x-request-id"]
    assert problem(answer) == (500, "internal", f"the server made a mistake; its log has it under {number}")
    assert "DecodeError" in capsys.readouterr().out


def test_the_http_process_loads_no_polars() -> None:
    import subprocess
    import sys

    code = "import sys, exeunt.apis.native.app; print('polars' in sys.modules, 'dbos' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == (
        "False False\n"
    )


def test_every_answer_is_of_the_type_the_document_says(installation: Installation, ann: Client) -> None:
    export_id = ann.created()
    for operation in OPERATIONS:
        if operation.method != "GET":
            continue
        answer = ann("GET", operation.path.replace("{export_id}", export_id))
        msgspec.json.decode(answer.content, type=operation.answers[answer.status_code].type)
