"""The shells of pages: what stands around the content, made by templates that escape whatever they are given."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

# In a folder, Chromium takes 'self' for any file; Firefox takes nothing for it and wants the scheme named.
POLICY = "default-src 'none'; style-src 'self' file:; img-src 'self' file:; form-action 'self' file:; base-uri 'none'"
SEARCH_POLICY = f"{POLICY}; script-src 'self' file:"


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


class Skeleton:
    """A template rendered once, with blanks to fill for each page: hundreds of times faster than rendering each."""

    def __init__(self, template: str, blanks: Iterable[str], **values: Any) -> None:
        marks = {name: f"\x00{name}\x00" for name in blanks}
        clean = {name: v.replace("\x00", "\ufffd") if isinstance(v, str) else v for name, v in values.items()}
        # Every second piece is the name of a blank, as nothing else has a NUL.
        self._pieces = _templates().get_template(template).render(**marks, **clean).split("\x00")

    def fill(self, **blanks: str) -> Iterator[bytes]:
        """The page in pieces, cut where `content` stands. What fills a blank is markup already."""
        filled = [blanks.get(piece, piece) if at % 2 else piece for at, piece in enumerate(self._pieces)]
        cut = self._pieces.index("content")
        yield "".join(filled[:cut]).encode()
        yield "".join(filled[cut + 1 :]).encode()


def asset(name: str) -> bytes:
    """A file of the package that goes into the archive as it is."""
    return (files("exeunt.layouts.html") / "static" / name).read_bytes()


def grouped(number: int) -> str:
    """A number for people: 1 234 567, with spaces that do not break."""
    return f"{number:,}".replace(",", "\u202f")


def moment(instant: datetime) -> str:
    """An instant for people, in UTC."""
    return instant.strftime("%-d %B %Y, %H:%M UTC")
