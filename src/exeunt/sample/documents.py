"""Documents, tables, sound and archives with valid bytes, made from sentences. Sizes are bytes."""

import io
import json
import struct
import zipfile
from collections.abc import Iterator
from html import escape
from math import sin
from random import Random

_OLD = (1980, 1, 1, 0, 0, 0)
_OFFICE = "http://schemas.openxmlformats.org"
CHUNK = 1 << 20
_LINE = 64


def text(lines: str, repeat: int) -> bytes:
    """Plain paragraphs with numbers in front."""
    return "".join(f"{number}. {lines}\n\n" for number in range(1, repeat + 1)).encode()


def markdown(lines: str) -> bytes:
    """A heading, a list and a table."""
    items = "\n".join(f"- {line}" for line in lines.split("\n"))
    return f"# Notes\n\n{items}\n\n| station | mm |\n|---|---|\n| LX-04 | 2314 |\n".encode()


def table(rng: Random, rows: int) -> bytes:
    """CSV of readings; some cells hold quotes, commas and line breaks, some begin like formulas."""
    out = ["taken_at,station,level_mm,battery_v,remark"]
    remarks = ("", "", "", "", '"calm, clear"', '"he said ""late"""', "=1+1", "-", '"two\nlines"', "ørken")
    for row in range(rows):
        minute = row * 10
        moment = (
            f"2026-0{1 + minute // 40320 % 9}-{1 + minute // 1440 % 28:02d}T{minute // 60 % 24:02d}:{minute % 60:02d}Z"
        )
        level = int(2000 + 900 * sin(row / 74)) + rng.randrange(-9, 10)
        out.append(f"{moment},LX-{row % 7:02d},{level},{11.5 + row % 20 / 10:.1f},{rng.choice(remarks)}")
    return "\r\n".join(out).encode() + b"\r\n"


def structured(rng: Random, lines: str) -> bytes:
    """JSON with every kind of value."""
    readings = [{"mm": rng.randrange(4000), "ok": rng.random() < 0.9, "flag": None} for _ in range(60)]
    return json.dumps({"note": lines, "version": 3, "scale": 0.25, "readings": readings}, ensure_ascii=False).encode()


def page(lines: str) -> bytes:
    """HTML with a script, as people share it."""
    body = "\n".join(f"<p>{escape(line)}</p>" for line in lines.split("\n"))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>Tide report</title>\n'
        '<script>document.title = "Tide <report>";</script></head>\n'
        f"<body>\n<h1>Tide report</h1>\n{body}\n</body>\n</html>\n"
    ).encode()


def mail(lines: str) -> bytes:
    """A message as RFC 5322 writes it."""
    return (
        "From: Harbour Office <harbour@example.org>\r\nTo: gauges@example.org\r\nSubject: Re: the gauge\r\n"
        "Date: Mon, 05 Jan 2026 09:12:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 8bit\r\n\r\n" + lines.replace("\n", "\r\n") + "\r\n"
    ).encode()


def pdf(lines: str) -> bytes:
    """One page of Helvetica with a correct cross-reference table; letters outside Latin-1 become question marks."""
    shown = [line[:90].encode("latin-1", "replace") for line in lines.split("\n")[:48]]
    escaped = (line.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)") for line in shown)
    content = b"BT /F1 11 Tf 15 TL 50 790 Td\n" + b"".join(b"(" + line + b") Tj T*\n" for line in escaped) + b"ET"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources <</Font <</F1 5 0 R>>>> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    )
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table_at = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % table_at
    return bytes(out)


def wave(rng: Random, seconds: float) -> bytes:
    """A fog horn: 8-bit mono PCM, 8,000 samples a second."""
    pitch = rng.uniform(0.05, 0.2)
    one = bytes(128 + int(90 * sin(index * pitch) * sin(index / 2600)) for index in range(16_336))
    samples = (one * (int(seconds * 8000) // len(one) + 1))[: int(seconds * 8000)]
    samples += bytes(len(samples) % 2)
    form = struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8)
    head = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(samples))
    return b"RIFF" + struct.pack("<I", len(head) + len(samples)) + head + samples


def archive(members: dict[str, bytes]) -> bytes:
    """A ZIP file, stored, with fixed times."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as inner:
        for name, data in members.items():
            inner.writestr(zipfile.ZipInfo(name, _OLD), data)
    return buffer.getvalue()


def letter(lines: str) -> bytes:
    """A minimal .docx: one paragraph a line."""
    paragraphs = "".join(f"<w:p><w:r><w:t>{escape(line)}</w:t></w:r></w:p>" for line in lines.split("\n"))
    document = f'<w:document xmlns:w="{_OFFICE}/wordprocessingml/2006/main"><w:body>{paragraphs}</w:body></w:document>'
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    return archive(_office("word/document.xml", kind, document))


def sheet(rng: Random, rows: int) -> bytes:
    """A minimal .xlsx: two columns of numbers."""
    cells = "".join(
        f'<row r="{row}"><c r="A{row}"><v>{row}</v></c><c r="B{row}"><v>{rng.randrange(4000)}</v></c></row>'
        for row in range(1, rows + 1)
    )
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    book = (
        f'<workbook xmlns="{_OFFICE}/spreadsheetml/2006/main" xmlns:r="{_OFFICE}/officeDocument/2006/relationships">'
        '<sheets><sheet name="levels" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    members = _office("xl/workbook.xml", f"{kind}.sheet.main+xml", book, ("xl/sheet1.xml", f"{kind}.worksheet+xml"))
    members["xl/_rels/workbook.xml.rels"] = _relation("sheet1.xml", "worksheet")
    members["xl/sheet1.xml"] = _xml(
        f'<worksheet xmlns="{_OFFICE}/spreadsheetml/2006/main"><sheetData>{cells}</sheetData></worksheet>'
    )
    return archive(members)


def program(lines: str) -> bytes:
    """Begins like a program for Windows and does nothing: the header of a stub, then text."""
    return b"MZ" + bytes(58) + struct.pack("<I", 64) + b"This is not a program.\r\n$" + lines.encode()


def readings(size: int) -> Iterator[bytes]:
    """A log of `size` bytes in all, in chunks of at most 1 MiB that begin with their number; lines of 64 bytes."""
    lines = [
        f"00:{index // 60 % 60:02d}:{index % 60:02d} LX-04 level_mm={2000 + index * 37 % 900:05d} volt=12.{index % 10}"
        for index in range(CHUNK // _LINE)
    ]
    base = b"".join(line.ljust(_LINE - 1).encode() + b"\n" for line in lines)
    for number in range(-(-size // CHUNK)):
        head = f"# block {number:08d} of the raw archive".ljust(_LINE - 1).encode() + b"\n"
        chunk = head + base[_LINE:]
        yield chunk[: min(CHUNK, size - number * CHUNK)]


def _office(path: str, kind: str, document: str, *more: tuple[str, str]) -> dict[str, bytes]:
    parts = "".join(f'<Override PartName="/{name}" ContentType="{kind}"/>' for name, kind in ((path, kind), *more))
    types = (
        f'<Types xmlns="{_OFFICE}/package/2006/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{parts}</Types>'
    )
    members = {"[Content_Types].xml": _xml(types), "_rels/.rels": _relation(path, "officeDocument")}
    return members | {path: _xml(document)}


def _relation(target: str, kind: str) -> bytes:
    return _xml(
        f'<Relationships xmlns="{_OFFICE}/package/2006/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument/2006/relationships/{kind}" Target="{target}"/></Relationships>'
    )


def _xml(content: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{content}'.encode()
