"""Every call and text of the Files Export as its document and contract print them."""

import json
import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from exeunt.errors import Unavailable
from exeunt.exports.records import Export, State
from exeunt.exports.service import finish
from exeunt.ledger.schema import exports
from tests.apis.yammer.conftest import REQUESTS, SINCE, UNKNOWN, Yammer
from tests.backends import both, variables
from tests.conftest import working

pytestmark = both


def test_create_answers_the_id_which_can_be_read_at_once(yammer: Yammer) -> None:
    answer = yammer.call("POST", **SINCE)
    assert answer.status_code == 200
    assert re.fullmatch(r'\{"user_request_id":"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"\}', answer.text)
    request_id = answer.json()["user_request_id"]
    status = yammer.call("GET", f"{REQUESTS}/{request_id}")
    assert status.status_code == 200
    assert status.text == f'{{"user_request_id":"{request_id}","status":"IN PROGRESS","expiry_time":"","data":[]}}'
    assert yammer.call("GET", f"{REQUESTS}/{request_id.upper()}").text == status.text


def test_e1_while_a_request_of_the_same_admin_runs(yammer: Yammer) -> None:
    request_id = yammer.create()
    answer = yammer.call("POST", **SINCE)
    assert answer.status_code == 400
    assert answer.text == (
        f'"Only one request can be in progress for one admin at a time. Existing Request Id: {request_id}"'
    )


def test_e2_for_an_unknown_id_repeats_it_as_written(yammer: Yammer) -> None:
    for written in (UNKNOWN, "Some-Thing", "../x", "a%2Fb", "%00"):
        for method in ("GET", "PUT"):
            answer = yammer.client.request(
                method, f"{REQUESTS}/{written}".replace("../", "..%2F"),
                headers={"Authorization": f"Bearer {yammer.token}"},
            )  # fmt: skip
            assert answer.status_code == 404
            assert answer.json().startswith("No export request was found for the request_id: ")
    answer = yammer.call("GET", f"{REQUESTS}/{UNKNOWN}.json")
    assert answer.text == f'"No export request was found for the request_id: {UNKNOWN}"'
    long = yammer.call("GET", f"{REQUESTS}/{'a' * 3000}").json()
    assert long == "No export request was found for the request_id: " + "a" * 64


def test_another_networks_request_is_as_unknown_as_any(yammer: Yammer) -> None:
    request_id = yammer.create()
    token = yammer.make_admin("user2@example.org", workspace="stranger")
    answer = yammer.call("GET", f"{REQUESTS}/{request_id}", token=token)
    assert (answer.status_code, answer.json()) == (
        404,
        f"No export request was found for the request_id: {request_id}",
    )


def test_e3_to_e5_over_the_life_of_a_request(yammer: Yammer) -> None:
    request_id = yammer.create()
    path = f"{REQUESTS}/{request_id}"
    for wrong in ({}, {"state": "Complete"}):
        answer = yammer.call("PUT", path, **wrong)
        assert (answer.status_code, answer.text) == (
            401,
            "\"Updating to a state other than 'Expired' is unauthorized\"",
        )
    answer = yammer.call("PUT", path, state="expired")
    assert (answer.status_code, answer.text) == (
        200,
        '"Expiration process has successfully initiated. Data URLs will soon be disabled"',
    )
    status = yammer.call("GET", path).json()
    assert (status["status"], status["data"]) == ("EXPIRED", [])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", status["expiry_time"])
    answer = yammer.call("PUT", path, state="Expired")
    assert (answer.status_code, answer.text) == (
        400,
        f'"Export with given {request_id} has already been expired or failed"',
    )
    assert yammer.create() != request_id


def test_a_complete_request_links_its_archive_first_and_its_csv_last(yammer: Yammer) -> None:
    request_id = yammer.create()
    export = yammer.finish(request_id)
    assert export.state is State.COMPLETED
    answer = yammer.call("GET", f"{REQUESTS}/{request_id}")
    status = answer.json()
    assert list(status) == ["user_request_id", "status", "expiry_time", "data"]
    assert status["status"] == "COMPLETE"
    assert export.expires_at is not None
    assert status["expiry_time"] == export.expires_at.strftime("%Y-%m-%dT%H:%M:%S+00:00")
    assert answer.text == yammer.call("GET", f"{REQUESTS}/{request_id}.json").text
    archive, metadata = status["data"]
    assert re.fullmatch(
        rf"http://localhost/exports/{request_id}/files\.zip\?st=[^&]+&se=[^&]+&sp=r&sv=2018-03-28&sr=b&sig=[^&]+",
        archive,
    )
    got = yammer.client.get(archive)
    assert got.headers["content-disposition"] == 'attachment; filename="files.zip"'
    assert got.headers["content-type"] == "application/zip"
    csv = yammer.client.get(metadata)
    assert csv.headers["content-type"] == "text/csv; charset=utf-8"
    assert csv.text.startswith('"id","file_id","name",')


def test_expiring_a_complete_request_closes_its_links_with_403(yammer: Yammer) -> None:
    request_id = yammer.create()
    yammer.finish(request_id)
    (archive, _) = yammer.call("GET", f"{REQUESTS}/{request_id}").json()["data"]
    assert yammer.client.get(archive).status_code == 200
    assert yammer.call("PUT", f"{REQUESTS}/{request_id}", state="Expired").status_code == 200
    for headers in ({}, {"Range": "bytes=0-0"}):
        answer = yammer.client.get(archive, headers=headers)
        assert (answer.status_code, answer.text) == (403, '"This download link has expired"')
    tampered = yammer.client.get(archive.replace("sp=r", "sp=w"))
    assert (tampered.status_code, tampered.text) == (403, '"This download link is not valid"')


def test_a_window_without_files_completes_with_no_data(yammer: Yammer) -> None:
    request_id = yammer.create(since="2026-01-01", until="2026-01-02")
    yammer.finish(request_id)
    status = yammer.call("GET", f"{REQUESTS}/{request_id}").json()
    assert (status["status"], status["data"]) == ("COMPLETE", [])


def test_a_dry_run_counts_and_starts_nothing(yammer: Yammer) -> None:
    answer = yammer.call("POST", dry_run="true", **SINCE)
    assert (answer.status_code, answer.text) == (200, '{"estimate":{"files":2,"bytes":6,"external":1}}')
    assert yammer.installation.exports.list("acme") == []


def test_details_add_one_key(yammer: Yammer) -> None:
    request_id = yammer.create()
    yammer.finish(request_id)
    status = yammer.call("GET", f"{REQUESTS}/{request_id}", details="true").json()
    assert list(status)[:4] == ["user_request_id", "status", "expiry_time", "data"]
    assert set(status["details"]) == {"percent", "files_done", "files_total", "bytes_done", "bytes_total", "started_at",
                                      "updated_at", "error", "archives"}  # fmt: skip
    assert status["details"]["percent"] == 100
    assert [archive["name"] for archive in status["details"]["archives"]] == ["files.zip", "Files.csv"]


def test_a_failed_request_says_so_and_cannot_be_expired(yammer: Yammer) -> None:
    request_id = yammer.create()
    with yammer.installation.ledger.write() as db:
        finish(db, request_id, State.FAILED, datetime.now(UTC), "broken")
    status = yammer.call("GET", f"{REQUESTS}/{request_id}")
    assert status.text == f'{{"user_request_id":"{request_id}","status":"FAILED","expiry_time":"","data":[]}}'
    assert yammer.call("PUT", f"{REQUESTS}/{request_id}", state="Expired").status_code == 400


def test_past_its_end_a_request_is_expired_with_the_same_expiry_time(yammer: Yammer) -> None:
    request_id = yammer.create()
    export = yammer.finish(request_id)
    before = yammer.call("GET", f"{REQUESTS}/{request_id}").json()
    assert export.expires_at is not None
    later = export.expires_at + timedelta(seconds=1)
    yammer.installation.exports._clock = lambda: later
    after = yammer.call("GET", f"{REQUESTS}/{request_id}").json()
    assert (after["status"], after["data"], after["expiry_time"]) == ("EXPIRED", [], before["expiry_time"])


def test_a_database_that_is_away_is_503(yammer: Yammer) -> None:
    class Away:
        def authenticate(self, token: str, api: str) -> None:
            raise Unavailable("the database does not answer")

    yammer.installation.__dict__["access"] = Away()
    answer = yammer.call("GET")
    assert (answer.status_code, answer.text) == (503, '"The export service is temporarily unavailable"')
    assert answer.headers["retry-after"] == "30"


def test_no_process_that_serves_it_loads_polars_or_the_job_engine(yammer: Yammer) -> None:
    code = (
        "import sys; from exeunt.http.app import make_app; from exeunt.installation import Installation;"
        "from exeunt.config import load_settings; make_app(Installation(load_settings()));"
        "print([m for m in ('polars', 'dbos') if m in sys.modules])"
    )
    env = os.environ | variables(yammer.installation.settings)
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_is_asked_and_ended_is_written_down(yammer: Yammer) -> None:
    first = yammer.create()
    yammer.call("PUT", f"{REQUESTS}/{first}", state="Expired")
    second = yammer.create()
    yammer.finish(second)
    yammer.call("PUT", f"{REQUESTS}/{second}", state="Expired")
    entries = [
        (entry.action, entry.subject, entry.actor, entry.client)
        for entry in yammer.installation.audit.entries("acme")
        if entry.api == "yammer"
    ]
    who = ("user1@example.org", "192.0.2.7")
    assert entries == [
        ("export:create", first, *who), ("export:cancel", first, *who), ("export:create", second, *who),
        ("export:complete", second, "worker", ""), ("export:revoke", second, *who),
    ]  # fmt: skip


def test_a_request_that_completes_while_it_is_ended_is_expired_all_the_same(
    yammer: Yammer, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id = yammer.create()
    exports, cancel = yammer.installation.exports, yammer.installation.exports.cancel

    def too_late(export_id: str, **by: Any) -> Export:
        yammer.finish(export_id)
        return cancel(export_id, **by)

    monkeypatch.setattr(exports, "cancel", too_late)
    assert yammer.call("PUT", f"{REQUESTS}/{request_id}", state="Expired").status_code == 200
    assert yammer.call("GET", f"{REQUESTS}/{request_id}").json()["status"] == "EXPIRED"


def test_a_cancelled_request_leaves_no_files_behind(yammer: Yammer) -> None:
    request_id = yammer.create()
    yammer.call("PUT", f"{REQUESTS}/{request_id}", state="Expired")
    with working(yammer.installation):
        time.sleep(0.3)
    assert list(yammer.installation.blobs.sizes(f"made/{request_id}")) == []
    assert yammer.call("GET", f"{REQUESTS}/{request_id}").json()["status"] == "EXPIRED"


def test_links_are_shown_only_to_tokens_that_could_ask_for_the_same(yammer: Yammer) -> None:
    request_id = yammer.create()
    yammer.finish(request_id)
    scopes = ["export:create", "export:read", "export:download"]
    lesser = yammer.installation.access.create_token("user1@example.org", "acme", api="yammer", scopes=scopes)[0]
    answer = yammer.call("GET", f"{REQUESTS}/{request_id}", token=lesser)
    assert (answer.status_code, answer.json()["response"]["message"]) == (
        403,
        "this token may not have the files of this request",
    )
    (listed,) = yammer.call("GET", token=lesser).json()["requests"]
    assert (listed["status"], listed["data"]) == ("COMPLETE", [])
    other = yammer.make_admin("user2@example.org")
    assert len(yammer.call("GET", f"{REQUESTS}/{request_id}", token=other).json()["data"]) == 2


def test_details_of_a_waiting_request_do_not_know_totals(yammer: Yammer) -> None:
    request_id = yammer.create()
    details = yammer.call("GET", f"{REQUESTS}/{request_id}", details="TRUE").json()["details"]
    assert (details["files_total"], details["bytes_total"], details["percent"], details["archives"]) == (
        None, None, 0, [])  # fmt: skip


def test_details_tell_how_far_a_running_request_is(yammer: Yammer) -> None:
    request_id = yammer.create()
    counts = {"files_total": 12, "files_external": 3, "files_missing": 1, "files": 2, "file_bytes": 500,
              "file_bytes_total": 9000}  # fmt: skip
    with yammer.installation.ledger.write() as db:
        values = {"state": State.RUNNING.value, "shards_total": 0, "counts": json.dumps(counts)}
        db.execute(update(exports).where(exports.c.id == request_id).values(values))
    details = yammer.call("GET", f"{REQUESTS}/{request_id}", details="true").json()["details"]
    assert {name: details[name] for name in ("percent", "files_done", "files_total", "bytes_done", "bytes_total")} == {
        "percent": 25, "files_done": 2, "files_total": 12, "bytes_done": 500, "bytes_total": 9000,
    }  # fmt: skip
