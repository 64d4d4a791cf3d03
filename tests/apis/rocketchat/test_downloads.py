"""`/data-export/<id>`: the order of its checks, its credentials, its bytes (contract 1.13)."""

import io
import json
import zipfile
from datetime import datetime, timedelta
from typing import Any

from exeunt.clock import utc_now
from tests.apis.rocketchat.conftest import Api, Make

FILE: dict[str, Any] = {"rid": "C1", "type": "file", "format": "json"}


def exported(api: Api, **body: Any) -> str:
    made = api.export(**(FILE | body)).headers["x-export-id"]
    assert api.finish(made).error is None
    return f"/data-export/{made}"


def test_who_gets_the_archive_and_with_what(make: Make) -> None:
    api = make()
    place = exported(api)
    user, token = api.headers["X-User-Id"], api.headers["X-Auth-Token"]
    query = {"rc_uid": user, "rc_token": token}
    ways: list[dict[str, Any]] = [
        {"headers": api.headers},
        {"params": query},
        {"headers": {"Cookie": f"rc_uid={user}; rc_token={token}"}},
        {"params": query, "headers": {"Cookie": "rc_uid=x; rc_token=y"}},
    ]
    for base in ("", "/rocketchat"):
        bodies = {api.client.get(base + place, **way).content for way in ways}
        assert len(bodies) == 1
        (data,) = bodies
        assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None
    refused: list[dict[str, Any]] = [
        {}, {"headers": api.sign_in("bob")}, {"params": {**query, "rc_uid": "U2"}, "headers": api.headers},
        {"params": {"rc_uid": user}}, {"headers": {"X-User-Id": user, "X-Auth-Token": "x"}},
    ]  # fmt: skip
    for way in refused:
        answer = api.client.get(place, **way)
        assert (answer.status_code, answer.content) == (403, b"")
    entries = [entry for entry in api.installation.audit.latest("acme") if entry.action == "export:download"]
    assert [entry.subject for entry in entries] == [place.rpartition("/")[2]]
    (use,) = api.installation.audit.downloads("acme")
    assert (use.account_id, use.outcome) == (entries[0].account_id, "complete")


def test_an_administrator_has_no_way_around(make: Make) -> None:
    api = make(rocketchat_mail_messages_roles=("user",))
    bob = api.sign_in("bob")
    made = api.export(headers=bob, **FILE).headers["x-export-id"]
    api.finish(made)
    assert api.client.get(f"/data-export/{made}", headers=bob).status_code == 200
    assert api.client.get(f"/data-export/{made}", headers=api.headers).status_code == 403


def test_what_is_not_there(make: Make) -> None:
    api = make()
    running = api.export(**FILE).headers["x-export-id"]
    for path in ("", "/", "/x", "/x/y", f"/{running}", f"/{running}/x", f"/{running}%00", "/..%2f..%2fsecret.key"):
        answer = api.client.get(f"/data-export{path}", headers=api.headers)
        assert (answer.status_code, answer.content) == (404, b""), path


def test_the_setting_closes_it_before_anything_is_looked_at(make: Make) -> None:
    api = make(rocketchat_enable_download=False)
    for path in ("/x", exported(api).removeprefix("/data-export")):
        assert api.client.get(f"/data-export{path}", headers=api.headers).status_code == 403


def test_a_browser_without_a_login_is_sent_to_sign_in(make: Make) -> None:
    api = make()
    place = exported(api)
    answer = api.client.get(f"/rocketchat{place}", headers={"Accept": "text/html,*/*"})
    assert (answer.status_code, answer.headers["location"]) == (302, f"/login?next=/rocketchat{place}")
    tried = api.client.get(place, headers={"Accept": "text/html", "X-User-Id": "U1", "X-Auth-Token": "x"})
    assert tried.status_code == 403


def test_headers_ranges_and_a_second_time(make: Make) -> None:
    api = make()
    place = exported(api)
    whole = api.client.get(place, headers=api.headers)
    day = utc_now().date().isoformat()
    assert whole.headers["content-type"] == "application/zip"
    assert whole.headers["content-disposition"] == (
        f"attachment; filename=\"{day}-Jane Roe-data.zip\"; filename*=UTF-8''{day}-Jane%20Roe-data.zip"
    )
    assert whole.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert whole.headers["cache-control"] == "private, no-transform, max-age=0"
    assert int(whole.headers["content-length"]) == len(whole.content)
    head = api.client.request("HEAD", place, headers=api.headers)
    assert (head.headers["etag"], head.content) == (whole.headers["etag"], b"")
    parts = b"".join(
        api.client.get(place, headers={**api.headers, "Range": f"bytes={at}-{at + 99}"}).content
        for at in range(0, len(whole.content), 100)
    )
    assert parts == whole.content == api.client.get(place, headers=api.headers).content
    past = api.client.get(place, headers={**api.headers, "Range": f"bytes={len(parts)}-"})
    assert (past.status_code, past.headers["content-range"]) == (416, f"bytes */{len(parts)}")
    assert api.client.post(place, headers=api.headers).status_code == 405


def test_the_archive_has_its_id_in_its_name_on_the_newer_servers(make: Make) -> None:
    api = make(rocketchat_profile="8")
    place = exported(api, format="html")
    name = api.client.get(place, headers=api.headers).headers["content-disposition"]
    assert f"-Jane Roe-{place.rpartition('/')[2]}.zip" in name


def test_an_archive_is_gone_after_its_time(make: Make) -> None:
    now = [utc_now()]

    def clock() -> datetime:
        return now[0]

    api = make(clock=clock, rocketchat_archive_retention_hours=2)
    place = exported(api)
    now[0] += timedelta(hours=2, seconds=1)
    assert api.client.get(place, headers=api.headers).status_code == 404


def test_the_ends_of_the_window_and_an_empty_one(make: Make) -> None:
    api = make()

    def lines(**dates: str) -> list[str]:
        answer = api.client.get(exported(api, **dates), headers=api.headers)
        archive = zipfile.ZipFile(io.BytesIO(answer.content))
        assert json.loads(archive.read("manifest.json"))["counts"]["messages"] == max(
            0, len(archive.read("messages.full.jsonl").splitlines())
        )
        return archive.read("general.json").decode().split("\n")[:-1]

    assert len(lines(dateFrom="2024-03-15", dateTo="2024-03-15")) == 12
    assert lines(dateFrom="2024-03-16", dateTo="2024-03-15") == [""]
    assert lines(dateTo="2024-03-14") == [""]
    assert len(lines(dateFrom="2024-03-15T03:00:00Z", dateTo="2024-03-15T05:00:00Z")) == 3
