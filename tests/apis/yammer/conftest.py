"""The Yammer API on a small installation, called as ASGI without a network, and its worker in this process."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from exeunt.exports.records import Export
from exeunt.http.app import make_app
from exeunt.installation import Installation
from exeunt.ledger.schema import workspaces
from tests.conftest import fill, wait_for, working

SINCE = {"since": "2020-01-01T00:00:00"}
REQUESTS = "/yammer/api/v1/export/requests"
UNKNOWN = "00000000-0000-0000-0000-000000000000"


class Client:
    """Sends one request at a time, in this process, through the whole server."""

    def __init__(self, installation: Installation) -> None:
        self._app = make_app(installation)

    def request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, client=("192.0.2.7", 1234))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                return await client.request(method, path, **arguments)

        return asyncio.run(send())

    def get(self, path: str, **arguments: Any) -> httpx.Response:
        return self.request("GET", path, **arguments)

    def post(self, path: str, **arguments: Any) -> httpx.Response:
        return self.request("POST", path, **arguments)


class Yammer:
    """A client with the token of one administrator of `acme`; `partner` is its external network."""

    def __init__(self, installation: Installation, client: Client) -> None:
        self.installation, self.client = installation, client
        self.token = self.make_admin("user1@example.org")

    def make_admin(self, email: str, role: str = "administrator", workspace: str = "acme") -> str:
        self.installation.access.add_account(email, workspace, role, None)
        return str(self.installation.access.create_token(email, workspace, api="yammer")[0])

    def call(self, method: str, path: str = REQUESTS, *, token: str | None = None, **query: Any) -> Any:
        bearer = {"Authorization": f"Bearer {token or self.token}"}
        return self.client.request(method, path, params=query or None, headers=bearer)

    def create(self, **query: Any) -> str:
        answer = self.call("POST", **(SINCE | query))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["user_request_id"])

    def finish(self, request_id: str) -> Export:
        with working(self.installation):
            return wait_for(self.installation, request_id)

    def number(self, workspace: str = "acme") -> int:
        return self.installation.catalog.workspace(workspace).number


@pytest.fixture
def yammer(installation: Installation) -> Yammer:
    fill(installation, "partner")
    fill(installation, "stranger")
    with installation.ledger.write() as db:
        db.execute(update(workspaces).where(workspaces.c.id == "partner").values(external_of="acme"))
    return Yammer(installation, Client(installation))
