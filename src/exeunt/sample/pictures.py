"""Small pictures that every viewer opens, encoded here: a seascape as PNG, GIF or SVG, a mosaic as JPEG.

Widths and heights are pixels.
"""

import struct
from functools import cache
from math import sin
from random import Random

from isal import isal_zlib

_JPEG_SIZES = bytes((0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0))
"""How many of the DC codes have 1, 2, … 16 bits; the codes stand for the categories 0 to 11 in that order."""


def png(rng: Random, width: int, height: int) -> bytes:
    """Sky and waves in 256 colours, a little noise in the two lowest bits."""
    palette = bytearray()
    for shade in range(128):
        palette += bytes((150 + shade * 100 // 128, 190 + shade // 2, 235))
    for shade in range(128):
        palette += bytes((10 + shade // 4, 60 + shade // 2, 90 + shade))
    raw = bytearray()
    noise_mask = int.from_bytes(b"\x03" * width, "big")
    levels = bytes(_waves(rng, width, 255))
    for y in range(height):
        sky, above = y * 124 // height & 0x7C, y * 255 // height + 1
        row = levels.translate(bytes((128 + sky,)) * above + bytes((sky,)) * (256 - above))
        noisy = int.from_bytes(row, "big") ^ (rng.getrandbits(8 * width) & noise_mask)
        raw += b"\0" + noisy.to_bytes(width, "big")
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    packed = isal_zlib.compress(bytes(raw), 2)
    chunks = ((b"IHDR", header), (b"PLTE", bytes(palette)), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", isal_zlib.crc32(kind + data))
        for kind, data in chunks
    )


def jpeg(rng: Random, width: int, height: int) -> bytes:
    """A baseline JPEG of flat tiles, eight pixels each: only the DC coefficients are written."""
    across, down = (width + 7) // 8, (height + 7) // 8
    bits = []
    previous = [0, 0, 0]
    phases = [rng.uniform(0, 6) for _ in range(4)]
    columns = [(int(70 * sin(x / 9 + phases[0])), int(30 * sin(x / 15 + phases[1])) + 12) for x in range(across)]
    for y in range(down):
        light, red = int(40 * sin(y / 5 + phases[2])), int(30 * sin(y / 12 + phases[3])) - 8
        for column, blue in columns:
            tile = (column + light + rng.getrandbits(3), blue, red)
            for component, value in enumerate(tile):
                bits.append(_dc_code(value - previous[component]) + "0")
                previous[component] = value
    stream = "".join(bits)
    stream += "1" * (-len(stream) % 8)
    scan = int(stream, 2).to_bytes(len(stream) // 8, "big").replace(b"\xff", b"\xff\x00")
    frame = struct.pack(">BHHB", 8, height, width, 3) + bytes((1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0))
    return b"".join((
        b"\xff\xd8",
        _segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
        _segment(0xDB, b"\0" + b"\x08" * 64),
        _segment(0xC0, frame),
        _segment(0xC4, b"\x00" + _JPEG_SIZES + bytes(range(12))),
        _segment(0xC4, b"\x10\x01" + bytes(15) + b"\x00"),
        _segment(0xDA, bytes((3, 1, 0, 2, 0, 3, 0, 0, 63, 0))),
        scan,
        b"\xff\xd9",
    ))  # fmt: skip


def gif(rng: Random, width: int, height: int) -> bytes:
    """Four colours, one frame; the codes are never longer than three bits because the table is cleared in time."""
    levels = _waves(rng, width, height)
    bits = []
    for index in range(width * height):
        if index % 2 == 0:
            bits.append("001")  # reversed 4: clear
        y, x = divmod(index, width)
        bits.append(("000", "100", "010", "110")[(2 if y >= levels[x] else 0) + (x + y) % 2])
    bits.append("101")
    stream = "".join(bits)
    stream += "0" * (-len(stream) % 8)
    packed = int(stream[::-1], 2).to_bytes(len(stream) // 8, "little")
    blocks = b"".join(bytes((len(packed[at : at + 255]),)) + packed[at : at + 255] for at in range(0, len(packed), 255))
    colours = bytes((190, 215, 240, 200, 225, 245, 20, 80, 120, 30, 95, 140))
    screen = struct.pack("<HHBBB", width, height, 0x91, 0, 0)
    return (
        b"GIF89a" + screen + colours + b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02" + blocks + b"\0;"
    )


def svg(rng: Random, width: int, height: int) -> bytes:
    """A curve of the tide over a day."""
    points = " ".join(f"{x * 8},{level}" for x, level in enumerate(_waves(rng, width // 8, height)))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}">\n  <title>Tide &amp; time</title>\n'
        f'  <polyline fill="none" stroke="#14507a" stroke-width="2" points="{points}"/>\n</svg>\n'
    ).encode()


def _waves(rng: Random, width: int, height: int) -> list[int]:
    phase, steep = rng.uniform(0, 6), rng.uniform(8, 40)
    return [int(height * (0.55 + 0.12 * sin(x / steep + phase) + 0.05 * sin(x / 7 + phase))) for x in range(width)]


def _segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


@cache
def _dc_code(difference: int) -> str:
    category = abs(difference).bit_length()
    code = 0
    remaining = category
    for length, count in enumerate(_JPEG_SIZES, start=1):
        if remaining < count:
            prefix = f"{code + remaining:0{length}b}"
            break
        remaining -= count
        code = (code + count) << 1
    if not category:
        return prefix
    value = difference if difference > 0 else difference + (1 << category) - 1
    return prefix + f"{value:0{category}b}"
