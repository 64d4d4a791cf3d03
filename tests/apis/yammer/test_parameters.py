"""Who may call, every spelling of paths and parameters, and the error matrix (Yammer contract 1.1, 3.1, 3.2, 3.6)."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from exeunt.apis.yammer import make_app
from exeunt.installation import Installation
from exeunt.ledger.schema import audit, rooms, users
from tests.apis.yammer.conftest import REQUESTS, SINCE, UNKNOWN, Client, Yammer


def test_a_missing_token_is_the_published_401_on_every_call(yammer: Yammer) -> None:
    body = '{"response":{"message":"Credentials are required to access this resource.","code":16,"stat":"fail"}}'
    calls = [("POST", REQUESTS), ("GET", f"{REQUESTS}/{UNKNOWN}"), ("PUT", f"{REQUESTS}/{UNKNOWN}.json"),
             ("GET", REQUESTS), ("GET", "/yammer/api/v1/uploaded_files/1"),
             ("GET", "/yammer/api/v1/uploaded_files/1/download")]  # fmt: skip
    for method, path in calls:
        for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic x"}):
            answer = yammer.client.request(method, path, headers=headers)
            assert (answer.status_code, answer.text) == (401, body), (method, path)


def test_whoever_is_no_admin_gets_403(yammer: Yammer) -> None:
    token = yammer.make_admin("user2@example.org", "exporter")
    answer = yammer.call("POST", token=token, **SINCE)
    assert answer.status_code == 403
    assert answer.text == '{"response":{"message":"Only verified admins can export data.","code":403,"stat":"fail"}}'


@pytest.mark.parametrize("path", [REQUESTS + ".json", REQUESTS + "/", "/api/v1/export/requests"])
def test_every_spelling_of_the_path_is_served(yammer: Yammer, path: str) -> None:
    assert yammer.call("POST", path, **SINCE).status_code == 200


def test_its_published_hosts_need_no_prefix(yammer: Yammer) -> None:
    headers = {"Authorization": f"Bearer {yammer.token}", "Host": "www.yammer.com"}
    answer = yammer.client.post("/api/v1/export/requests", params=SINCE, headers=headers)
    assert answer.status_code == 200


def test_a_token_in_the_query_opens_too(yammer: Yammer) -> None:
    answer = yammer.client.post(REQUESTS, params={**SINCE, "access_token": yammer.token})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        ({}, 400, "The since parameter is required"),
        ({"since": ""}, 400, "The since parameter is required"),
        ({"since": "soon"}, 400, "The since parameter is not a valid ISO-8601 date: soon"),
        ({"since": "0"}, 400, "The since parameter is not a valid ISO-8601 date: 0"),
        ({"since": "2019-02-30"}, 400, "The since parameter is not a valid ISO-8601 date: 2019-02-30"),
        ({**SINCE, "until": "x" * 100}, 400, "The until parameter is not a valid ISO-8601 date: " + "x" * 64),
        ({**SINCE, "until": "2019-01-01"}, 400, "The until parameter must be later than since"),
        ({"since": "2999-01-01"}, 400, "The until parameter must be later than since"),
        ({**SINCE, "network": "abc"}, 400, "The network parameter is not valid: abc"),
        ({**SINCE, "network": "1,,2"}, 400, "The network parameter is not valid: "),
        ({**SINCE, "network": "99"}, 403, "Network 99 cannot be exported with this token"),
        ({"since": "2020-01-01", "until": "2020-01-01"}, 400, "The until parameter must be later than since"),
        ({**SINCE, "network": "0"}, 400, "The network parameter is not valid: 0"),
        ({**SINCE, "network": "-1"}, 400, "The network parameter is not valid: -1"),
        ({**SINCE, "network": ""}, 400, "The network parameter is not valid: "),
        ({**SINCE, "network": "9" * 100}, 400, "The network parameter is not valid: " + "9" * 64),
        ({**SINCE, "group": "x"}, 400, "The group parameter is not valid: x"),
        ({**SINCE, "user": ["1", ""]}, 400, "The user parameter is not valid: "),
        ({**SINCE, "dry_run": "1"}, 400, "The dry_run parameter is not valid: 1"),
        ({**SINCE, "safe_csv": "yes"}, 400, "The safe_csv parameter is not valid: yes"),
        ({**SINCE, "include_ens": "maybe"}, 400, "The include_ens parameter is not valid: maybe"),
        ({**SINCE, "layout": "round"}, 400, "The layout parameter is not valid: round"),
        ({**SINCE, "include_ens": ["true", "false"]}, 400, "The include_ens parameter is not valid: false"),
        ({"since": ["2020-01-01", "2021-01-01"]}, 400, "The since parameter is not valid: 2021-01-01"),
    ],
)  # fmt: skip
def test_bad_parameters_have_their_texts_and_change_nothing(
    yammer: Yammer, query: dict[str, str], status: int, text: str
) -> None:
    answer = yammer.call("POST", **query)
    assert (answer.status_code, answer.json()) == (status, text)
    assert yammer.installation.exports.list("acme") == []


def test_a_foreign_network_is_as_unreachable_as_an_unknown_one(yammer: Yammer) -> None:
    foreign = yammer.number("stranger")
    answer = yammer.call("POST", network=str(foreign), **SINCE)
    assert (answer.status_code, answer.json()) == (403, f"Network {foreign} cannot be exported with this token")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", REQUESTS, "GET, HEAD, POST"),
        ("PUT", REQUESTS + ".json", "GET, HEAD, POST"),
        ("POST", f"{REQUESTS}/{UNKNOWN}", "GET, HEAD, PUT"),
        ("POST", "/yammer/api/v1/uploaded_files/1", "GET, HEAD"),
        ("PUT", "/yammer/api/v1/uploaded_files/1/download", "GET, HEAD"),
    ],
)
def test_405_names_what_is_allowed(yammer: Yammer, method: str, path: str, allowed: str) -> None:
    answer = yammer.call(method, path)
    assert (answer.status_code, answer.text, answer.headers["allow"]) == (405, '"Method not allowed"', allowed)


@pytest.mark.parametrize("path", ["/yammer/api/v1/export", "/yammer/api/v1/export/requests//", "/yammer/", "/yammer"])
def test_other_paths_are_404(yammer: Yammer, path: str) -> None:
    answer = yammer.call("GET", path)
    assert (answer.status_code, answer.text) == (404, '{"response":{"message":"Not Found","code":0,"stat":"fail"}}')


def test_the_header_wins_over_the_query(yammer: Yammer) -> None:
    answer = yammer.call("GET", access_token="nonsense")
    assert answer.status_code == 200
    bad = yammer.client.get(REQUESTS, params={"access_token": yammer.token}, headers={"Authorization": "Bearer x"})
    assert bad.status_code == 401
    lower = yammer.client.get(REQUESTS, headers={"Authorization": f"bearer {yammer.token}"})
    assert lower.status_code == 200


def test_a_token_of_another_api_opens_nothing(yammer: Yammer) -> None:
    token = yammer.installation.access.create_token("user1@example.org", "acme", api="native")[0]
    assert yammer.call("GET", token=token).status_code == 401


def test_what_a_token_may_is_its_scopes(yammer: Yammer) -> None:
    token = yammer.installation.access.create_token("user1@example.org", "acme", api="yammer", scopes=["export:read"])[
        0
    ]
    request_id = yammer.create()
    assert yammer.call("GET", f"{REQUESTS}/{request_id}", token=token).status_code == 200
    refused = [
        yammer.call("POST", token=token, **SINCE),
        yammer.call("PUT", f"{REQUESTS}/{request_id}", token=token, state="Expired"),
        yammer.call("GET", "/yammer/api/v1/uploaded_files/1", token=token),
        yammer.call("GET", "/yammer/api/v1/uploaded_files/1/download", token=token),
    ]
    assert [answer.status_code for answer in refused] == [403] * 4
    assert refused[0].json()["response"] == {"message": "this needs the scope export:create", "code": 403,
                                             "stat": "fail"}  # fmt: skip


def test_checks_come_in_the_order_of_the_contract(yammer: Yammer) -> None:
    other = yammer.make_admin("user2@example.org", "exporter")
    path = f"{REQUESTS}/{UNKNOWN}"
    assert yammer.call("PUT", path, token="none", state="x").status_code == 401
    assert yammer.call("PUT", path, token=other, state="x").status_code == 403
    assert yammer.call("PUT", path, state="x").status_code == 404
    assert yammer.call("GET", path, details="x").status_code == 404
    request_id = yammer.create()
    assert yammer.call("POST", since="x").status_code == 400
    assert yammer.call("POST", since="x").json() == "The since parameter is not a valid ISO-8601 date: x"
    yammer.installation.exports.cancel(request_id)
    assert yammer.call("PUT", f"{REQUESTS}/{request_id}", state="x").status_code == 401
    both = yammer.client.request("PUT", f"{REQUESTS}/{request_id}?state=Expired&state=Open",
                                 headers={"Authorization": f"Bearer {yammer.token}"})  # fmt: skip
    assert both.status_code == 401
    assert yammer.call("PUT", f"{REQUESTS}/{request_id}", state="EXPIRED").status_code == 400
    assert yammer.call("GET", f"{REQUESTS}/{request_id}", details="x").json() == (
        "The details parameter is not valid: x"
    )


@pytest.mark.parametrize(
    "query",
    [
        "since=2014-07-15T00:00:00",
        "since=2014-07-15T00%3A00%3A00%2B00%3A00",
        "since=2014-07-15T00:00:00+00:00",
        "since=2014-07-15T00:00:00+0000",
        "since=2014-7-15",
        "since=2014-07-15t02:00:00.000%2B02",
        "SINCE=2014-07-14T19:00:00-05:00&Until=&model=Message&unknown=%FF",
        "since=2014-07-15&since=2014-07-15",
    ],
)
def test_every_spelling_of_an_instant_is_the_same_window(yammer: Yammer, query: str) -> None:
    answer = yammer.client.post(f"{REQUESTS}?{query}", headers={"Authorization": f"Bearer {yammer.token}"})
    assert answer.status_code == 200, answer.text
    (export,) = yammer.installation.exports.list("acme")
    assert export.selection.since == datetime(2014, 7, 15, tzinfo=UTC)


def test_without_until_the_window_ends_when_the_request_is_accepted(yammer: Yammer) -> None:
    for query in ({}, {"until": "2999-12-31"}, {"until": ""}):
        before = datetime.now(UTC)
        request_id = yammer.create(**query)
        export = yammer.installation.exports.get(request_id)
        assert export.selection.until is not None
        assert before <= export.selection.until <= export.created_at
        yammer.installation.exports.cancel(request_id)
    request_id = yammer.create(until="2021-01-01")
    assert yammer.installation.exports.get(request_id).selection.until == datetime(2021, 1, 1, tzinfo=UTC)


def test_networks_are_listed_repeated_or_all_external_ones(yammer: Yammer) -> None:
    acme, partner = yammer.number(), yammer.number("partner")
    asked: list[tuple[dict[str, Any], list[str]]] = [
        ({}, ["acme"]),
        ({"network": str(acme)}, ["acme"]),
        ({"network": f"{acme},{partner}"}, ["acme", "partner"]),
        ({"network": [str(acme), str(partner), str(acme)]}, ["acme", "partner"]),
        ({"network": str(partner)}, ["partner"]),
        ({"include_ens": "True"}, ["acme", "partner"]),
        ({"include_ens": "false"}, ["acme"]),
        ({"Network": str(partner), "Include_Ens": "TRUE"}, ["partner"]),
    ]
    for query, networks in asked:
        request_id = yammer.create(**query)
        with yammer.installation.ledger.read() as db:
            written = db.scalar(select(audit.c.detail).where(audit.c.subject == request_id))
        assert json.loads(str(written))["workspaces"] == networks, query
        assert yammer.installation.exports.get(request_id).workspace_id == "acme"
        assert yammer.call("GET", f"{REQUESTS}/{request_id}").status_code == 200
        yammer.installation.exports.cancel(request_id)
        with yammer.installation.ledger.write() as db:
            db.exec_driver_sql("DELETE FROM rate_counts")


def test_a_refused_network_is_written_down(yammer: Yammer) -> None:
    yammer.call("POST", network="99", **SINCE)
    with yammer.installation.ledger.read() as db:
        entry = db.execute(select(audit).order_by(audit.c.id.desc())).first()
    assert entry is not None
    assert (entry.action, entry.subject, entry.api) == ("export:refuse", "acme", "yammer")
    assert "Network 99" in entry.detail


def test_filters_reach_the_export(yammer: Yammer) -> None:
    with yammer.installation.ledger.read() as db:
        room = db.scalar(select(rooms.c.number).where(rooms.c.workspace_id == "acme", rooms.c.id == "C1"))
        user = db.scalar(select(users.c.number).where(users.c.workspace_id == "acme", users.c.id == "U1"))
    counts = [
        yammer.call("POST", dry_run="true", **(SINCE | query)).json()["estimate"]["files"]
        for query in ({"group": room}, {"group": [room, 7]}, {"group": 7}, {"user": user}, {"user": user, "group": 7})
    ]
    assert counts == [2, 2, 0, 1, 0]
    request_id = yammer.create(group=f"{room},7", user=user, layout="Flat", safe_csv="TRUE")
    export = yammer.installation.exports.get(request_id)
    assert export.options == {
        "base": "http://localhost/yammer", "include_ens": False, "flat": True, "safe_csv": True, "groups": [room, 7],
        "users": [user], "sharepoint": False,
    }  # fmt: skip


def test_an_estimate_counts_only_what_the_token_reaches(yammer: Yammer) -> None:
    token = yammer.installation.access.create_token("user1@example.org", "acme", api="yammer",
                                                    scopes=["export:create"])[0]  # fmt: skip
    with yammer.installation.ledger.write() as db:
        db.exec_driver_sql("UPDATE files SET room_id = 'G1' WHERE id = 'F1'")
    everything = yammer.call("POST", dry_run="true", **SINCE).json()["estimate"]
    public = yammer.call("POST", token=token, dry_run="true", **SINCE).json()["estimate"]
    assert (everything["files"], public["files"]) == (2, 1)


def test_a_request_body_is_dropped_and_a_large_one_refused(yammer: Yammer) -> None:
    answer = yammer.client.post(REQUESTS, params=SINCE, headers={"Authorization": f"Bearer {yammer.token}"},
                                content=b"since=1999-01-01")  # fmt: skip
    assert answer.status_code == 200
    for content in (b"x" * (1 << 21), _pieces(b"x" * (1 << 20), b"x")):
        big = yammer.client.post(REQUESTS, headers={"Authorization": f"Bearer {yammer.token}"}, content=content)
        assert (big.status_code, big.text) == (413, '"The request body is too large"')
        assert big.headers["connection"] == "close"
        assert big.headers["content-type"] == "application/json; charset=utf-8"


async def _pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def _stalling() -> AsyncIterator[bytes]:
    yield b"x"
    await asyncio.sleep(3600)


def test_a_body_that_stalls_starts_nothing(yammer: Yammer) -> None:
    hasty = Installation(msgspec.structs.replace(yammer.installation.settings, body_seconds=0.05))
    answer = Client(hasty).post(
        REQUESTS, params=SINCE, headers={"Authorization": f"Bearer {yammer.token}"}, content=_stalling()
    )
    assert (answer.status_code, answer.text) == (408, '"The request body did not arrive in time"')
    assert answer.headers["connection"] == "close"
    assert hasty.exports.list("acme") == []
    hasty.ledger.close()


def test_a_client_that_goes_away_within_its_body_starts_nothing(yammer: Yammer) -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/api/v1/export/requests", "query_string": b"since=2020-01-01",
             "headers": [(b"authorization", f"Bearer {yammer.token}".encode())], "state": {}}  # fmt: skip
    asyncio.run(make_app(yammer.installation)(scope, receive, send))  # type: ignore[arg-type]
    assert sent == []
    assert yammer.installation.exports.list("acme") == []


def test_head_has_the_headers_of_get_and_no_body(yammer: Yammer) -> None:
    request_id = yammer.create()
    got, head = (yammer.call(method, f"{REQUESTS}/{request_id}") for method in ("GET", "HEAD"))
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(got.content))


@pytest.mark.parametrize("raw", ["%FF%FE", "%00", "..%2F..%2Fetc", "a%0Ab", "%F0%9F%8E%89", "a" * 6000, "%22"])
def test_hostile_ids_are_unknown_and_the_answer_stays_json(yammer: Yammer, raw: str) -> None:
    bearer = {"Authorization": f"Bearer {yammer.token}"}
    for path in (f"{REQUESTS}/{raw}", f"/yammer/api/v1/uploaded_files/{raw}", f"/yammer/api/v1/uploaded_files/{raw}/x"):
        answer = yammer.client.get(path, headers=bearer)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        assert answer.json()
