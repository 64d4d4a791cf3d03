"""Asking for messages without loading what reads them: a process beside this one does it (see `reading`)."""

import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import msgspec

from exeunt.config import Settings
from exeunt.errors import Unavailable

READING = "exeunt.layouts.rocketchat.reading"
"""Named, not imported: it loads what an HTTP process does not."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Which messages of one room; fields as `exeunt.lake.written.Page` has them."""

    workspace_id: str
    room_id: str
    room_number: int
    ids: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    offset: int = 0
    count: int = 0
    mentioning: tuple[str, ...] = ()
    pinned: bool = False
    replies: bool = True


class Answer(msgspec.Struct, frozen=True):
    """The messages of a page as JSON objects, and how many there are in all."""

    total: int
    messages: list[bytes] = []
    error: str = ""


class Asking:
    """The process that reads, started with the first question and again when it is gone; it ends with this object.

    Safe between threads."""

    def __init__(self, settings: Settings) -> None:
        # sent and no argument, as others can see those and an address may hold a password
        self._where = _framed(settings)
        self._process: subprocess.Popen[bytes] | None = None
        self._ending: Callable[[], object] = lambda: None
        self._lock = threading.Lock()

    def ask(self, question: Question) -> Answer:
        """The answer. Raises `Unavailable` when it cannot be had."""
        data = _framed(question)
        with self._lock:
            for _ in range(2):  # it may have been gone since the last question
                with suppress(OSError, EOFError):
                    answer = self._exchange(data)
                    if answer.error:
                        raise Unavailable(answer.error)
                    return answer
                self._end()
        raise Unavailable("messages cannot be read now")

    def _exchange(self, data: bytes) -> Answer:
        if self._process is None or self._process.poll() is not None:
            self._end()
            command = [sys.executable, "-m", READING]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self._ending = weakref.finalize(self, _end, self._process)
            data = self._where + data
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(data)
        process.stdin.flush()
        head = process.stdout.read(4)
        body = process.stdout.read(int.from_bytes(head, "big")) if len(head) == 4 else b""
        if len(head) != 4 or len(body) != int.from_bytes(head, "big"):
            raise EOFError
        return msgspec.msgpack.decode(body, type=Answer)

    def _end(self) -> None:
        self._ending()
        self._process = None


def _end(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()
    process.terminate()
    process.wait()


def _framed(value: msgspec.Struct) -> bytes:
    data = msgspec.msgpack.encode(value)
    return len(data).to_bytes(4, "big") + data
