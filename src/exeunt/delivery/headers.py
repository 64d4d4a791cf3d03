"""The headers of a download, as `archives-and-ranges` (b) "Headers" fixes them."""

import base64
import re
from datetime import datetime
from functools import lru_cache
from urllib.parse import quote

import msgspec

from exeunt.delivery.conditions import http_date

_TOKEN = re.compile(r"[!#$&+\-.^_`|~0-9A-Za-z]+")
_UNSAFE = re.compile(r'[^\x20-\x7e]|["\\%]')

Headers = list[tuple[bytes, bytes]]


class Download(msgspec.Struct, frozen=True, kw_only=True):
    """What is being delivered, as far as headers tell. `etag` has no quotes; `sha256` is raw and of the whole."""

    name: str
    content_type: str
    length: int
    etag: str
    modified: datetime
    sha256: bytes | None = None
    quoted_name: bool = False
    extended_name: bool = False


def disposition(name: str, *, quoted: bool = False, extended: bool = False) -> str:
    """`attachment; filename=…`, with `filename*` beside it for names that are not ASCII, or always if it is to be
    `extended`. No name can add a header."""
    plain = _UNSAFE.sub("_", name)
    value = f'"{plain}"' if quoted or not _TOKEN.fullmatch(plain) else plain
    other = f"; filename*=UTF-8''{quote(name, safe='')}" if extended or not name.isascii() else ""
    return f"attachment; filename={value}{other}"


@lru_cache(maxsize=256)
def standing(download: Download, *, want_digest: bool = False) -> tuple[tuple[bytes, bytes], ...]:
    """The headers that 200, 206 and HEAD share, without length and range; the same for each range of a download."""
    lines = [
        *validators(download),
        (
            "content-disposition",
            disposition(download.name, quoted=download.quoted_name, extended=download.extended_name),
        ),
        *GUARDS,
    ]
    if download.sha256 is not None:
        digest = base64.b64encode(download.sha256).decode()
        lines.append(("repr-digest", f"sha-256=:{digest}:"))
        if want_digest:
            lines.append(("digest", f"sha-256={digest}"))
    return tuple(encode(lines))


def validators(download: Download) -> list[tuple[str, str]]:
    """The headers that a 304 has too."""
    return [
        ("accept-ranges", "bytes"),
        ("etag", f'"{download.etag}"'),
        ("last-modified", http_date(download.modified)),
        ("cache-control", "private, no-transform, max-age=0"),
    ]


GUARDS = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("content-security-policy", "default-src 'none'; sandbox"),
]


def encode(lines: list[tuple[str, str]]) -> Headers:
    """Header lines as ASGI wants them."""
    return [(name.encode(), value.encode("latin-1")) for name, value in lines]
