"""Links that do not open, and what the audit trail tells of them."""

import asyncio
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from exeunt.exports import service
from exeunt.http.app import make_app
from exeunt.http.asgi import App
from exeunt.installation import Installation
from tests.conftest import JANUARY, fill, settings_for, wait_for, working
from tests.exports.conftest import Hands


@pytest.fixture
def clock() -> Hands:
    return Hands(JANUARY + timedelta(days=500))


@pytest.fixture
def made(tmp_path: Path, clock: Hands, monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.setattr(service, "wait_until_forgotten", lambda: None)
    installation = Installation.create(settings_for(tmp_path), clock=clock)
    fill(installation)
    return installation


def exported(made: Installation, api: str = "native") -> tuple[str, str]:
    """A completed export and its link."""
    export = made.exports.create(service.Request(workspaces=("acme",), api=api, layout="csv"))
    with working(made):
        wait_for(made, export.id)
    ((_, url),) = made.exports.urls(export.id, "http://exeunt.test")
    return export.id, url


def get(app: App, url: str, client: str = "192.0.2.7") -> int:
    async def send() -> int:
        transport = httpx.ASGITransport(app, client=(client, 1234))
        async with httpx.AsyncClient(transport=transport) as http:
            return (await http.get(url)).status_code

    return asyncio.run(send())


def refusals(made: Installation) -> list[tuple[str, str, str]]:
    found = [entry for entry in made.audit.entries("acme") if entry.action == "link:refuse"]
    assert {entry.api for entry in found} <= {"links"}
    assert all(entry.request_id for entry in found)
    return [(entry.subject, entry.client, entry.detail["reason"]) for entry in found]


def test_a_link_that_does_not_open_is_written_down_with_the_reason(made: Installation, clock: Hands) -> None:
    app = make_app(made)
    export_id, url = exported(made)
    assert get(app, url) == 200
    assert get(app, url.replace("sig=", "sig=A")) == 403
    made.exports.expire(export_id)
    made.exports.renew(export_id)
    assert get(make_app(made), url) == 410
    ((_, renewed),) = made.exports.urls(export_id, "http://exeunt.test")
    clock.now += timedelta(days=8)
    assert get(app, renewed) == 410
    assert refusals(made) == [
        (export_id, "192.0.2.7", reason) for reason in ("link_invalid", "link_revoked", "link_expired")
    ]
    (first, *_) = (entry for entry in made.audit.entries("acme") if entry.action == "link:refuse")
    assert first.detail == {"archive": "acme-csv.zip", "link": urlsplit(url).path.split("/")[2],
                            "reason": "link_invalid"}  # fmt: skip
    assert (first.actor, first.account_id) == ("", None)


def test_whoever_tries_again_and_again_is_written_down_once_in_ten_minutes(made: Installation, clock: Hands) -> None:
    app = make_app(made)
    export_id, url = exported(made, "yammer")
    made.exports.expire(export_id)
    assert {get(app, url) for _ in range(5)} == {403}
    assert get(app, url, "192.0.2.8") == 403
    assert refusals(made) == [(export_id, f"192.0.2.{n}", "link_revoked") for n in (7, 8)]
    clock.now += timedelta(minutes=10)
    get(app, url)
    get(app, url)
    assert len(refusals(made)) == 3


def test_an_address_at_which_there_is_no_link_is_not_written_down(made: Installation) -> None:
    assert get(make_app(made), "http://exeunt.test/dl/nothing/acme-csv.zip?sig=x") == 403
    assert refusals(made) == []
