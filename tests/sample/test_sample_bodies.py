"""File bodies are what their names say."""

import io
import json
import struct
import wave
import zipfile
import zlib
from random import Random
from xml.etree import ElementTree

import pytest

from exeunt.sample import bodies, documents, pictures


def prose(sentences: int) -> str:
    return "\n".join(f"Line {number}: 3 < 5 & größer (really)" for number in range(sentences))


def test_png_rows_inflate_to_the_announced_size() -> None:
    data = pictures.png(Random(1), 33, 21)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, chunks = 8, {}
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        kind, payload = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        assert struct.unpack_from(">I", data, at + 8 + size)[0] == zlib.crc32(kind + payload)
        chunks[kind] = payload
        at += 12 + size
    assert struct.unpack(">II", chunks[b"IHDR"][:8]) == (33, 21)
    assert len(chunks[b"PLTE"]) == 768
    assert len(zlib.decompress(chunks[b"IDAT"])) == 21 * 34


def test_jpeg_has_its_segments_and_a_code_for_every_tile() -> None:
    data = pictures.jpeg(Random(1), 40, 24)
    at, kinds = 2, []
    while data[at + 1] != 0xDA:
        kinds.append(data[at + 1])
        at += 2 + struct.unpack_from(">H", data, at + 2)[0]
    assert kinds == [0xE0, 0xDB, 0xC0, 0xC4, 0xC4]
    scan = data[at + 2 + struct.unpack_from(">H", data, at + 2)[0] : -2].replace(b"\xff\x00", b"\xff")
    bits = "".join(f"{byte:08b}" for byte in scan)
    prefixes = {"00": 0, "010": 1, "011": 2, "100": 3, "101": 4, "110": 5, "1110": 6, "11110": 7, "111110": 8}
    at, values = 0, []
    for _ in range(5 * 3 * 3):
        length = next(length for length in range(2, 7) if bits[at : at + length] in prefixes)
        size = prefixes[bits[at : at + length]]
        word = bits[at + length : at + length + size]
        values.append(0 if not size else int(word, 2) if word[0] == "1" else int(word, 2) - (1 << size) + 1)
        at += length + size
        assert bits[at] == "0"
        at += 1
    assert set(bits[at:]) <= {"1"}
    assert len(bits) - at < 8
    light = [sum(values[: index + 1 : 3]) for index in range(0, len(values), 3)]
    assert all(-128 <= level <= 127 for level in light)


def test_gif_codes_stay_three_bits_wide() -> None:
    data = pictures.gif(Random(1), 12, 8)
    assert data[:6] == b"GIF89a"
    assert struct.unpack_from("<HH", data, 6) == (12, 8)
    at = 13 + 12 + 10 + 1
    packed = b""
    while data[at]:
        packed += data[at + 1 : at + 1 + data[at]]
        at += 1 + data[at]
    bits = "".join(f"{byte:08b}"[::-1] for byte in packed)
    codes = [int(bits[place : place + 3][::-1], 2) for place in range(0, len(bits) - 2, 3)]
    codes = codes[: codes.index(5)]
    assert codes[::3] == [4] * 48
    assert len([code for code in codes if code < 4]) == 12 * 8


def test_documents_open() -> None:
    rng = Random(2)
    assert ElementTree.fromstring(pictures.svg(rng, 64, 40)).tag.endswith("svg")
    assert json.loads(documents.structured(rng, prose(2)))["version"] == 3
    with wave.open(io.BytesIO(documents.wave(rng, 0.5))) as sound:
        assert (sound.getframerate(), sound.getnframes()) == (8000, 4000)
    for made, part in ((documents.letter(prose(3)), "word/document.xml"), (documents.sheet(rng, 4), "xl/sheet1.xml")):
        with zipfile.ZipFile(io.BytesIO(made)) as office:
            assert office.testzip() is None
            for name in office.namelist():
                ElementTree.fromstring(office.read(name))
            assert part in office.namelist()


def test_pdf_offsets_point_at_their_objects() -> None:
    data = documents.pdf(prose(60))
    start = int(data.rpartition(b"startxref\n")[2].split(b"\n")[0])
    assert data[start : start + 5] == b"xref\n"
    for number, entry in enumerate(data[start:].split(b"\n")[3:8], start=1):
        assert data[int(entry[:10]) :].startswith(b"%d 0 obj" % number)


@pytest.mark.parametrize("size", [0, 1, 64, 1 << 20, (1 << 20) + 1, 2_500_000])
def test_readings_are_exactly_as_long_as_asked(size: int) -> None:
    chunks = list(documents.readings(size))
    assert sum(map(len, chunks)) == size
    assert all(len(chunk) <= 1 << 20 for chunk in chunks)
    assert len(set(chunks)) == len(chunks)


@pytest.mark.parametrize("index", range(len(bodies.ODD_NAMES)))
def test_odd_files_have_the_announced_size(index: int) -> None:
    body = bodies.odd(index, Random(index), prose)
    assert body.name == bodies.ODD_NAMES[index]
    assert sum(map(len, body.chunks)) == body.size
    assert "/" not in body.name
    assert len(body.name.encode()) <= 255
