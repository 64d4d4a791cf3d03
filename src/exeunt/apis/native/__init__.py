"""The native API, after the asynchronous pattern of FHIR Bulk Data: ask, look, fetch. `docs/native.md` describes it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from exeunt.installation import Installation


def make_app(installation: "Installation") -> "ASGIApp":
    """The API as an ASGI application whose paths start with `/v1`."""
    # loaded late: the command line needs this package's words and no web framework
    from exeunt.apis.native.app import build

    return build(installation)
