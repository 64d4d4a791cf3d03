"""The words of the newer servers' validator for `rooms.export` (1.4.1): two closed shapes, the first fault of each."""

import re
from datetime import date
from typing import Any

REQUIRED = {"file": ("rid", "type", "format"), "email": ("rid", "type", "messages")}
FIELDS = {
    "file": ("rid", "type", "format", "dateFrom", "dateTo"),
    "email": ("rid", "type", "toUsers", "toEmails", "additionalEmails", "subject", "messages"),
}

MISSING = "must have required property '{}'"
FOREIGN = "must NOT have additional properties"
NO_TEXT = "must be string"
NO_LIST = "must be array"
NO_CHOICE = "must be equal to one of the allowed values"
NO_DATE = 'must match format "date"'
TOO_FEW = "must NOT have fewer than 1 items"
NO_SHAPE = "must match exactly one schema in oneOf"
JOINER = "\n "

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def fault(body: dict[str, Any]) -> str | None:
    """What is wrong with a body; None when it has one of the two shapes."""
    faults = [shape_fault(body, shape) for shape in FIELDS]
    if None in faults:
        return None
    return JOINER.join([*(text for text in faults if text), NO_SHAPE])


def shape_fault(body: dict[str, Any], shape: str) -> str | None:
    """The first fault of a body as one of the shapes."""
    for name in REQUIRED[shape]:
        if name not in body:
            return MISSING.format(name)
    if any(name not in FIELDS[shape] for name in body):
        return FOREIGN
    for name in FIELDS[shape]:
        if name in body and (found := _value_fault(name, body[name], shape)):
            return found
    return None


def _value_fault(name: str, value: Any, shape: str) -> str | None:
    if name in ("toUsers", "toEmails", "messages"):
        return _list_fault(value, name)
    if name in ("dateFrom", "dateTo") and value is None:
        return None
    text = coerced(value)
    if text is None:
        return NO_TEXT
    if name in ("dateFrom", "dateTo"):
        return None if _is_date(text) else NO_DATE
    allowed = {"type": (shape,), "format": ("html", "json")}.get(name)
    return NO_CHOICE if allowed and text not in allowed else None


def _list_fault(value: Any, name: str) -> str | None:
    if not isinstance(value, list):
        return NO_LIST
    if any(coerced(item) is None for item in value):
        return NO_TEXT
    return TOO_FEW if name == "messages" and not value else None


def coerced(value: Any) -> str | None:
    """A text, or what the validator makes one; None for what cannot be one."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    return str(value) if isinstance(value, str | int | float) else None


def _is_date(text: str) -> bool:
    try:
        return _DATE.fullmatch(text) is not None and date.fromisoformat(text) is not None
    except ValueError:
        return False
