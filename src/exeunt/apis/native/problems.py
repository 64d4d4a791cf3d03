"""Errors in this API's words and statuses."""

from typing import Any

import msgspec

from exeunt.apis.native.words import Problem
from exeunt.errors import (
    Busy,
    Conflict,
    Damaged,
    ExeuntError,
    Forbidden,
    InvalidInput,
    NoSpace,
    NotFound,
    Unavailable,
)
from exeunt.http.request import BodyFault

_SHAPES: tuple[tuple[type[ExeuntError], int, str], ...] = (
    (InvalidInput, 400, "invalid_input"),
    (Forbidden, 403, "forbidden"),
    (NotFound, 404, "not_found"),
    (Conflict, 409, "conflict"),
    (Busy, 429, "busy"),
    (Unavailable, 503, "unavailable"),
    (NoSpace, 507, "no_space"),
    (Damaged, 500, "damaged"),
)

MEANINGS = {
    400: "Something in the request cannot be understood or is out of range",
    401: "There is no token, or none that is accepted here",
    403: "The token may not do this",
    404: "There is no such thing, or not for this token",
    405: "The address does not take this method",
    408: "The body did not arrive in time",
    409: "The export is in a state that does not allow this",
    413: "The body is larger than a request may be",
    415: "The body is not JSON",
    429: "Too many requests, or too many exports at once",
    500: "The server made a mistake, or found stored bytes damaged",
    503: "The database or the storage does not answer now",
    507: "Storage is too full for a new export",
}


class Refusal(Exception):
    """A request that no operation sees."""

    def __init__(self, status: int, error: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.problem, self.headers = status, Problem(error, message), headers or {}


class Answered(msgspec.Struct, frozen=True):
    """A whole answer, before it is bytes."""

    status: int
    value: Any
    headers: dict[str, str]


def unauthorized(presented: bool) -> Refusal:
    """No token, or one that is not accepted: the same whether it is unknown, revoked, expired or of another API."""
    if presented:
        return Refusal(401, "unauthorized", "this token is not accepted here",
                       {"WWW-Authenticate": 'Bearer error="invalid_token"'})  # fmt: skip
    return Refusal(401, "unauthorized", "a token is needed: Authorization: Bearer …", {"WWW-Authenticate": "Bearer"})


def incomplete(fault: BodyFault | None) -> Refusal:
    """A body that did not come to its end. Nobody hears it when the client itself went away."""
    if fault == "too_large":
        return Refusal(413, "body_too_large", "the request body is too large")
    return Refusal(408, "body_stalled", "the request body did not arrive in time")


def answer_of(error: Refusal | ExeuntError) -> Answered:
    """The answer that an error is."""
    if isinstance(error, Refusal):
        return Answered(error.status, error.problem, error.headers)
    status, word = next(((s, w) for kind, s, w in _SHAPES if isinstance(error, kind)), (500, "internal"))
    headers = {}
    if isinstance(error, Busy):
        headers["Retry-After"] = str(max(1, -int(-error.retry_after // 1)))
    elif isinstance(error, Unavailable):
        headers["Retry-After"] = "5"
    return Answered(status, Problem(word, str(error)), headers)


def internal(request_id: str) -> Answered:
    """The answer to a fault of ours: nothing of it is told but where the log has it."""
    return Answered(500, Problem("internal", f"the server made a mistake; its log has it under {request_id}"), {})
