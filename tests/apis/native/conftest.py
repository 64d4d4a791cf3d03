"""The native API behind the shell, called in this process, over two workspaces with content."""

import asyncio
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from exeunt.apis.native import make_app
from exeunt.config import Settings
from exeunt.exports.run import Runner
from exeunt.http.shell import Shell
from exeunt.installation import Installation
from tests.access.world import TurnedClock, populate

BASE = "http://exeunt.test:8080"


class Client:
    """Sends one request at a time, as one account."""

    def __init__(self, installation: Installation, token: str = "") -> None:
        self.installation, self.token = installation, token
        self._app = Shell(make_app(installation), installation.settings)

    def __call__(self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, client=("192.0.2.7", 1234))
            async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
                return await client.request(method, path, headers=self._headers() | (headers or {}), **more)

        return asyncio.run(send())

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def created(self, **body: Any) -> str:
        answer = self("POST", "/v1/exports", json={"layout": "jsonl", **body})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with everything in it, made once: tests work on copies."""
    folder, clock = tmp_path_factory.mktemp("native") / "data", TurnedClock()
    made = Installation.create(Settings(data=str(folder)), clock=clock)
    made.catalog.add_workspace("acme", "Acme", None, clock.now)
    made.catalog.add_workspace("guests", "Guests of Acme", "acme", clock.now)
    made.catalog.add_workspace("other", "Other", None, clock.now)
    for workspace_id, prefix in (("acme", ""), ("guests", "G"), ("other", "O")):
        populate(made, workspace_id, prefix)
    for account in (
        ("ann@x.org", "acme", "administrator"),
        ("bob@x.org", "acme", "exporter"),
        ("eve@x.org", "acme", "auditor"),
        ("bob@x.org", "other", "administrator"),
    ):
        made.access.add_account(*account)
    made.ledger.close()
    return folder


@pytest.fixture
def installation(tmp_path: Path, template: Path, clock: TurnedClock) -> Iterator[Installation]:
    shutil.copytree(template, tmp_path / "data")
    made = Installation(Settings(data=str(tmp_path / "data"), quota_running=3), clock=clock)
    yield made
    made.ledger.close()


def client_of(installation: Installation, email: str, workspace_id: str = "acme", *scopes: str) -> Client:
    secret, _ = installation.access.create_token(email, workspace_id, api="native", scopes=scopes or None)
    return Client(installation, secret)


@pytest.fixture
def ann(installation: Installation) -> Client:
    """An administrator of acme with the usual scopes."""
    return client_of(installation, "ann@x.org")


@pytest.fixture
def bob(installation: Installation) -> Client:
    """An exporter of acme."""
    return client_of(installation, "bob@x.org")


@pytest.fixture
def eve(installation: Installation) -> Client:
    """An auditor of acme."""
    return client_of(installation, "eve@x.org")


@pytest.fixture
def foreigner(installation: Installation) -> Client:
    """An administrator of another workspace."""
    return client_of(installation, "bob@x.org", "other")


@pytest.fixture
def nobody(installation: Installation) -> Client:
    return Client(installation)


def run(installation: Installation, export_id: str) -> None:
    """Do an export's work here and now."""
    runner, stop = Runner(installation), threading.Event()
    for number in runner.plan(export_id):
        runner.shard(export_id, number, stop)
    runner.finish(export_id, stop)
