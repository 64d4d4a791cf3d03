"""Errors that a person or a client can do something about.

Every error that leaves a service derives from `ExeuntError`; its message is one line for the person who asked. Each API
turns the class into its own status and shape, the command line prints the message and exits with 1. Anything else that
is raised is a fault of the program.
"""


class ExeuntError(Exception):
    """The root: raised only through its subclasses."""


class InvalidInput(ExeuntError):
    """What was asked for cannot be understood or is out of range; nothing was changed."""


class NotFound(ExeuntError):
    """The thing named does not exist, or must look as if it did not to the one who asks."""


class Forbidden(ExeuntError):
    """The one who asks is known and may not do this."""


class Conflict(ExeuntError):
    """The thing named is in a state that does not allow this (already there, already ended, held by another)."""


class Busy(ExeuntError):
    """A limit on what may run or be asked at once is reached; `retry_after` says in how many seconds to ask again."""

    def __init__(self, message: str, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NoSpace(ExeuntError):
    """Storage is too full, or a quota too small, for a new job; running jobs and downloads are not touched."""


class Unavailable(ExeuntError):
    """The database or the storage did not answer; asking again later may succeed."""


class Damaged(ExeuntError):
    """Stored bytes are missing or do not match what was recorded when they were written."""
