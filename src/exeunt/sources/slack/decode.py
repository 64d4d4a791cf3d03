"""JSON from an export, strictly and fast where it is as it should be, leniently where it is not.

The fast way is one typed decode an object. What does not fit is read again with the standard library, which takes lone
surrogates, bare control characters and NaN, and then field by field: a field of the wrong kind is left out, and the
object stays. The original text is never changed for that, except that file tokens are taken out.
"""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec
from msgspec import Raw

from exeunt.sources.slack.limits import Unreadable
from exeunt.sources.slack.salvage import split

T = TypeVar("T", bound=msgspec.Struct)

_TOKEN = re.compile(rb"xox[a-z][A-Za-z0-9._-]*")
_PARAMETER = re.compile(rb"([?&]|&amp;|\\u0026|%3[Ff]|%26)(?:t|token)(?:=|%3[Dd])$")
_NEXT = re.compile(rb"&amp;|\\u0026|%26|&")
_LONGEST_PARAMETER = 16
_list = msgspec.json.Decoder(list[Raw])
_decoders: dict[type[msgspec.Struct], msgspec.json.Decoder[Any]] = {}
_NOT_FITTING = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_IDS = ("ts", "thread_ts", "original_ts", "deleted_ts", "id")


def without_tokens(data: bytes) -> bytes:
    """JSON without the file tokens (`t=xoxe-…`, `token=xoxe-…`) that open an export's file addresses to anybody."""
    if b"xox" not in data:
        return data
    pieces, at = [], 0
    # Searched from the token backwards: a pattern that begins with the parameter is twenty times slower.
    for token in _TOKEN.finditer(data):
        start = token.start()
        parameter = _PARAMETER.search(data, max(at, start - _LONGEST_PARAMETER), start)
        if parameter is None:
            continue
        following = _NEXT.match(data, token.end())
        pieces.append(data[at : parameter.end(1) if following else parameter.start()])
        at = following.end() if following else token.end()
    pieces.append(data[at:])
    return b"".join(pieces)


def as_utf8(data: bytes) -> tuple[bytes, str]:
    """The data as UTF-8 without a byte order mark, and what had to be done for that, in words, if anything."""
    if data.startswith(codecs.BOM_UTF8):
        data = data[3:]
    if data[:4] in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        return data.decode("utf-32", "replace").encode(), "it was written in UTF-32"
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return data.decode("utf-16", "replace").encode(), "it was written in UTF-16"
    if data[:4:2] == b"\0\0" or data[1:4:2] == b"\0\0":
        order = "utf-16-be" if data[0] == 0 else "utf-16-le"
        return data.decode(order, "replace").encode(), "it was written in UTF-16"
    return data, ""


def objects(data: bytes) -> Iterator[tuple[int, Raw | bytes | None]]:
    """(number from 1, JSON text) of each element of a JSON list; None for a stretch that is no JSON.

    Raises `Unreadable` when there is no list at all.
    """
    try:
        yield from enumerate(_list.decode(data), 1)
        return
    except _NOT_FITTING as error:
        start = data.lstrip()[:8]
        if start.rstrip() == b"null":
            # What programs in Go write for a list without anything in it.
            return
        if start[:1] != b"[":
            raise Unreadable(f"it is not a JSON list ({error})") from error
    yield from enumerate(split(data), 1)


def read(raw: Raw | bytes, kind: type[T]) -> tuple[T, str]:
    """An object of this kind, and what was wrong with it, if anything. Raises `Unreadable` when it is no object."""
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.json.Decoder(kind)
    try:
        found: T = decoder.decode(raw)
        return found, ""
    except _NOT_FITTING:
        return _fitted(_loose(bytes(raw)), kind)


def text(raw: Raw | bytes) -> tuple[str, str]:
    """The object's JSON as it stands in the export, and what had to be done to its bytes for that, in words."""
    try:
        return str(raw, "utf-8"), ""
    except UnicodeDecodeError:
        return _repaired(bytes(raw)), "kept, with bytes that are not UTF-8 read as Windows-1252"


def without_nul(raw: Raw | bytes) -> Raw | bytes:
    """JSON whose texts hold no NUL, which SQL databases do not take; names and addresses have no use for it."""
    data = bytes(raw)
    return data.replace(b"\\u0000", b"\\ufffd") if b"\\u0000" in data else raw


def _repaired(data: bytes) -> str:
    """Bytes that are not UTF-8 are most often a Windows code page that some tool wrote in between."""
    return data.decode("utf-8", "exeunt-windows-1252")


def _one_byte(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    wrong = error.object[error.start : error.end]
    return wrong.decode("cp1252", "replace"), error.end


codecs.register_error("exeunt-windows-1252", _one_byte)


def _loose(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(_repaired(data), strict=False, parse_float=str)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"it is not JSON ({error})") from error
    if not isinstance(value, dict):
        raise Unreadable("it is not a JSON object")
    for name in _IDS:
        if isinstance(value.get(name), int):
            value[name] = str(value[name])
    return value


def _fitted(value: dict[str, Any], kind: type[T]) -> tuple[T, str]:
    """Field by field, each as an object of its own that has only this field."""
    found, left_out = kind(), []
    for name in kind.__struct_fields__:
        if value.get(name) is None:
            continue
        try:
            one = msgspec.json.encode({name: _clean(value[name])})
            setattr(found, name, getattr(msgspec.json.decode(one, type=kind, strict=False), name))
        except (*_NOT_FITTING, ValueError, TypeError, OverflowError):
            left_out.append(name)
    return found, f"kept without what does not read in it: {', '.join(left_out)}" if left_out else ""


def _clean(value: Any) -> Any:
    """The value with U+FFFD for lone surrogates, which no text that leaves us may hold."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_clean(one) for one in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(one) for key, one in value.items()}
    return value
