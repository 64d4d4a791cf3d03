"""Checking a downloaded archive against the manifest it carries."""

import hashlib
import re
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import msgspec

from exeunt.errors import InvalidInput

_MANIFEST = re.compile(r"(.*/)?manifest(-\d{4,})?( \(\d+\))?\.json")


class Result(msgspec.Struct):
    """How many members were checked, and what is wrong, a sentence each."""

    checked: int = 0
    problems: list[str] = []


def verify_archive(path: Path) -> Result:
    """Compare every member with the manifest. Raises `InvalidInput` when the file is no archive with a manifest."""
    result = Result()
    try:
        with zipfile.ZipFile(path) as archive:
            _verify(archive, "", _listed(archive), result)
    except (zipfile.BadZipFile, OSError) as error:
        raise InvalidInput(f"{path} cannot be read as a ZIP: {error}") from error
    return result


def _listed(archive: zipfile.ZipFile) -> dict[str, dict[str, Any]]:
    """What the manifest lists, by name; the manifest itself is not in it."""
    names = [name for name in archive.namelist() if _MANIFEST.fullmatch(name)]
    if not names:
        raise InvalidInput(f"{archive.filename} carries no manifest")
    try:
        manifest = msgspec.json.decode(archive.read(names[-1]), type=dict[str, Any])
        lines = manifest.get("members", manifest.get("entries"))
        return {line["name"] if "name" in line else line["path"]: line for line in lines or []}
    except (msgspec.DecodeError, zipfile.BadZipFile, zlib.error, KeyError, TypeError) as error:
        raise InvalidInput(f"the manifest of {archive.filename} cannot be read: {error}") from error


def _verify(archive: zipfile.ZipFile, prefix: str, listed: dict[str, dict[str, Any]], result: Result) -> None:
    present = set()
    for info in archive.infolist():
        name = prefix + info.filename
        present.add(name)
        if info.is_dir() or (not prefix and _MANIFEST.fullmatch(info.filename)):
            continue
        if name not in listed:
            result.problems.append(f"{name} is not in the manifest")
            continue
        result.checked += 1
        try:
            with archive.open(info) as member:
                _compare(name, listed[name], member, result)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            result.problems.append(f"{name} cannot be read: {error}")
            continue
        if any(other.startswith(f"{name}!/") for other in listed):
            _verify_nested(archive, info, name, listed, result)
    mine = [name for name in listed if name.startswith(prefix) and _level(name, prefix)]
    result.problems += [f"{name} is missing" for name in mine if name not in present]


def _level(name: str, prefix: str) -> bool:
    """Whether the name belongs to this archive and not to one inside it."""
    return "!/" not in name[len(prefix) :]


def _verify_nested(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, listed: dict[str, dict[str, Any]], result: Result
) -> None:
    try:
        with archive.open(info) as member, zipfile.ZipFile(member) as inner:
            _verify(inner, f"{name}!/", listed, result)
    except zipfile.BadZipFile as error:
        result.problems.append(f"{name} cannot be read as a ZIP: {error}")


def _compare(name: str, line: dict[str, Any], member: IO[bytes], result: Result) -> None:
    digest, size, crc = hashlib.sha256(), 0, 0
    while piece := member.read(1 << 20):
        digest.update(piece)
        size += len(piece)
        crc = zlib.crc32(piece, crc)
    if size != line["size"]:
        result.problems.append(f"{name} has {size} bytes, the manifest says {line['size']}")
    elif "sha256" in line and digest.hexdigest() != line["sha256"]:
        result.problems.append(f"{name} has SHA-256 {digest.hexdigest()}, the manifest says {line['sha256']}")
    elif "sha256" not in line and f"{crc:08x}" != line.get("crc32"):
        result.problems.append(f"{name} has CRC-32 {crc:08x}, the manifest says {line.get('crc32')}")
