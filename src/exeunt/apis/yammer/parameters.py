"""The query parameters of the export calls: names in any case, unknown ones ignored, values checked in one order."""

from datetime import datetime
from urllib.parse import parse_qsl

import msgspec

from exeunt.apis.yammer import words
from exeunt.apis.yammer.dates import NotADate, parse_date
from exeunt.errors import InvalidInput

LARGEST = 2**63 - 1


class Query:
    """A query string: repeated names, looked up without regard to case."""

    def __init__(self, raw: bytes) -> None:
        pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True, encoding="utf-8", errors="replace")
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name.lower(), []).append(value)

    def all(self, name: str) -> list[str]:
        """Every value of a parameter, in order."""
        return self._values.get(name, [])

    def one(self, name: str) -> str | None:
        """The value of a single-valued parameter. Raises `InvalidInput` when it is given twice and differs."""
        values = self.all(name)
        for value in values[1:]:
            if value != values[0]:
                raise InvalidInput(words.not_valid(name, value))
        return values[0] if values else None

    def choice(self, name: str, choices: dict[str, bool]) -> bool:
        """A parameter with a few values in any case; absent or empty is false. Raises `InvalidInput`."""
        value = self.one(name)
        if not value:
            return False
        if value.lower() not in choices:
            raise InvalidInput(words.not_valid(name, value))
        return choices[value.lower()]

    def numbers(self, name: str) -> tuple[int, ...]:
        """A repeatable parameter of positive integers, commas allowed. Raises `InvalidInput`."""
        texts = [part.strip() for value in self.all(name) for part in value.split(",")]
        for text in texts:
            if not (text.isascii() and text.isdigit() and len(text) <= 19 and 0 < int(text) <= LARGEST):
                raise InvalidInput(words.not_valid(name, text))
        return tuple(dict.fromkeys(int(text) for text in texts))


BOOLEAN = {"true": True, "false": False}
LAYOUTS = {"flat": True, "nested": False}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A checked request for an export; `until` is never later than the instant it was accepted."""

    since: datetime
    until: datetime
    networks: tuple[int, ...]
    include_ens: bool
    flat: bool
    safe_csv: bool
    dry_run: bool
    groups: tuple[int, ...]
    users: tuple[int, ...]


def asked(query: Query, now: datetime) -> Asked:
    """Read a POST's parameters. Raises `InvalidInput` with the contract's text (3.6)."""
    since_text = query.one("since")
    if not since_text:
        raise InvalidInput(words.SINCE_REQUIRED)
    since = _date("since", since_text)
    until_text = query.one("until")
    until = min(_date("until", until_text), now) if until_text else now
    if until <= since:
        raise InvalidInput(words.UNTIL_NOT_LATER)
    return Asked(
        since=since, until=until, networks=query.numbers("network"), include_ens=query.choice("include_ens", BOOLEAN),
        flat=query.choice("layout", LAYOUTS), safe_csv=query.choice("safe_csv", BOOLEAN),
        dry_run=query.choice("dry_run", BOOLEAN), groups=query.numbers("group"), users=query.numbers("user"),
    )  # fmt: skip


def _date(name: str, text: str) -> datetime:
    try:
        return parse_date(text)
    except NotADate as error:
        raise InvalidInput(words.not_a_date(name, text)) from error
