"""Every text of the Rocket.Chat contract, literally, and the bodies they stand in."""

from typing import Any

from exeunt.errors import ExeuntError

Body = dict[str, Any]


class Failure(ExeuntError):
    """An answer that is no success: its status, its body, headers beside the usual ones."""

    def __init__(self, status: int, body: Body, headers: list[tuple[str, str]] | None = None) -> None:
        super().__init__(str(body.get("error", "")))
        self.status, self.body, self.headers = status, body, headers or []


def coded(code: str, reason: str = "", status: int = 400) -> Failure:
    """`<reason> [<code>]`, as every coded error is worded (1.4)."""
    text = f"{reason} [{code}]" if reason else f"[{code}]"
    return Failure(status, {"success": False, "error": text, "errorType": code})


def unauthorized(profile: str) -> Failure:
    """No, incomplete or wrong credentials: one body for all of them."""
    text = "You must be logged in to do this."
    if profile == "8":
        return Failure(401, {"success": False, "error": text, "status": "error", "message": text})
    return Failure(401, {"status": "error", "success": False, "error": "unauthorized", "message": text})


def login_failed(profile: str) -> Failure:
    body: Body = {"status": "error", "error": "Unauthorized", "message": "Unauthorized"}
    return Failure(401, {**body, "success": False} if profile == "8" else body)


def too_many(seconds: int, headers: list[tuple[str, str]]) -> Failure:
    """Above the rate limit."""
    text = (
        "Error, too many requests. Please slow down. "
        f"You must wait {seconds} seconds before trying this endpoint again. [error-too-many-requests]"
    )
    return Failure(429, {"success": False, "error": text}, [*headers, ("retry-after", str(seconds))])


def invalid_params(text: str) -> Failure:
    """What the validator of the newer servers says."""
    return Failure(400, {"success": False, "error": text, "errorType": "invalid-params"})


def parameters() -> Failure:
    return coded("error-invalid-params")


def invalid_format() -> Failure:
    return coded("error-invalid-format")


def not_permitted() -> Failure:
    return coded("error-action-not-allowed", "Mailing is not allowed")


def invalid_room() -> Failure:
    return coded("error-invalid-room")


def not_allowed() -> Failure:
    return coded("error-not-allowed", "Not Allowed")


def invalid_dates() -> Failure:
    return coded("error-invalid-dates", "From date cannot be after To date")


def invalid_recipient() -> Failure:
    return coded("error-invalid-recipient")


def invalid_messages() -> Failure:
    return coded("error-invalid-messages")


def invalid_email() -> Failure:
    return Failure(400, {"success": False, "error": "error-invalid-email"})


def no_mail() -> Failure:
    return coded("error-email-not-configured", "Mail is not configured")


def mail_refused(reason: str) -> Failure:
    return coded("error-email-send-failed", f"Error trying to send email: {reason}")


def too_many_exports() -> Failure:
    return coded("error-too-many-exports", "Too many exports are waiting")


def too_large() -> Failure:
    return coded("error-request-too-large", status=413)


def stalled() -> Failure:
    return coded("error-request-timeout", status=408)


def forbidden() -> Failure:
    """No right to a list or a room (1.14)."""
    return Failure(403, {"success": False, "error": "unauthorized"})


def no_such_endpoint(allow: str = "") -> Failure:
    body: Body = {
        "status": "error", "success": False, "error": "Resource not found", "message": "API endpoint does not exist",
    }  # fmt: skip
    return Failure(405, body, [("allow", allow)]) if allow else Failure(404, body)


def unavailable() -> Failure:
    return Failure(503, {"success": False, "error": "The service is temporarily unavailable"}, [("retry-after", "30")])


NO_ROOM_GIVEN = 'The parameter "roomId" or "roomName" is required'
NO_ROOM_ID = 'Query param "roomId" is required'


def no_match(kind: str, given: str = '"roomId" or "roomName"') -> Failure:
    """The room that was named is none of this kind, or none that this person may know of."""
    return coded("error-room-not-found", f"The required {given} param provided does not match any {kind}")


def archived(name: str) -> Failure:
    return coded("error-room-archived", f"The channel, {name}, is archived")


def no_access() -> Failure:
    return Failure(400, {"success": False, "error": "not-allowed", "errorType": "Not Allowed"})


def bad_sort(text: str) -> Failure:
    return coded("error-invalid-sort", f'Invalid sort parameter provided: "{text}"')


def bad_updated_since() -> Failure:
    return coded("error-updatedSince-param-invalid", 'The "updatedSince" query parameter must be a valid date.')


LOGGED_OUT = "You've been logged out!"

CHANNEL_EXPORT = "Channel Export"
USER_DATA = "Your Data File is Ready to Download"
READY = "Your data file is now ready to download."


def selected_portion(room: str) -> str:
    """The subject of mailed messages where none is given."""
    return f"Here's a selected portion of {room} messages"
