"""What clients read before they export: lists of rooms, one room, members, messages (contract 1.14)."""

from typing import Any

import pytest

from tests.apis.rocketchat.conftest import Api


def ids(rooms: list[dict[str, Any]]) -> set[str]:
    return {room["_id"] for room in rooms}


def test_the_rooms_that_somebody_is_in(api: Api) -> None:
    found = api.get("rooms.get").json()
    assert (ids(found["update"]), found["remove"], found["success"]) == ({"C1", "D1"}, [], True)
    assert ids(api.get("rooms.get", updatedSince="2024-03-15T11:00:00.000Z").json()["update"]) == set()
    assert ids(api.get("rooms.get", updatedSince="2024-03-15T10:59:59.999Z").json()["update"]) == {"C1", "D1"}
    wrong = api.get("rooms.get", updatedSince="yesterday")
    assert (wrong.status_code, wrong.json()["errorType"]) == (400, "error-updatedSince-param-invalid")


def test_a_room_as_it_is_shown(api: Api) -> None:
    assert api.get("rooms.info", roomId="C1").json() == {
        "room": {
            "_id": "C1", "t": "c", "name": "general", "fname": "general",
            "u": {"_id": "U2", "username": "bob", "name": "Bob Roe"}, "msgs": 12, "usersCount": 3,
            "ts": "2024-03-15T00:00:00.000Z", "ro": False, "default": False, "sysMes": True,
            "_updatedAt": "2024-03-15T11:00:00.000Z", "topic": "all of us", "lm": "2024-03-15T11:00:00.000Z",
        },
        "success": True,
    }  # fmt: skip
    assert api.get("channels.info", roomName="general").json()["channel"]["_id"] == "C1"
    assert api.get("groups.info", roomName="secret talk").json()["group"]["prid"] == "C1"


ROOM = 'The parameter \\"roomId\\" or \\"roomName\\" is required '
MATCH = 'The required \\"roomId\\" or \\"roomName\\" param provided does not match any '
DIRECT = 'The required \\"roomId\\" param provided does not match any direct message '
PROBLEMS: list[tuple[str, dict[str, Any], str, str]] = [
    ("rooms.info", {}, "error-roomid-param-not-provided", ROOM),
    ("channels.info", {}, "error-roomid-param-not-provided", ROOM),
    ("groups.info", {}, "error-room-param-not-provided", ROOM),
    ("im.history", {}, "error-room-param-not-provided", 'Query param \\"roomId\\" is required '),
    ("rooms.info", {"roomId": "x"}, "error-room-not-found", MATCH + "channel "),
    ("channels.info", {"roomId": "D1"}, "error-room-not-found", MATCH + "channel "),
    ("groups.info", {"roomId": "x"}, "error-room-not-found", MATCH + "group "),
    ("groups.history", {"roomName": "secret"}, "error-room-not-found", MATCH + "group "),
    ("im.messages", {"roomId": "C1"}, "error-room-not-found", DIRECT),
    ("rooms.info", {"roomId": "C2"}, "error-room-archived", "The channel, old, is archived "),
]


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: f"{problem[0]} {problem[1]}")
def test_a_room_that_cannot_be_had(api: Api, problem: tuple[str, dict[str, Any], str, str]) -> None:
    path, query, code, text = problem
    answer = api.get(path, **query)
    assert answer.status_code == 400
    assert answer.text == f'{{"success":false,"error":"{text}[{code}]","errorType":"{code}"}}'


def test_a_room_that_one_may_not_see(api: Api) -> None:
    answer = api.get("rooms.info", roomId="G1")
    assert answer.text == '{"success":false,"error":"not-allowed","errorType":"Not Allowed"}'
    carol = api.sign_in("carol")
    for path in ("channels.list", "rooms.get", "channels.history"):
        refused = api.get(path, headers=carol, roomId="C1")
        assert (refused.status_code, refused.text) == (403, '{"success":false,"error":"unauthorized"}')
    assert api.get("groups.listAll", headers=api.sign_in("bob")).status_code == 403


def test_the_lists(api: Api) -> None:
    bob = api.sign_in("bob")
    assert ids(api.get("channels.list").json()["channels"]) == {"C1", "C2"}
    assert ids(api.get("channels.list.joined").json()["channels"]) == {"C1"}
    assert ids(api.get("groups.list").json()["groups"]) == set()
    assert ids(api.get("groups.list", headers=bob).json()["groups"]) == {"G1"}
    assert ids(api.get("groups.listAll").json()["groups"]) == {"G1", "G2"}
    for path in ("im.list", "dm.list"):
        (found,) = api.get(path).json()["ims"]
        assert (found["t"], found["usernames"], found["uids"]) == ("d", ["bob", "jane"], ["U2", "U1"])


def test_pages_of_any_size_have_every_room_once(api: Api) -> None:
    whole = api.get("channels.list", count=0, offset=0).json()
    assert (whole["count"], whole["total"]) == (2, 2)
    for size in (1, 50, 100):
        found: list[str] = []
        while len(found) < 2:
            page = api.get("channels.list", count=size, offset=len(found)).json()
            assert (page["offset"], page["count"], page["total"]) == (len(found), len(page["channels"]), 2)
            found += [room["_id"] for room in page["channels"]]
        assert found == [room["_id"] for room in whole["channels"]]
    odd = api.get("channels.list", count="-1", offset="many").json()
    assert (odd["offset"], odd["count"]) == (0, 2)


def test_the_order_of_a_list(api: Api) -> None:
    def order(sort: str) -> list[str]:
        return [room["_id"] for room in api.get("channels.list", sort=sort).json()["channels"]]

    assert order('{"name":-1}') == ["C2", "C1"]
    assert order('{"nothing":1,"_id":1}') == ["C1", "C2"]
    for text in ("name", '{"name":2}', "[1]", '{"name":true}'):
        answer = api.get("channels.list", sort=text)
        assert answer.json()["error"] == f'Invalid sort parameter provided: "{text}" [error-invalid-sort]'


def test_who_is_in_a_room(api: Api) -> None:
    found = api.get("channels.members", roomId="C1", count=2).json()
    assert [member["username"] for member in found["members"]] == ["bob", "carol"]
    assert (found["count"], found["total"]) == (2, 3)
    assert [m["_id"] for m in api.get("channels.members", roomId="C1", filter="ROE").json()["members"]] == [
        "U2", "U3", "U1",
    ]  # fmt: skip
    assert api.get("channels.members", roomId="C1", filter="%").json()["total"] == 0
    assert api.get("im.members", username="bob").json()["total"] == 2


def test_a_message_as_it_is_shown(api: Api) -> None:
    found = api.get("channels.messages", roomId="C1", count=1, offset=11).json()
    assert (found["count"], found["offset"], found["total"]) == (1, 11, 12)
    link = "/file-upload/F1/plan%20of%20spring.txt"
    assert found["messages"] == [
        {
            "_id": "C1/0", "rid": "C1", "msg": "<b>number</b> 0\nof C1", "ts": "2024-03-15T00:00:00.000Z",
            "u": {"_id": "U1", "username": "jane", "name": "Jane Roe"}, "_updatedAt": "2024-03-15T00:00:00.000Z",
            "mentions": [], "channels": [], "urls": [],
            "attachments": [
                {"type": "file", "title": "plan of spring.txt", "title_link": link, "url": link, "remote": False,
                 "fileId": "F1", "fileName": "plan of spring.txt"}
            ],
            "file": {"_id": "F1", "name": "plan of spring.txt", "type": "text/plain", "size": 6},
            "files": [{"_id": "F1", "name": "plan of spring.txt", "type": "text/plain", "size": 6}],
        }
    ]  # fmt: skip


def numbers(api: Api, path: str = "channels.history", **query: Any) -> list[int]:
    answer = api.get(path, **({"roomId": "C1"} | query)).json()
    return [int(message["_id"].partition("/")[2]) for message in answer["messages"]]


def test_history_goes_backwards_between_its_bounds(api: Api) -> None:
    at = "2024-03-15T{:02}:00:00.000Z".format
    assert numbers(api) == list(range(11, -1, -1))
    assert numbers(api, latest=at(5)) == [4, 3, 2, 1, 0]
    assert numbers(api, latest=at(5), oldest=at(3)) == [4]
    assert numbers(api, latest=at(5), oldest=at(3), inclusive="true") == [5, 4, 3]
    assert numbers(api, count=2, offset=1) == [10, 9]
    assert numbers(api, "groups.history", roomId="G2", count=0) == list(range(11, -1, -1))
    assert numbers(api, "im.messages", username="bob", roomId="", pinned="true") == []
    assert api.get("channels.history", roomId="C1", latest="x").json()["errorType"] == "error-invalid-params"


def test_pages_of_messages_of_any_size_have_every_message_once(api: Api) -> None:
    for size in (1, 5, 100):
        found: list[int] = []
        while page := numbers(api, "channels.messages", count=size, offset=len(found)):
            found += page
        assert found == numbers(api, "channels.messages", count=0)


def test_the_version_is_told_to_everybody(api: Api) -> None:
    version = {"3.8": "3.8.0", "8": "8.0.0"}[api.profile]
    for path in ("/api/info", "/api/v1/info", "/rocketchat/api/info"):
        assert api.client.get(path).text == f'{{"version":"{version}","success":true}}'
