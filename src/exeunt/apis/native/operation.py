"""One operation of the API, said once: the router runs it and the OpenAPI document prints it."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from exeunt.access.audit import Action, Actor
from exeunt.access.principal import Principal
from exeunt.installation import Installation


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A request that was let in and understood. `query` and `body` are of the operation's types."""

    installation: Installation
    principal: Principal
    names: Mapping[str, str]
    query: Any
    body: Any
    base: str
    client: str
    request_id: str

    @property
    def actor(self) -> Actor:
        """Who asks, for the audit trail."""
        return Actor(principal=self.principal, api="native", client=self.client, request_id=self.request_id)

    def write_down(
        self, action: Action, subject: str, workspace_id: str = "", detail: dict[str, Any] | None = None
    ) -> None:
        """Add to the audit trail what this request did beside changing the ledger."""
        self.installation.audit.write(
            self.principal, action, subject, api="native", client=self.client, request_id=self.request_id,
            detail=detail, workspace_id=workspace_id or None,
        )  # fmt: skip


class Reply(msgspec.Struct, frozen=True):
    """What to answer."""

    status: int
    value: Any
    headers: dict[str, str] = {}


class Answer(msgspec.Struct, frozen=True):
    """One possible answer: its meaning, its type, one example, and headers with their meaning."""

    meaning: str
    type: Any
    example: Any
    headers: dict[str, str] = {}


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """`refusals` are the statuses, beside those every operation has, of a `Problem`. `scope` is what a token needs."""

    id: str
    method: str
    path: str
    summary: str
    scope: str
    run: Callable[[Call], Reply]
    answers: dict[int, Answer]
    query: type[msgspec.Struct] | None = None
    body: type[msgspec.Struct] | None = None
    body_example: Any = None
    body_needed: bool = True
    refusals: tuple[int, ...] = ()
    names: dict[str, str] = {}
