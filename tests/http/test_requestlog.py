"""The line that every request leaves in the log."""

import asyncio
import io
import json
import re

import pytest

from exeunt.http.requestlog import RequestLog


def written(log_format: str, *requests: tuple[str, str, str, int, float, str]) -> str:
    out = io.StringIO()

    async def run() -> None:
        log = RequestLog(log_format, out)
        for request in requests:
            log.write(*request)
        assert out.getvalue() == ""  # gathered until the turn of the loop is over
        await asyncio.sleep(0)

    asyncio.run(run())
    return out.getvalue()


REQUEST = ("abc000001", "GET", "/dl/x/files.zip", 206, 0.00123456, "192.0.2.1")


def test_a_line_for_people() -> None:
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z \[info     \] request                        \[exeunt\.http\] "
        r"client=192\.0\.2\.1 id=abc000001 method=GET path=/dl/x/files\.zip seconds=0\.0012 status=206\n",
        written("text", REQUEST),
    )


def test_a_line_for_machines() -> None:
    line = json.loads(written("json", REQUEST))
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "request", "level": "info", "logger": "exeunt.http", "id": "abc000001", "method": "GET",
        "path": "/dl/x/files.zip", "status": 206, "seconds": 0.0012, "client": "192.0.2.1",
    }  # fmt: skip


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_path_can_pretend_to_be_a_line(log_format: str) -> None:
    forged = written(log_format, ("a", "GET", "/x\n2026 [info] request \x1b[31m", 404, 0.0, "192.0.2.1"), REQUEST)
    assert forged.count("\n") == 2
    assert "\x1b" not in forged
