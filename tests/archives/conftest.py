"""Blobs and archives small enough to look at."""

import hashlib
import os
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from exeunt.archives.body import Body
from exeunt.archives.extents import Blob, Slice, whole
from exeunt.archives.reading import BodyReader
from exeunt.archives.zips import Content, ZipWriter
from exeunt.blobs.store import BlobStore
from exeunt.storage.folder import Folder

WHEN = datetime(2021, 3, 25, 7, 30, 23, tzinfo=UTC)


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(Folder(tmp_path / "blobs"))


@pytest.fixture
def held(blobs: BlobStore) -> Callable[[bytes], Content]:
    """Keep a body and describe it as a stored member."""

    def keep(data: bytes) -> Content:
        blob = blobs.put("acme", [data] if data else [])
        slices = whole(Blob(blob.key, bytes.fromhex(blob.sha256), blob.size), blob.crc32)
        return Content(slices, len(data), zlib.crc32(data), hashlib.sha256(data).digest())

    return keep


@pytest.fixture
def zipped(tmp_path: Path) -> Callable[..., Body]:
    """Seal an archive of (name, content) pairs."""

    def seal(*members: tuple[str, Content], when: datetime = WHEN, name: str = "zip.body") -> Body:
        with ZipWriter(tmp_path / name) as writer:
            for member, content in members:
                writer.add(member, content, when)
            writer.seal()
        return Body(tmp_path / name)

    return seal


def read_all(body: Body, blobs: BlobStore) -> bytes:
    """Every byte of a Body, from its extents."""
    with BodyReader(body, blobs) as reader:
        return reader.read()


def random_bytes(size: int) -> bytes:
    return os.urandom(size)


def slice_of(content: Content, offset: int, length: int, data: bytes) -> Slice:
    """A stretch of a stored member with its own CRC-32."""
    return Slice(content.slices[0].blob, offset, length, zlib.crc32(data[offset : offset + length]))
