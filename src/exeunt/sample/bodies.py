"""The files that people share: a deck of odd ones that always come, and any number of everyday ones."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random

from . import documents, pictures
from .snippets import SNIPPETS

Prose = Callable[[int], str]
"""Gives so many sentences, one a line."""


@dataclass(frozen=True, slots=True)
class FileKind:
    """What Slack calls a kind of file."""

    mimetype: str
    filetype: str
    pretty_type: str


KINDS = {
    "png": FileKind("image/png", "png", "PNG"),
    "jpg": FileKind("image/jpeg", "jpg", "JPEG"),
    "gif": FileKind("image/gif", "gif", "GIF"),
    "svg": FileKind("image/svg+xml", "svg", "SVG"),
    "txt": FileKind("text/plain", "text", "Plain Text"),
    "log": FileKind("text/plain", "text", "Plain Text"),
    "md": FileKind("text/markdown", "markdown", "Markdown (raw)"),
    "csv": FileKind("text/csv", "csv", "CSV"),
    "json": FileKind("application/json", "json", "JSON"),
    "html": FileKind("text/html", "html", "HTML"),
    "py": FileKind("text/x-python", "python", "Python"),
    "eml": FileKind("message/rfc822", "email", "Email"),
    "pdf": FileKind("application/pdf", "pdf", "PDF"),
    "wav": FileKind("audio/wav", "wav", "WAV"),
    "zip": FileKind("application/zip", "zip", "Zip"),
    "docx": FileKind(
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx", "Word Document"
    ),
    "xlsx": FileKind("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", "Excel Spreadsheet"),
    "exe": FileKind("application/octet-stream", "binary", "Binary"),
    "": FileKind("application/octet-stream", "binary", "Binary"),
}


@dataclass(frozen=True, slots=True)
class Body:
    """A file before anybody has shared it; `chunks` together hold `size` bytes."""

    name: str
    title: str
    kind: FileKind
    size: int
    chunks: Iterable[bytes]
    pixels: tuple[int, int] | None = None
    """Width and height of a picture."""
    snippet: str = field(default="", repr=False)
    """The text of a file that was written inside Slack."""


ODD_NAMES = (
    "Screen Shot 2026-01-19 at 11.10.32.png",
    "Größenänderung Gehäuse – Übersicht.pdf",
    "測定結果_東京湾_最終版.csv",
    "Отчёт по станции LX-04 (черновик).docx",
    "تقرير المحطة النهائي.txt",
    "דוח כיול.pdf",
    "अंशांकन पत्र.xlsx",
    "🌊🌊 big wave 🌊.jpg",
    "family 👨‍👩‍👧‍👦 at the lighthouse.png",
    "mixed שלום hello مرحبا.md",
    "What? When: 50% \"done\" <final> | v2*.txt",
    "tide-config-tool.exe",
    "empty.txt",
    "no extension",
    ".hidden.json",
    "trailing dot..log",
    "CON.txt",
    "=SUM(A1:A9).csv",
    "a'b & c; echo $HOME `whoami`.html",
    "image.png",
    "image.png",
    "IMAGE.PNG",
    "cafe\u0301 decomposed.jpg",
    "one two  three   spaces .md",
    "very long name " + "about the winter measurements in the outer harbour " * 4 + "end.pdf",
    "とても長い名前" + "の測定結果" * 12 + ".txt",
    "bundle of raw data.zip",
    "fog horn.wav",
    "fog horn, ten minutes.wav",
    "harbour plan.svg",
    "waves.gif",
    "Fwd: the gauge.eml",
    "sampler.py",
)  # fmt: skip
"""Each of these is shared once in every sample that has at least so many files."""

LARGE_NAME = "raw archive LX-04, complete.log"

_EVERYDAY = (
    ("png", 24), ("jpg", 20), ("pdf", 10), ("csv", 9), ("txt", 7), ("docx", 6), ("xlsx", 6), ("json", 4), ("log", 4),
    ("md", 3), ("html", 2), ("zip", 2), ("wav", 2), ("gif", 1), ("svg", 2), ("py", 3), ("eml", 1),
)  # fmt: skip
_STEMS = (
    "calibration", "harbour plan", "IMG", "tide table", "mooring", "Scan", "meeting notes", "quote", "invoice", "photo",
    "test report", "readings", "screenshot", "label draft", "wiring", "spectrum", "customs form", "packing list",
)  # fmt: skip


def odd(index: int, rng: Random, prose: Prose) -> Body:
    """The odd file of that number."""
    return _make(ODD_NAMES[index], rng, prose)


def everyday(rng: Random, prose: Prose) -> Body:
    """One of the usual files."""
    kinds, weights = zip(*_EVERYDAY, strict=True)
    kind = rng.choices(kinds, weights)[0]
    return _make(f"{rng.choice(_STEMS)} {rng.randrange(1, 2000)}.{kind}", rng, prose)


def large(size: int) -> Body:
    """One file of exactly `size` bytes that is never in memory as a whole."""
    return Body(LARGE_NAME, "Raw archive LX-04", KINDS["log"], size, documents.readings(size))


def _make(name: str, rng: Random, prose: Prose) -> Body:
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    pixels = None
    snippet = ""
    if extension in ("png", "jpg", "svg"):
        pixels = rng.choice(((320, 200), (480, 300), (640, 400), (800, 600), (1024, 640), (1600, 1000)))
    elif extension == "gif":
        pixels = (120, 80)
    if extension == "py":
        snippet = "\n\n".join(rng.sample(SNIPPETS, 4))
    data = b"" if name.startswith("empty") else _bytes(name, extension, rng, prose, pixels or (0, 0), snippet)
    title = name.rpartition(".")[0] if rng.random() < 0.2 else name
    return Body(name, title, KINDS.get(extension, KINDS[""]), len(data), (data,), pixels, snippet)


def _bytes(
    name: str, extension: str, rng: Random, prose: Prose, pixels: tuple[int, int], snippet: str
) -> bytes:  # one branch a kind reads better than a table of lambdas
    match extension:
        case "png":
            return pictures.png(rng, *pixels)
        case "jpg":
            return pictures.jpeg(rng, *pixels)
        case "gif":
            return pictures.gif(rng, *pixels)
        case "svg":
            return pictures.svg(rng, *pixels)
        case "csv":
            return documents.table(rng, rng.randrange(20, 4000))
        case "json":
            return documents.structured(rng, prose(4))
        case "html":
            return documents.page(prose(12))
        case "md":
            return documents.markdown(prose(8))
        case "eml":
            return documents.mail(prose(5))
        case "pdf":
            return documents.pdf(prose(rng.randrange(5, 40)))
        case "docx":
            return documents.letter(prose(rng.randrange(5, 60)))
        case "xlsx":
            return documents.sheet(rng, rng.randrange(10, 500))
        case "wav":
            return documents.wave(rng, 600.0 if "minutes" in name else rng.uniform(0.5, 6))
        case "zip":
            return documents.archive({"readme.txt": prose(3).encode(), "data/readings.csv": documents.table(rng, 300)})
        case "exe":
            return documents.program(prose(2))
        case "py":
            return snippet.encode()
        case _:
            return documents.text(prose(rng.randrange(1, 20)), rng.randrange(1, 12))
