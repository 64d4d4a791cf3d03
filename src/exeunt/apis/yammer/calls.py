"""One call of the Yammer API: who asks, for what, of which installation."""

from typing import Any

from exeunt.access.audit import Action, Actor
from exeunt.access.principal import Principal
from exeunt.apis.yammer.parameters import Query
from exeunt.http.asgi import Scope
from exeunt.http.request import base_url, client_address, request_id
from exeunt.installation import Installation

API = "yammer"


class Call:
    """What a handler is given. `written_id` is the id in the path, as the client wrote it."""

    principal: Principal

    def __init__(self, installation: Installation, scope: Scope, written_id: str, query: Query) -> None:
        self.installation, self.scope, self.written_id, self.query = installation, scope, written_id, query

    @property
    def base(self) -> str:
        """Scheme and host the client used, for download links."""
        return base_url(self.scope)

    @property
    def api_base(self) -> str:
        """The same with the prefix under which this API was reached."""
        return self.base + str(self.scope.get("root_path", ""))

    @property
    def actor(self) -> Actor:
        """Who asks, for the audit trail."""
        client, number = client_address(self.scope), request_id(self.scope)
        return Actor(principal=self.principal, api=API, client=client, request_id=number)

    def write_down(
        self, action: Action, subject: str, *, workspace_id: str | None = None, detail: dict[str, Any] | None = None
    ) -> None:
        """Add to the audit trail what is no change of the ledger; without `workspace_id` in the client's own one."""
        self.installation.audit.write(
            self.principal, action, subject, api=API, client=client_address(self.scope),
            request_id=request_id(self.scope), detail=detail, workspace_id=workspace_id,
        )  # fmt: skip
