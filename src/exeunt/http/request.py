"""What an API may ask about the request the shell let through."""

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
