"""An archive in parts: independent ZIPs under a limit, each with a manifest of its own members as its last member."""

import tempfile
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import msgspec

from exeunt.archives.body import Body
from exeunt.archives.index import SPOOL, BodyFacts
from exeunt.archives.packs import Entry, MemberWriter, PackIndex, PackWriter
from exeunt.archives.zips import EMPTY, Content, ZipWriter
from exeunt.errors import ExeuntError

_encode = msgspec.json.Encoder().encode


class Limits(msgspec.Struct, frozen=True):
    """What one part may hold at most; a single larger member gets a part of its own."""

    part_bytes: int = 4_000_000_000
    part_members: int = 65_000


class TooBig(ExeuntError):
    """A single member does not fit a part, and the layout refuses larger ones."""


class ManifestForm(msgspec.Struct, frozen=True):
    """How a layout words its manifest. `head` stands at the top of every part's manifest.

    Each member is listed as `{name_key, size, crc32, sha256, source_id}`; a nested archive has `etag` for `sha256`.
    Without `numbered` it does not say which part of how many this is. `tail` stands at the end.
    """

    head: dict[str, Any]
    list_key: str = "members"
    name_key: str = "name"
    numbered: bool = True
    tail: dict[str, Any] = {}


class Part(msgspec.Struct, frozen=True):
    """A sealed part. `number` counts from 1; `index` is where its index file lies."""

    number: int
    name: str
    index: Path
    facts: BodyFacts
    members: int


class ArchiveWriter:
    """Adds members in order, opening a new part whenever the next one would pass a limit.

    `folder` takes the index files and, as one pack under `pack_key`, the manifests. Memory holds one part's names.
    """

    def __init__(
        self,
        folder: Path,
        pack_key: str,
        base: str,
        form: ManifestForm,
        *,
        when: datetime,
        limits: Limits | None = None,
        merge: bool = True,
    ) -> None:
        self._folder, self._base, self._form, self._when = folder, base, form, when
        self._limits = limits or Limits()
        self._merge = merge
        self._pack = PackWriter(folder / "manifests.pack", pack_key)
        self._parts: list[_OpenPart] = []

    def __enter__(self) -> "ArchiveWriter":
        return self

    def __exit__(self, *exc: object) -> None:
        for part in self._parts:
            part.release()
        self._pack.__exit__(*exc)

    def add(self, name: str, content: Content, when: datetime | None = None, source_id: str = "") -> str:
        """Append a member; returns the name it got."""
        part = self._part_for(name, content)
        name = part.zip.add(name, content, when or self._when)
        part.list(name, content, source_id)
        return name

    def entry(self, pack: PackIndex, entry: Entry, when: datetime | None = None) -> str:
        """Append a member that lies whole in a pack."""
        part = pack.slice_of(entry)
        content = Content((part,) if part.length else (), entry.size, entry.crc32, entry.sha256, entry.method)
        return self.add(entry.name, content, when, entry.source_id)

    def folder(self, name: str) -> None:
        """Append an empty folder; `name` ends in `/`. The manifest lists what has bytes, so not this."""
        self._part_for(name, EMPTY).zip.add(name, EMPTY, self._when)

    def nest(self, name: str, inner: Body, when: datetime | None = None) -> str:
        """Append a sealed archive as one stored member."""
        content = Content((), inner.length, inner.facts.crc32, None, etag=inner.etag)
        part = self._part_for(name, content, inner.length)
        name = part.zip.nest(name, inner, when or self._when)
        part.list(name, content, "")
        return name

    def list_only(self, name: str, content: Content, source_id: str = "") -> None:
        """Name a member of a nested archive (`outer.zip!/name`) in the manifest of the open part."""
        self._open().list(name, content, source_id)

    def missing(self, item: dict[str, Any]) -> None:
        """Name something that could not be had, with its reason, in the manifest of the open part."""
        self._open().miss(item)

    def _open(self) -> "_OpenPart":
        if not self._parts or self._parts[-1].closed:
            self._parts.append(_OpenPart(self._folder, len(self._parts) + 1, self._form))
        return self._parts[-1]

    def _part_for(self, name: str, content: Content, nested: int = 0) -> "_OpenPart":
        part = self._open()
        grown = part.length + ZipWriter.cost(name, content) + nested + LISTING_COST + 4 * len(name)
        full = grown > self._limits.part_bytes or part.zip.members + 2 > self._limits.part_members
        if full and part.zip.members:
            part.close()
            part = self._open()
        return part

    def seal(self, counts: dict[str, Any]) -> list[Part]:
        """Write the manifests, seal every part, and return them in order. At least one part comes out."""
        self._open()
        single = len(self._parts) == 1
        for part in self._parts:
            name = "manifest.json" if single or not self._merge else f"manifest-{part.number:04d}.json"
            with self._pack.member(name) as member:
                part.write_manifest(member, counts, len(self._parts))
        pack = self._pack.seal()
        return [
            part.seal(pack, entry, f"{self._base}.zip" if single else f"{self._base}-{part.number:04d}.zip", self._when)
            for part, entry in zip(self._parts, pack.entries, strict=True)
        ]


LISTING_COST = 256
"""An upper bound of a member's line in the manifest, beside its name."""


class _OpenPart:
    def __init__(self, folder: Path, number: int, form: ManifestForm) -> None:
        self.number, self._form = number, form
        self._path = folder / f"part-{number:04d}.body"
        self.zip = ZipWriter(self._path)
        self._listing = tempfile.TemporaryFile(dir=folder, buffering=SPOOL)
        self._missing = tempfile.TemporaryFile(dir=folder, buffering=SPOOL)
        self._listed = self._missed = 0
        self.closed = False

    @property
    def length(self) -> int:
        return self.zip.length + self._listed + self._missed + 4096

    def list(self, name: str, content: Content, source_id: str) -> None:
        line: dict[str, Any] = {self._form.name_key: name, "size": content.size, "crc32": f"{content.crc32:08x}"}
        if content.sha256 is not None:
            line["sha256"] = content.sha256.hex()
        else:
            line["etag"] = content.etag
        if source_id:
            line["source_id"] = source_id
        self._listed += _append(self._listing, self._listed, line)

    def miss(self, item: dict[str, Any]) -> None:
        self._missed += _append(self._missing, self._missed, item)

    def close(self) -> None:
        """Take no more members; the names are no longer needed."""
        self.closed = True
        self.zip.forget_names()

    def write_manifest(self, member: MemberWriter, counts: dict[str, Any], parts: int) -> None:
        place = {"part": self.number, "parts": parts} if self._form.numbered else {}
        head = {"manifest_version": 1, **self._form.head, **place, "counts": counts}
        member.write(msgspec.json.encode(head)[:-1] + b',"' + self._form.list_key.encode() + b'":[\n')
        _copy(self._listing, member)
        member.write(b'\n],"missing":[\n')
        _copy(self._missing, member)
        tail = b"," + msgspec.json.encode(self._form.tail)[1:-1] if self._form.tail else b""
        member.write(b"\n]" + tail + b"}\n")

    def seal(self, pack: PackIndex, manifest: Entry, name: str, when: datetime) -> Part:
        content = Content((pack.slice_of(manifest),), manifest.size, manifest.crc32, manifest.sha256, manifest.method)
        self.zip.add(manifest.name, content, when)
        facts = self.zip.seal()
        self.release()
        return Part(self.number, name, self._path, facts, self.zip.members)

    def release(self) -> None:
        self._listing.close()
        self._missing.close()
        self.zip.__exit__(None, None, None)


def _append(spool: IO[bytes], so_far: int, item: dict[str, Any]) -> int:
    """Append a line after so many bytes, which are counted: asking the file costs a system call for each line."""
    line = _encode(item)
    return spool.write(b",\n" + line if so_far else line)


def _copy(spool: IO[bytes], member: MemberWriter) -> None:
    spool.seek(0)
    while piece := spool.read(1 << 20):
        member.write(piece)
