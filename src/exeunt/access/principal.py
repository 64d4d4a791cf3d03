"""Who asks: what every service is told about the one behind a request."""

import msgspec


class Principal(msgspec.Struct, frozen=True):
    """An account at work in one workspace. `scopes` are those of its token, or all of its role's at the command line.

    `user_id` is the workspace's person with the account's e-mail address, or empty.
    """

    account_id: str
    email: str
    workspace_id: str
    role: str
    scopes: frozenset[str]
    api: str
    token_id: str = ""
    user_id: str = ""
