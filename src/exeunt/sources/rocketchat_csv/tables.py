"""The CSV files of the zip: UTF-8, no headers; rows come with the line they end on."""

import csv
import io
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta

from exeunt.clock import EPOCH
from exeunt.sources.intake import Report
from exeunt.sources.slack.archive import Archive
from exeunt.sources.slack.limits import Limits, Unreadable

csv.field_size_limit(sys.maxsize)  # a message may be a megabyte


def rows(archive: Archive, name: str, ref: int, limits: Limits, report: Report) -> Iterator[tuple[int, list[str]]]:
    """(line, fields) of every row that is not empty; what cannot be read is named in the report."""
    pieces: list[bytes] = []
    size = 0
    try:
        for chunk in archive.chunks(ref):
            pieces.append(chunk)
            size += len(chunk)
            if size > limits.max_json_bytes:
                raise Unreadable(f"it is larger than {limits.max_json_bytes} bytes")
    except Unreadable as error:
        report.skip(name, str(error))
    data = b"".join(pieces)
    text = data.decode("utf-8-sig", "replace")
    if "\ufffd" in text and "\ufffd".encode() not in data:
        report.repair(name, "it is not all UTF-8")
    reader = csv.reader(io.StringIO(text, newline=""))
    while True:
        try:
            fields = next(reader, None)
        except csv.Error as error:
            report.skip(f"{name}, line {reader.line_num}", f"it is no CSV: {error}")
            continue
        if fields is None:
            return
        if any(field.strip() for field in fields):
            yield reader.line_num, fields


def instant(text: str) -> datetime | None:
    """Milliseconds since 1970 as an instant; None when it is no such number."""
    text = text.strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 14:
        return None
    return EPOCH + timedelta(milliseconds=int(text))
