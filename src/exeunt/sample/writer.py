"""Writes a ZIP archive straight to disk: fixed times, nothing held but one directory record a member."""

import json
import os
import struct
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
from isal import isal_zlib

from ..archives.zipfields import DEFLATED, STORED, MemberFields, end_records

_CRC_AT = struct.calcsize("<4sHHHHH")


def slack_json(value: Any) -> bytes:
    """JSON as Slack's exporter writes it: four spaces, `\\/` for a slash, only ASCII."""
    plain = json.dumps(value, separators=(",", ":")).replace("/", "\\/")
    return msgspec.json.format(plain.encode(), indent=4)


class ExportZip:
    """A context manager; the file appears under its name only when everything was written."""

    def __init__(self, path: Path, when: datetime, level: int = 1) -> None:
        """`when` is the time of every member, `level` (0 to 3) the effort of deflate."""
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._when = when
        self._level = level
        self._out = self._part.open("wb")
        self._directory = bytearray()
        self._entries = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            at = self._out.tell()
            self._out.write(self._directory)
            self._out.write(end_records(self._entries, len(self._directory), at))
        self._out.close()
        if kind is None:
            os.replace(self._part, self._path)
        else:
            self._part.unlink()

    def add(self, name: str, data: bytes) -> None:
        """A member, deflated when that makes it smaller."""
        packer = isal_zlib.compressobj(self._level, isal_zlib.DEFLATED, -15)
        packed = packer.compress(data) + packer.flush()
        method = DEFLATED
        if len(packed) >= len(data):
            packed, method = data, STORED
        fields = MemberFields(name.encode(), len(data), len(packed), isal_zlib.crc32(data), method, self._when)
        self._record(fields)
        self._out.write(fields.local())
        self._out.write(packed)

    def stream(self, name: str, size: int, chunks: Iterable[bytes]) -> None:
        """A stored member of `size` bytes that come in pieces; its checksum is put in afterwards."""
        fields = MemberFields(name.encode(), size, size, 0, STORED, self._when)
        at = self._out.tell()
        self._out.write(fields.local())
        crc = 0
        for chunk in chunks:
            crc = isal_zlib.crc32(chunk, crc)
            self._out.write(chunk)
        end = self._out.tell()
        self._out.seek(at + _CRC_AT)
        self._out.write(struct.pack("<I", crc))
        self._out.seek(end)
        fields.crc32 = crc
        self._record(fields, at)

    def _record(self, fields: MemberFields, at: int | None = None) -> None:
        self._directory += fields.central(self._out.tell() if at is None else at)
        self._entries += 1
