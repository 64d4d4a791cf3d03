"""The line that every request leaves in the log, as `logs` would word it, at a tenth of the cost.

Small ranges are answered by the ten thousand a second; the general logger would take longer than the answer.
"""

import asyncio
import sys
from datetime import UTC, datetime
from typing import IO

import msgspec

_encode = msgspec.json.Encoder().encode


class RequestLog:
    """Writes request lines to standard error, those of one turn of the event loop together."""

    def __init__(self, log_format: str, out: IO[str] | None = None) -> None:
        self._line = _json_line if log_format == "json" else _text_line
        self._out = out
        self._lines: list[str] = []

    def write(self, request_id: str, method: str, path: str, status: int, seconds: float, client: str) -> None:
        """Note one request that has ended; `path` without its query, where signatures and tokens stand."""
        if not self._lines:
            asyncio.get_running_loop().call_soon(self._flush)
        # a signed path, a name in a path: whatever is not printable could pretend to be a line of its own
        shown = path if path.isprintable() else ascii(path)
        self._lines.append(self._line(request_id, method, shown, status, round(seconds, 4), client))

    def _flush(self) -> None:
        lines, self._lines = self._lines, []
        out = self._out or sys.stderr
        out.write("".join(lines))
        out.flush()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def _text_line(request_id: str, method: str, path: str, status: int, seconds: float, client: str) -> str:
    return (
        f"{_now()} [info     ] request                        [exeunt.http] client={client} id={request_id} "
        f"method={method} path={path} seconds={seconds} status={status}\n"
    )


def _json_line(request_id: str, method: str, path: str, status: int, seconds: float, client: str) -> str:
    line = {
        "id": request_id, "method": method, "path": path, "status": status, "seconds": seconds, "client": client,
        "event": "request", "level": "info", "logger": "exeunt.http", "timestamp": _now(),
    }  # fmt: skip
    return _encode(line).decode() + "\n"
