"""The two ways in which work stops without being wrong. Neither is an `Exception`: nobody reports them by accident."""


class Interrupted(BaseException):
    """The work stops half-way (a worker leaves, another took over): no outcome is written, whoever owns it goes on."""


class Ended(BaseException):
    """The export has ended meanwhile (cancelled, timed out, completed elsewhere): nothing is left to do for anybody."""
