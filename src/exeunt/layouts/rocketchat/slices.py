"""One member out of the slices that shards wrote: joined without copying, its SHA-256 taken in order."""

import hashlib
from collections.abc import Callable, Iterable, Sequence

from isal import isal_zlib

from exeunt.archives.packs import Entry, PackIndex
from exeunt.archives.zips import Content, joined
from exeunt.blobs.store import BlobStore
from exeunt.errors import Damaged

Slices = Sequence[tuple[PackIndex, Entry]]


def slices_of(packs: Iterable[PackIndex], name: str) -> list[tuple[PackIndex, Entry]]:
    """The slices that go by this name, in the order of the packs."""
    return [(pack, entry) for pack in packs for entry in pack.entries if entry.name == name]


def joined_content(blobs: BlobStore, slices: Slices, alive: Callable[[], None]) -> Content:
    """The content of a member that is all these slices in a row. `alive` is called now and then.

    The hash of a whole cannot be combined from those of its parts, so several are inflated once for it.
    """
    if len(slices) == 1:
        sha256 = slices[0][1].sha256
    else:
        digest = hashlib.sha256()
        for pack, entry in slices:
            alive()
            _hash(blobs, pack, entry, digest)
        sha256 = digest.digest()
    stored = [pack.slice_of(entry) for pack, entry in slices]
    return joined(stored, [(entry.size, entry.crc32) for _, entry in slices], sha256)


def _hash(blobs: BlobStore, pack: PackIndex, entry: Entry, digest: "hashlib._Hash") -> None:
    inflate, crc = isal_zlib.decompressobj(-15), 0
    part = pack.slice_of(entry)
    for piece in blobs.read(part.blob, part.offset, part.length) if part.length else ():
        data = inflate.decompress(piece)
        crc = isal_zlib.crc32(data, crc)
        digest.update(data)
    if crc != entry.crc32:
        raise Damaged(f"{entry.name} of {pack.blob.key} is not what was written")
