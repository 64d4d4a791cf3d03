"""POST rooms.export: the published cases, every error word for word, and the order of the checks."""

from typing import Any

import pytest

from tests.apis.rocketchat.conftest import DATES, EXPORT, MESSAGE, Api

FILE: dict[str, Any] = {"rid": "C1", "type": "file", "format": "html", **DATES}
REVERSED: dict[str, Any] = {"dateFrom": "2024-03-22", "dateTo": "2024-03-15"}
MAIL: dict[str, Any] = {"rid": "C1", "type": "email", "subject": "Test Subject"}
ONE_OF = "\n must match exactly one schema in oneOf"


def without(body: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != name}


PUBLISHED: list[tuple[dict[str, Any], str, str]] = [
    (FILE | {"dateFrom": "test-date", "dateTo": "test-date"}, "invalid-params", "error-invalid-params"),
    (without(FILE, "rid"), "invalid-params", "error-invalid-params"),
    (without(FILE, "type"), "invalid-params", "error-invalid-params"),
    (FILE | REVERSED, "error-invalid-dates", "error-invalid-dates"),
    (FILE | REVERSED | {"rid": "invalid-rid"}, "error-invalid-room", "error-invalid-room"),
    (without(FILE, "format"), "invalid-params", "error-invalid-format"),
    (FILE | {"format": "invalid-format"}, "invalid-params", "error-invalid-format"),
    (FILE | {"type": "invalid-type"}, "invalid-params", "error-invalid-params"),
    (FILE, "", ""),
    ({"rid": "C1", "type": "file", "format": "html"}, "", ""),
    (MAIL | {"toUsers": [], "messages": [MESSAGE]}, "error-invalid-recipient", "error-invalid-recipient"),
    (MAIL | {"toEmails": [], "messages": [MESSAGE]}, "error-invalid-recipient", "error-invalid-recipient"),
    ({"rid": "C1", "type": "email", "messages": [MESSAGE]}, "error-invalid-recipient", "error-invalid-recipient"),
    (MAIL | {"toUsers": ["jane"], "messages": []}, "invalid-params", "error-invalid-messages"),
]
"""Body, and the `errorType` of profiles 8 and 3.8; the fifteenth case, which sends mail, stands in `test_mail`."""


@pytest.mark.parametrize("number", range(len(PUBLISHED)))
def test_a_published_case(api: Api, number: int) -> None:
    body, newer, older = PUBLISHED[number]
    answer = api.export(**body)
    wanted = newer if api.profile == "8" else older
    assert answer.headers["content-type"] == "application/json"
    assert answer.status_code == (400 if wanted else 200), answer.text
    if wanted:
        assert set(answer.json()) <= {"success", "error", "errorType"}
        assert answer.json()["success"] is False
        assert answer.json()["errorType"] == wanted
        assert "x-export-id" not in answer.headers
    else:
        assert answer.text == '{"success":true}'


def test_the_newer_servers_name_the_missing_property(api: Api) -> None:
    if api.profile == "8":
        assert "must have required property 'rid'" in api.export(**without(FILE, "rid")).json()["error"]
        assert "must have required property 'type'" in api.export(**without(FILE, "type")).json()["error"]


def error(code: str, reason: str = "") -> str:
    text = f"{reason} [{code}]" if reason else f"[{code}]"
    return f'{{"success":false,"error":"{text}","errorType":"{code}"}}'


WORDS = {
    "no permission": error("error-action-not-allowed", "Mailing is not allowed"),
    "room": error("error-invalid-room"),
    "access": error("error-not-allowed", "Not Allowed"),
    "dates": error("error-invalid-dates", "From date cannot be after To date"),
    "recipient": error("error-invalid-recipient"),
    "email": '{"success":false,"error":"error-invalid-email"}',
    "mail": error("error-email-not-configured", "Mail is not configured"),
}


def test_every_error_that_both_profiles_share_word_for_word(api: Api) -> None:
    bob = api.sign_in("bob")
    said = {
        "no permission": api.export(headers=bob, **(FILE | {"rid": "D1"})),
        "room": api.export(**(FILE | {"rid": "nowhere"})),
        "access": api.export(**(FILE | {"rid": "G1"})),
        "dates": api.export(**(FILE | REVERSED)),
        "recipient": api.export(**MAIL, toUsers=[], toEmails=[" ", ""], messages=[MESSAGE]),
        "email": api.export(**MAIL, toUsers=["erin"], messages=[MESSAGE]),
        "mail": api.export(**MAIL, toUsers=["bob"], messages=[MESSAGE]),
    }
    assert {name: answer.text for name, answer in said.items()} == WORDS
    assert {answer.status_code for answer in said.values()} == {400}


def test_errors_of_the_older_servers_word_for_word(api: Api) -> None:
    if api.profile == "8":
        return
    parameters, form = error("error-invalid-params"), error("error-invalid-format")
    for body in (without(FILE, "rid"), FILE | {"rid": ""}, FILE | {"rid": True}, FILE | {"rid": ["C1"]},
                 FILE | {"type": "FILE"}, FILE | {"dateFrom": "2024-02-30"}, FILE | {"dateTo": 20240301},
                 FILE | {"dateTo": ["2024-03-01"]}, FILE | {"dateFrom": "13/12/2021"}):  # fmt: skip
        assert api.export(**body).text == parameters, body
    for value in ("HTML", ["html"], None, "csv"):
        assert api.export(**(FILE | {"format": value})).text == form
    assert api.export(**MAIL, toUsers=["bob"]).text == error("error-invalid-messages")
    assert api.export(rid="C1", type="email").text == form


NEWER: list[tuple[dict[str, Any], str]] = [
    (without(FILE, "rid"), "must have required property 'rid'\n must have required property 'rid'"),
    (without(FILE, "type"), "must have required property 'type'\n must have required property 'type'"),
    (FILE | {"dateFrom": "x"}, "must match format \"date\"\n must have required property 'messages'"),
    (FILE | {"dateFrom": ""}, "must match format \"date\"\n must have required property 'messages'"),
    (without(FILE, "format"), "must have required property 'format'\n must have required property 'messages'"),
    (FILE | {"format": "x"},
     "must be equal to one of the allowed values\n must have required property 'messages'"),
    (FILE | {"type": "x"},
     "must be equal to one of the allowed values\n must have required property 'messages'"),
    (MAIL | {"messages": []}, "must have required property 'format'\n must NOT have fewer than 1 items"),
    (FILE | {"toUsers": []}, "must NOT have additional properties\n must have required property 'messages'"),
    (MAIL | {"messages": "M", "toUsers": ["jane"]}, "must have required property 'format'\n must be array"),
    (MAIL | {"messages": [{}], "toUsers": ["jane"]}, "must have required property 'format'\n must be string"),
    (FILE | {"rid": {}}, "must be string\n must have required property 'messages'"),
]  # fmt: skip


def test_the_texts_of_the_newer_validator(api: Api) -> None:
    if api.profile == "3.8":
        return
    for body, text in NEWER:
        answer = api.export(**body)
        assert answer.json() == {"success": False, "error": text + ONE_OF, "errorType": "invalid-params"}, body


def test_who_is_not_signed_in(api: Api) -> None:
    bob = api.sign_in("bob")
    api.client.get("/api/v1/logout", headers=bob)
    half = [{"X-User-Id": api.headers["X-User-Id"]}, {"X-Auth-Token": api.headers["X-Auth-Token"]}]
    mixed = {"X-User-Id": "U2", "X-Auth-Token": api.headers["X-Auth-Token"]}
    answers = [api.export(headers=headers, **FILE) for headers in ({}, *half, mixed, bob, {**bob, "X-User-Id": "U1"})]
    older = ('{"status":"error","success":false,"error":"unauthorized",'
             '"message":"You must be logged in to do this."}')  # fmt: skip
    newer = ('{"success":false,"error":"You must be logged in to do this.","status":"error",'
             '"message":"You must be logged in to do this."}')  # fmt: skip
    assert {answer.text for answer in answers} == {newer if api.profile == "8" else older}
    assert {answer.status_code for answer in answers} == {401}


def test_the_order_of_the_checks(api: Api) -> None:
    bob = api.sign_in("bob")
    params = "invalid-params" if api.profile == "8" else "error-invalid-params"

    def kind(headers: dict[str, str], **body: Any) -> str:
        return str(api.export(headers=headers, **body).json()["errorType"])

    assert kind(bob, **(FILE | {"type": "x"})) == params
    assert kind(bob, **(FILE | {"rid": "nowhere"})) == "error-action-not-allowed"
    assert kind(api.headers, **(FILE | {"rid": "nowhere"} | REVERSED)) == "error-invalid-room"
    if api.profile == "3.8":
        assert kind(api.headers, **(FILE | {"rid": "nowhere", "format": "x"})) == "error-invalid-room"
        assert kind(api.headers, **(FILE | {"rid": "G1", "format": "x"})) == "error-not-allowed"
        assert kind(api.headers, **(FILE | {"format": "x", "dateFrom": "x"})) == "error-invalid-format"
        assert kind(api.headers, **(MAIL | {"toUsers": []})) == "error-invalid-recipient"


def test_roles_of_a_room_may_be_let_in(make: Any) -> None:
    api = make(rocketchat_mail_messages_roles=("admin", "owner"))
    bob = api.sign_in("bob")
    assert api.export(headers=bob, **FILE).status_code == 200
    assert api.export(headers=bob, **(FILE | {"rid": "D1"})).json()["errorType"] == "error-action-not-allowed"
    assert api.export(headers=bob, **(FILE | {"rid": "nowhere"})).json()["errorType"] == "error-action-not-allowed"


def test_an_administrator_outside_a_group_is_refused_unless_the_setting_says_otherwise(make: Any) -> None:
    api = make(rocketchat_admin_access_all_rooms=True)
    done = api.finish(api.export(**(FILE | {"rid": "G1"})).headers["x-export-id"])
    assert (done.error, done.counts["messages"]) == (None, 12)
    (entry,) = (entry for entry in api.installation.audit.latest("acme") if entry.action == "export:create")
    assert (entry.detail["selection"]["rooms"], entry.detail["others_private"]) == (["G1"], True)
    assert entry.api == "rocketchat"


def test_a_discussion_of_a_room_one_may_see_an_archived_one_and_a_conversation_of_ones_own(api: Api) -> None:
    for room in ("G2", "C2", "D1"):
        assert api.export(**(FILE | {"rid": room})).status_code == 200


def test_the_export_has_an_id_and_a_place_and_two_calls_have_two(api: Api) -> None:
    first, second = (api.export(**FILE) for _ in range(2))
    made = first.headers["x-export-id"]
    assert first.headers["location"] == f"http://localhost/v1/exports/{made}"
    assert second.headers["x-export-id"] != made
    export = api.installation.exports.get(made)
    assert (export.api, export.selection.rooms) == ("rocketchat", ("C1",))


def test_bodies_in_other_forms(api: Api) -> None:
    def send(data: bytes, kind: str = "application/json") -> str:
        headers = {**api.headers, "content-type": kind}
        return api.client.post(EXPORT, content=data, headers=headers).text

    fine = '{"success":true}'
    assert send(b"rid=C1&type=file&format=json", "application/x-www-form-urlencoded") == fine
    # pasted from a single-quoted string: what should be line feeds is two characters each
    assert send(rb'{\n  "rid": "C1",\n  "type": "file",\n  "format": "json"\n}') == fine
    assert send(b'{"rid":"nowhere","rid":"C1","type":"file","format":"json"}') == fine
    missing = api.export().text
    for data in (b"", b"[]", b"null", b'"text"', b"{", b"\xff", b"[" * 100_000):
        assert send(data) == missing
    assert send(b'{"rid":"C1","type":"file","format":"json"}', "text/plain") == missing


def test_a_body_that_is_too_large(api: Api) -> None:
    answer = api.client.post(EXPORT, content=b" " * (4 * 1024**2 + 1), headers=api.headers)
    assert (answer.status_code, answer.text) == (413, error("error-request-too-large"))
    padded = b'{"rid":"C1","type":"file","format":"json"' + b" " * 2 * 1024**2 + b"}"
    headers = {**api.headers, "content-type": "application/json"}
    assert api.client.post(EXPORT, content=padded, headers=headers).status_code == 200


def test_more_exports_than_one_person_may_have_waiting(make: Any) -> None:
    api = make(rocketchat_max_waiting_exports=2)
    assert [api.export(**FILE).status_code for _ in range(3)] == [200, 200, 400]
    assert api.export(**FILE).text == error("error-too-many-exports", "Too many exports are waiting")


def test_paths_and_methods_that_there_are_not(api: Api) -> None:
    nothing = ('{"status":"error","success":false,"error":"Resource not found",'
               '"message":"API endpoint does not exist"}')  # fmt: skip
    unknown, wrong = api.get("rooms.nothing"), api.client.get(EXPORT, headers=api.headers)
    assert (unknown.status_code, unknown.text) == (404, nothing)
    assert (wrong.status_code, wrong.text, wrong.headers["allow"]) == (405, nothing, "POST")
    assert api.client.post("/rocketchat//api//v1/rooms.export/", json=FILE, headers=api.headers).status_code == 200


def test_the_operators_own_host_belongs_to_this_api(make: Any) -> None:
    api = make(rocketchat_hosts=("Chat.example.org",))
    headers = {**api.headers, "Host": "chat.example.org:8443"}
    assert api.client.get("/api/v1/me", headers=headers).status_code == 200
    assert api.client.get("/v1/workspaces", headers=headers).json()["error"] == "Resource not found"
