"""Conditional requests, in the order of `archives-and-ranges` (b) "Evaluation order"."""

import re
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Literal

_TAG = re.compile(r'\s*((?:W/)?"[\x21\x23-\x7e\x80-\xff]*")\s*')


def http_date(instant: datetime) -> str:
    """`Sat, 09 Feb 2019 00:00:00 GMT`."""
    return format_datetime(instant.astimezone(UTC), usegmt=True)


def evaluate(headers: dict[str, str], etag: str, modified: datetime) -> Literal[200, 304, 412]:
    """What the conditions of a GET or HEAD come to. `headers` have lower-case names; `etag` is quoted and strong."""
    if "if-match" in headers:
        if not _matches(headers["if-match"], etag, weak=False):
            return 412
    elif "if-unmodified-since" in headers:
        since = _date(headers["if-unmodified-since"])
        if since is not None and modified > since:
            return 412
    if "if-none-match" in headers:
        if _matches(headers["if-none-match"], etag, weak=True):
            return 304
    elif "if-modified-since" in headers:
        since = _date(headers["if-modified-since"])
        if since is not None and modified <= since:
            return 304
    return 200


def range_applies(if_range: str | None, etag: str, modified: datetime) -> bool:
    """Whether a `Range` counts beside this `If-Range`: a strong tag equal to ours, or exactly our date."""
    if if_range is None:
        return True
    value = if_range.strip()
    return value == etag if value.startswith(('"', "W/")) else _date(value) == modified


def _matches(header: str, etag: str, *, weak: bool) -> bool:
    if header.strip() == "*":
        return True
    tags = _TAG.findall(header)
    return any((tag.removeprefix("W/") if weak else tag) == etag for tag in tags)


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
