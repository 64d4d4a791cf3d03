"""What a shard tells the assembly: small facts in its pack, under names that start with a dot and reach no archive."""

from typing import Any, TypeVar

import msgspec
from isal import isal_zlib

from exeunt.archives.packs import Entry, PackIndex, PackWriter
from exeunt.errors import Damaged
from exeunt.layouts.job import Job

NAME = ".facts"

T = TypeVar("T")


def write_facts(pack: PackWriter, facts: Any, name: str = NAME) -> None:
    """Keep a value for the assembly, as MessagePack."""
    pack.add(name, msgspec.msgpack.encode(facts))


def read_facts(job: Job, pack: PackIndex, kind: type[T], name: str = NAME) -> T:
    """What `write_facts` kept under this name. Raises `Damaged` when the pack no longer holds it."""
    entry = next((entry for entry in pack.entries if entry.name == name), None)
    if entry is None:
        raise Damaged(f"{pack.blob.key} holds no {name}")
    packed = job.blobs.pread(pack.blob.key, entry.offset, entry.packed)
    data = isal_zlib.decompressobj(-15).decompress(packed)
    if isal_zlib.crc32(data) != entry.crc32:
        raise Damaged(f"{name} of {pack.blob.key} is not what was written")
    return msgspec.msgpack.decode(data, type=kind)


def members(pack: PackIndex) -> list[Entry]:
    """The entries of a pack that are meant for an archive, in the order written."""
    return [entry for entry in pack.entries if not entry.name.startswith(".")]
