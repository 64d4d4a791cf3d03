"""The shells of pages: what stands around the content, made by templates that escape whatever they are given."""

from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

# In a folder, Chromium takes 'self' for any file; Firefox takes nothing for it and wants the scheme named.
POLICY = "default-src 'none'; style-src 'self' file:; img-src 'self' file:; form-action 'self' file:; base-uri 'none'"
SEARCH_POLICY = f"{POLICY}; script-src 'self' file:"

_CUT = "\x00"


@lru_cache(maxsize=1)
def _templates() -> Environment:
    made = Environment(
        loader=PackageLoader("exeunt.layouts.html", "templates"),
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    made.globals["policy"] = POLICY
    made.globals["search_policy"] = SEARCH_POLICY
    made.filters["count"] = grouped
    made.filters["moment"] = moment
    return made


def page(template: str, **values: Any) -> bytes:
    """A whole page."""
    return _templates().get_template(template).render(**values).encode()


def around(template: str, **values: Any) -> tuple[bytes, bytes]:
    """What stands before and what stands after the content of a page."""
    # The last one is ours: data stands above the content only.
    head, _, foot = _templates().get_template(template).render(content=_CUT, **values).rpartition(_CUT)
    return head.encode(), foot.encode()


def asset(name: str) -> bytes:
    """A file of the package that goes into the archive as it is."""
    return (files("exeunt.layouts.html") / "static" / name).read_bytes()


def grouped(number: int) -> str:
    """A number for people: 1 234 567, with spaces that do not break."""
    return f"{number:,}".replace(",", "\u202f")


def moment(instant: datetime) -> str:
    """An instant for people, in UTC."""
    return instant.strftime("%-d %B %Y, %H:%M UTC")
