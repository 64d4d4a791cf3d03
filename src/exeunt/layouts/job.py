"""What a layout is given and what it gives back: the seam between exports and layouts."""

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from exeunt.archives.extents import Blob
from exeunt.archives.index import BodyFacts
from exeunt.archives.packs import PackIndex, PackWriter
from exeunt.archives.parts import ArchiveWriter, Limits, ManifestForm, Part
from exeunt.blobs.store import BlobStore, held_key, made_prefix
from exeunt.lake.selection import Group, Selection
from exeunt.lake.view import View


class ShardPlan(msgspec.Struct, frozen=True):
    """What one shard renders. `number` counts from 1; `view` is the place of its workspace in `Job.views`.

    `extra` is the layout's own (a batch of people, say), made of plain values.
    """

    number: int
    view: int = 0
    groups: tuple[Group, ...] = ()
    extra: dict[str, Any] = {}

    @property
    def rows(self) -> int:
        return sum(group.rows for group in self.groups)


class Output(msgspec.Struct, frozen=True):
    """One thing to download. `index` is its sealed index file; `role` says what it is for (`archive`, `metadata`)."""

    part: int
    role: str
    name: str
    content_type: str
    index: Path
    facts: BodyFacts
    members: int


class Job:
    """One export at work. The same for every shard and for the assembly, in whatever process they run."""

    def __init__(
        self,
        *,
        export_id: str,
        api: str,
        layout: str,
        requested_by: str,
        created_at: datetime,
        selection: Selection,
        options: Any,
        views: tuple[View, ...],
        blobs: BlobStore,
        place: str,
        shard_rows: int,
        part_bytes: int,
        public_url: str,
        progress: Callable[[int, int], None],
        show: Callable[[dict[str, int]], None] = lambda counts: None,
    ) -> None:
        self.export_id = export_id
        self.api = api
        self.layout = layout
        self.requested_by = requested_by
        self.created_at = created_at
        self.selection = selection
        self.options = options
        self.views = views
        self.blobs = blobs
        self.place = f"{made_prefix(export_id)}/{place}".rstrip("/")
        self.folder: Path = blobs.path(self.place)
        self.counts: dict[str, int] = {}
        self.shard_rows = shard_rows
        self.part_bytes = part_bytes
        self.public_url = public_url
        self.progress = progress
        """Called now and then with (messages, bytes) rendered since the last call; raises when the export has ended."""
        self._show, self._files, self._file_bytes = show, 0, 0

    def count(self, word: str, number: int) -> None:
        """Set one of the export's counts (`files`, `file_bytes`, …) while assembling; packs bring their own."""
        self.counts[word] = self.counts.get(word, 0) + number

    def placed(self, files: int, size: int) -> None:
        """So many more files, of `size` bytes together, lie in an archive. For a layout without shards, which has
        counted all of them before: this is how far it is."""
        self._files, self._file_bytes = self._files + files, self._file_bytes + size
        self.progress(0, 0)
        total = self.counts.get("file_bytes", 0)
        self._show(self.counts | {"files": self._files, "file_bytes": self._file_bytes, "file_bytes_total": total})

    @property
    def view(self) -> View:
        """The only workspace of an export that has one."""
        (view,) = self.views
        return view

    def key(self, name: str) -> str:
        """The blob key of something this export makes."""
        return f"{self.place}/{name}"

    def pack(self, name: str) -> PackWriter:
        """A pack of generated members, for the assembly; `name` is unique in the export and the same in every run."""
        return PackWriter(self.folder / f"{name}.pack", self.key(f"{name}.pack"))

    def archive(self, base: str, form: ManifestForm, *, limits: Limits | None = None, merge: bool = True,
                name: str = "parts", when: datetime | None = None) -> ArchiveWriter:  # fmt: skip
        """An archive in parts. Generated members bear the time the export was asked for, or `when`."""
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        limits = limits or Limits(part_bytes=self.part_bytes)
        key = self.key(f"{name}/manifests.pack")
        return ArchiveWriter(folder, key, base, form, when=when or self.created_at, limits=limits, merge=merge)

    def held(self, view: View, sha256: str, size: int) -> Blob:
        """The blob of a held file body by its hex SHA-256."""
        return Blob(held_key(view.workspace.id, sha256), bytes.fromhex(sha256), size)


def archive_outputs(parts: Iterable[Part]) -> list[Output]:
    """Sealed ZIP parts as outputs."""
    return [Output(p.number, "archive", p.name, "application/zip", p.index, p.facts, p.members) for p in parts]


class Layout(msgspec.Struct, frozen=True):
    """A shape of archive. All functions are deterministic: the same job gives the same bytes, however often.

    `plan` cuts the selection into shards, from statistics alone. `render` writes one shard's members into a pack.
    `assemble` gets the packs in shard order and gives back what can be downloaded.
    """

    name: str
    plan: Callable[[Job], list[ShardPlan]]
    render: Callable[[Job, ShardPlan, PackWriter], None]
    assemble: Callable[[Job, list[PackIndex]], list[Output]]
