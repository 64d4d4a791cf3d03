"""Every text of the Yammer contract, literally. Texts are JSON strings on the wire (3.1.2)."""

from typing import Any


def envelope(message: str, code: int) -> dict[str, Any]:
    """The published shape of an error that is no plain text."""
    return {"response": {"message": message, "code": code, "stat": "fail"}}


UNAUTHORIZED = envelope("Credentials are required to access this resource.", 16)
NOT_ADMIN = envelope("Only verified admins can export data.", 403)
RATE_LIMITED = envelope("Rate limited due to excessive requests.", 33)
NOT_FOUND = envelope("Not Found", 0)

MOST_OF_A_VALUE = 64
"""How much of a client's own words an answer repeats."""


def in_progress(request_id: str) -> str:
    """E1."""
    return f"Only one request can be in progress for one admin at a time. Existing Request Id: {request_id}"


def no_request(request_id: str) -> str:
    """E2."""
    return f"No export request was found for the request_id: {request_id[:MOST_OF_A_VALUE]}"


EXPIRING = "Expiration process has successfully initiated. Data URLs will soon be disabled"
"""E3."""

ONLY_EXPIRED = "Updating to a state other than 'Expired' is unauthorized"
"""E4."""


def already_ended(request_id: str) -> str:
    """E5."""
    return f"Export with given {request_id[:MOST_OF_A_VALUE]} has already been expired or failed"


SINCE_REQUIRED = "The since parameter is required"
UNTIL_NOT_LATER = "The until parameter must be later than since"
SIX_AT_MOST = "Only 6 requests can be in progress for one network at a time"
METHOD_NOT_ALLOWED = "Method not allowed"
UNAVAILABLE = "The export service is temporarily unavailable"
BODY_TOO_LARGE = "The request body is too large"
BODY_STALLED = "The request body did not arrive in time"


def not_a_date(name: str, value: str) -> str:
    return f"The {name} parameter is not a valid ISO-8601 date: {value[:MOST_OF_A_VALUE]}"


def not_valid(name: str, value: str) -> str:
    return f"The {name} parameter is not valid: {value[:MOST_OF_A_VALUE]}"
