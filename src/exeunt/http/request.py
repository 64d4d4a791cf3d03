"""What an API may ask about the request the shell let through."""

from typing import Literal

from exeunt.http.asgi import Scope


def base_url(scope: Scope) -> str:
    """Scheme and host for absolute links, without a slash at the end: the setting, else what the client used."""
    return str(scope["state"]["base_url"])


def request_id(scope: Scope) -> str:
    """The id that every log line and audit entry of this request carries."""
    return str(scope["state"]["request_id"])


def client_address(scope: Scope) -> str:
    """The client's address, seen through trusted proxies."""
    client = scope.get("client")
    return str(client[0]) if client else ""


BodyFault = Literal["too_large", "stalled"]


def body_fault(scope: Scope) -> BodyFault | None:
    """Why the shell ended the body with a disconnect before its end; None when the client went away by itself.

    An API answers these in its own words with 413 and 408. The connection is closed after either.
    """
    fault: BodyFault | None = scope.get("state", {}).get("body_fault")
    return fault
