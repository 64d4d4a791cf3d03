"""Signing in by password, digest and token, signing out, who one is, and the limits of calls."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from exeunt.clock import EPOCH, utc_now
from tests.apis.rocketchat.conftest import PASSWORD, Api, Make

DIGEST = {"digest": hashlib.sha256(PASSWORD.encode()).hexdigest(), "algorithm": "sha-256"}


def test_every_way_of_saying_who_one_is(make: Make) -> None:
    api = make()
    for body in ({"user": "jane"}, {"username": "jane"}, {"email": "Jane@example.org"}, {"user": "jane@example.org"},
                 {"user": {"username": "jane"}}):  # fmt: skip
        for password in (PASSWORD, DIGEST):
            if password is DIGEST and "username" in body:
                continue
            answer = api.client.post("/api/v1/login", json={**body, "password": password}, headers={})
            assert answer.status_code == 200, answer.text
            data = answer.json()["data"]
            assert (answer.json()["status"], data["userId"], data["me"]["username"]) == ("success", "U1", "jane")


def test_a_login_that_fails_says_the_same_whatever_was_wrong(api: Api) -> None:
    bodies: list[Any] = [
        {"user": "jane", "password": "wrong"}, {"user": "nobody", "password": PASSWORD}, {"user": "jane"},
        {"user": "dave", "password": PASSWORD}, {"resume": "exeunt_x"}, {"resume": 5},
    ]  # fmt: skip
    older = '{"status":"error","error":"Unauthorized","message":"Unauthorized"}'
    newer = older.replace("}", ',"success":false}')
    answers = [api.client.post("/api/v1/login", json=body) for body in bodies]
    assert {answer.text for answer in answers} == {newer if api.profile == "8" else older}
    assert {answer.status_code for answer in answers} == {401}
    refused = [entry for entry in api.installation.audit.latest(None) if entry.action == "user:refuse"]
    assert {entry.api for entry in refused} == {"rocketchat"}
    assert "wrong" not in str(refused)


def test_a_token_is_resumed_and_dead_after_logout(make: Make) -> None:
    api = make()
    again = api.client.post("/api/v1/login", json={"resume": api.headers["X-Auth-Token"]}).json()["data"]
    assert again["authToken"] == api.headers["X-Auth-Token"]
    done = api.client.post("/api/v1/logout", headers=api.headers)
    assert done.text == '{"status":"success","data":{"message":"You\'ve been logged out!"}}'
    assert api.get("me").status_code == 401
    actions = [entry.action for entry in api.installation.audit.latest("acme")]
    assert actions == ["token:create", "user:login", "token:revoke", "user:logout"]
    assert not any(api.headers["X-Auth-Token"] in str(entry) for entry in api.installation.audit.latest("acme"))


def test_a_disabled_account_is_nobody(make: Make) -> None:
    api = make()
    api.installation.access.disable_account("jane@example.org")
    assert api.get("me").status_code == 401
    assert api.client.post("/api/v1/login", json={"user": "jane", "password": PASSWORD}).status_code == 401


def test_who_one_is(api: Api) -> None:
    me = api.get("me").json()
    assert me["success"] is True
    assert {key: me[key] for key in ("_id", "username", "name", "email", "roles", "emails")} == {
        "_id": "U1", "username": "jane", "name": "Jane Roe", "email": "jane@example.org", "roles": ["admin", "user"],
        "emails": [{"address": "jane@example.org", "verified": True}],
    }  # fmt: skip


def test_a_token_from_the_command_line_works_with_the_persons_id(make: Make) -> None:
    api = make()
    token, record = api.installation.access.create_token("bob@example.org", "acme", api="rocketchat")
    headers = {"X-User-Id": record.user_id, "x-auth-token": token}
    assert api.get("me", headers=headers).json()["username"] == "bob"


def test_eleven_logins_in_a_minute(make: Make) -> None:
    api = make()
    answers = [api.client.post("/api/v1/login", json={"user": "x"}) for _ in range(10)]
    assert [answer.status_code for answer in answers] == [401] * 9 + [429]
    assert int(answers[-1].headers["retry-after"]) in range(1, 61)


def test_calls_are_counted_and_told_in_headers(make: Make) -> None:
    api = make(rocketchat_rate_limit_calls=3, rocketchat_rate_limit_ms=30_000)
    answers = [api.get("me") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert {answer.headers["x-ratelimit-limit"] for answer in answers} == {"3"}
    resets = EPOCH + timedelta(milliseconds=int(answers[-1].headers["x-ratelimit-reset"]))
    assert timedelta(0) < resets - utc_now() <= timedelta(seconds=30)
    wait = answers[-1].headers["retry-after"]
    assert answers[-1].text == (
        '{"success":false,"error":"Error, too many requests. Please slow down. '
        f'You must wait {wait} seconds before trying this endpoint again. [error-too-many-requests]"}}'
    )
    assert api.get("rooms.get").status_code == 200
    assert "x-ratelimit-limit" not in api.get("info").headers


def test_a_window_ends_by_the_clock(make: Make) -> None:
    now = [utc_now()]

    def clock() -> datetime:
        return now[0]

    api = make(clock=clock, rocketchat_rate_limit_calls=1, rocketchat_rate_limit_ms=1000)
    assert [api.get("me").status_code for _ in range(2)] == [200, 429]
    now[0] += timedelta(seconds=1)
    assert api.get("me").status_code == 200


def test_some_roles_are_not_counted_and_nobody_is_with_nought(make: Make) -> None:
    api = make(rocketchat_rate_limit_calls=1, rocketchat_bypass_rate_limit_roles=("admin",))
    assert [api.get("me").status_code for _ in range(3)] == [200] * 3
    bob = api.sign_in("bob")
    assert [api.get("me", headers=bob).status_code for _ in range(2)] == [200, 429]


def test_the_validator_is_asked_before_calls_are_counted(make: Make) -> None:
    api = make(rocketchat_profile="8", rocketchat_rate_limit_calls=1)
    for _ in range(3):
        assert api.export().json()["errorType"] == "invalid-params"
    assert api.export(rid="C1", type="file", format="json").status_code == 200
    assert api.export(rid="C1", type="file", format="json").status_code == 429
