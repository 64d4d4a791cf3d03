"""How many requests may run and how often one may ask (Yammer contract 3.3.4, 3.5.4), and pages of the list."""

import threading

import pytest

from tests.apis.yammer.conftest import REQUESTS, SINCE, Yammer


def test_fifty_parallel_posts_give_one_request_and_49_times_e1(yammer: Yammer) -> None:
    answers = []

    def post() -> None:
        answers.append(yammer.call("POST", **SINCE))

    threads = [threading.Thread(target=post) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = [answer for answer in answers if answer.status_code == 200]
    assert len(made) == 1
    request_id = made[0].json()["user_request_id"]
    refused = {(answer.status_code, answer.text) for answer in answers if answer.status_code != 200}
    text = f"Only one request can be in progress for one admin at a time. Existing Request Id: {request_id}"
    assert refused == {(400, f'"{text}"')}
    assert len(yammer.installation.exports.list("acme")) == 1


def test_a_seventh_running_request_of_a_network_is_429(yammer: Yammer) -> None:
    for n in range(6):
        token = yammer.make_admin(f"admin{n}@example.org")
        assert yammer.call("POST", token=token, **SINCE).status_code == 200
    answer = yammer.call("POST", **SINCE)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "60"
    assert answer.text == '"Only 6 requests can be in progress for one network at a time"'
    first = yammer.installation.exports.list("acme")[-1]
    yammer.installation.exports.cancel(first.id)
    assert yammer.call("POST", **SINCE).status_code == 200


def test_the_eleventh_write_in_ten_seconds_is_429_but_e1_is_not_counted(yammer: Yammer) -> None:
    for _ in range(5):
        request_id = yammer.create()
        for _ in range(4):
            assert yammer.call("POST", **SINCE).status_code == 400
        assert yammer.call("PUT", f"{REQUESTS}/{request_id}", state="Expired").status_code == 200
    answer = yammer.call("POST", **SINCE)
    assert answer.status_code == 429
    assert answer.text == ('{"response":{"message":"Rate limited due to excessive requests.","code":33,"stat":"fail"}}')
    assert 1 <= int(answer.headers["retry-after"]) <= 10


def test_the_31st_status_read_in_ten_seconds_is_429(yammer: Yammer) -> None:
    request_id = yammer.create()
    codes = [yammer.call("GET", f"{REQUESTS}/{request_id}").status_code for _ in range(31)]
    assert codes == [200] * 30 + [429]


def test_requests_are_listed_newest_first_a_page_at_a_time(yammer: Yammer) -> None:
    made = []
    for _ in range(3):
        made.append(yammer.create())
        yammer.installation.exports.cancel(made[-1])
    first = yammer.call("GET", limit=2).json()
    second = yammer.call("GET", limit=2, cursor=first["cursor"]).json()
    assert [r["user_request_id"] for r in first["requests"] + second["requests"]] == made[::-1]
    assert second["cursor"] is None


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "201"}, {"limit": "x"}, {"cursor": "x"}])
def test_a_page_has_its_bounds(yammer: Yammer, query: dict[str, str]) -> None:
    ((name, value),) = query.items()
    answer = yammer.call("GET", **query)
    assert (answer.status_code, answer.json()) == (400, f"The {name} parameter is not valid: {value}")
