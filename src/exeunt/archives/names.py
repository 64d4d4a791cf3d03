"""Member names that extract inside the target on every system, as `archives-and-ranges` (a) "Names" fixes them."""

import re
import unicodedata

SEGMENT_BYTES = 255
NAME_BYTES = 1024

_BAD = re.compile('[\x00-\x1f\x7f-\x9f<>:"|?*\\\\\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]')
_DEVICE = re.compile(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?$")
_PLAIN = re.compile(r"[A-Za-z0-9_-]([A-Za-z0-9_ ()+,=@~-]*[A-Za-z0-9_()+,=@~-])?(\.[A-Za-z0-9_-]+)*")


def clean_segment(text: str, limit: int = SEGMENT_BYTES) -> str:
    """One path segment made safe: never empty, `.` or `..`, no `/`, at most `limit` bytes with its extension kept."""
    if len(text) <= limit and _PLAIN.fullmatch(text) and not _DEVICE.match(text):
        return text
    text = unicodedata.normalize("NFC", _BAD.sub("_", text).replace("/", "_"))
    if text in ("", ".", ".."):
        return "_" * max(1, len(text))
    if _DEVICE.match(text):
        text = "_" + text
    text = _cut(text, limit)
    if text[-1] in ". ":
        text = _cut(text, limit - 1) + "_"
    return text


def clean_name(name: str) -> str:
    """A relative member name with `/` between clean segments; empty, `.` and `..` segments and drive letters vanish."""
    name = re.sub(r"^[A-Za-z]:(?=[\\/])", "", name)
    segments = [clean_segment(s) for s in re.split(r"[\\/]", name) if s not in ("", ".", "..")]
    if not segments:
        return "_"
    joined = "/".join(segments)
    while len(joined.encode()) > NAME_BYTES and len(segments) > 1:
        segments.pop(0)
        joined = "/".join(segments)
    return joined


def _cut(text: str, limit: int) -> str:
    encoded = text.encode()
    if len(encoded) <= limit:
        return text
    stem, dot, extension = text.rpartition(".")
    suffix = (dot + extension).encode()
    if not stem or len(suffix) > 32:
        stem, suffix = text, b""
    return (stem.encode()[: limit - len(suffix)].decode(errors="ignore").rstrip(". ") or "_") + suffix.decode()


class UniqueNames:
    """Resolves twins in member order: names equal after case folding, or a file that is also a folder.

    Holds one entry a name, so give each part of a large archive its own.
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._folders: set[str] = set()
        self._settled: set[str] = set()

    def claim(self, name: str) -> str:
        """`name` itself, or with ` (2)`, ` (3)` before its extension; a trailing `/` marks an empty directory."""
        folder, slash, last = name.rpartition("/")
        if last and (not slash or folder in self._settled):
            key = self._key(name)
            if key not in self._taken and key not in self._folders:
                self._taken.add(key)
                return name
        slash = "/" if slash and not last else ""
        wanted = self._free_folder(name.removesuffix("/"))
        candidate, number = wanted, 1
        while self._key(candidate) in self._taken or self._key(candidate) in self._folders:
            number += 1
            candidate = numbered(wanted, number)
        self._taken.add(self._key(candidate))
        folder = candidate.rpartition("/")[0]
        while folder and self._key(folder) not in self._folders:
            self._folders.add(self._key(folder))
            folder = folder.rpartition("/")[0]
        # a folder of this name stays what it is: no file gets its name any more
        self._settled.add(candidate.rpartition("/")[0])
        return candidate + slash

    def _free_folder(self, name: str) -> str:
        """A folder that some file already is gets a number itself, so that the file stays reachable."""
        parts = name.split("/")
        for depth in range(1, len(parts)):
            folder, number = "/".join(parts[:depth]), 1
            candidate = folder
            while self._key(candidate) in self._taken:
                number += 1
                candidate = numbered(folder, number)
            parts[:depth] = candidate.split("/")
        return "/".join(parts)

    @staticmethod
    def _key(name: str) -> str:
        return name if name.isascii() and name.islower() else unicodedata.normalize("NFC", name).casefold()


def numbered(name: str, number: int) -> str:
    """`a/b.txt` with 2 is `a/b (2).txt`; the segment still fits its limit."""
    folder, slash, base = name.rpartition("/")
    stem, dot, extension = base.rpartition(".")
    if not stem:
        stem, dot, extension = base, "", ""
    mark = f" ({number})"
    room = SEGMENT_BYTES - len((mark + dot + extension).encode())
    stem = stem.encode()[:room].decode(errors="ignore")
    return f"{folder}{slash}{stem}{mark}{dot}{extension}"
