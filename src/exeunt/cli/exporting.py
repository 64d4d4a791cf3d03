"""The two ways a command reaches exports: over HTTP with a token, or on the local data folder."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import click
import msgspec

from exeunt.cli.local import at_the_command_line, open_local, operator
from exeunt.errors import ExeuntError, InvalidInput
from exeunt.lake.selection import Selection

Watch = Callable[[dict[str, Any]], None]


class RemoteError(ExeuntError):
    """The server refused; the message is the server's own."""


class Backend(Protocol):
    """What `exeunt export` does, whichever way. Exports are plain values with the native API's names."""

    def create(self, workspace: str, layout: str, selection: Selection, options: dict[str, Any],
               keep_seconds: int | None) -> dict[str, Any]: ...  # fmt: skip

    def estimate(
        self, workspace: str, layout: str, selection: Selection, options: dict[str, Any]
    ) -> dict[str, Any]: ...

    def show(self, export_id: str) -> dict[str, Any]: ...

    def list(self, workspace: str) -> list[dict[str, Any]]: ...

    def wait(self, export_id: str, watch: Watch) -> dict[str, Any]: ...

    def end(self, export_id: str) -> dict[str, Any]: ...

    def renew(self, export_id: str) -> dict[str, Any]: ...

    def fetch(self, archive: dict[str, Any], path: Path, progress: Callable[[int, int], None]) -> None: ...


def backend() -> Backend:
    """`EXEUNT_URL` with `EXEUNT_TOKEN` when the first is set, else the local data folder."""
    url = os.environ.get("EXEUNT_URL")
    if not url:
        return Local()
    token = os.environ.get("EXEUNT_TOKEN")
    if not token:
        raise InvalidInput("EXEUNT_URL is set, so EXEUNT_TOKEN must be too")
    from exeunt.cli.remote import Remote

    remote = Remote(url, token)
    click.get_current_context().call_on_close(remote.close)
    return remote


class Local:
    """Works on the data folder itself; waiting for an export runs it here when no worker does."""

    def __init__(self) -> None:
        self._in = open_local()

    def create(self, workspace: str, layout: str, selection: Selection, options: dict[str, Any],
               keep_seconds: int | None) -> dict[str, Any]:  # fmt: skip
        from exeunt.exports.service import Request

        self._require_known(workspace, selection)
        export = self._in.exports.create(
            Request(workspaces=(workspace,), api="native", layout=layout, selection=selection, options=options,
                    requested_by_name=operator(workspace).email, keep_seconds=keep_seconds),
            by=at_the_command_line(workspace),
        )  # fmt: skip
        return self.show(export.id)

    def estimate(self, workspace: str, layout: str, selection: Selection, options: dict[str, Any]) -> dict[str, Any]:
        self._require_known(workspace, selection)
        return dict(msgspec.to_builtins(self._in.exports.estimate(workspace, layout, selection, options)))

    def _require_known(self, workspace: str, selection: Selection) -> None:
        self._in.catalog.workspace(workspace)
        self._in.directory.require_known(workspace, selection)

    def show(self, export_id: str) -> dict[str, Any]:
        from exeunt.apis.native.words import export_words

        # without the setting only a server knows under which host it is reached
        base = self._in.settings.public_url.rstrip("/")
        return dict(msgspec.to_builtins(export_words(self._in, self._in.exports.get(export_id), base)))

    def list(self, workspace: str) -> list[dict[str, Any]]:
        self._in.catalog.workspace(workspace)
        return [self.show(export.id) for export in self._in.exports.list(workspace)]

    def wait(self, export_id: str, watch: Watch) -> dict[str, Any]:
        import time

        from exeunt.exports.memory import give_back_soon

        give_back_soon()
        from exeunt.exports.worker import ROUND_SECONDS, Worker

        worker = Worker(self._in)
        worker.start()
        try:
            while self._in.exports.get(export_id).state.unfinished:
                worker.round()
                watch(self.show(export_id))
                time.sleep(ROUND_SECONDS)
        finally:
            worker.stop(5.0)
        return self.show(export_id)

    def end(self, export_id: str) -> dict[str, Any]:
        if self._in.exports.get(export_id).state.unfinished:
            self._in.exports.cancel(export_id, by=at_the_command_line())
        else:
            self._in.exports.expire(export_id, cut=True, by=at_the_command_line())
        return self.show(export_id)

    def renew(self, export_id: str) -> dict[str, Any]:
        self._in.exports.renew(export_id, by=at_the_command_line())
        return self.show(export_id)

    def fetch(self, archive: dict[str, Any], path: Path, progress: Callable[[int, int], None]) -> None:
        from exeunt.access.audit import Action
        from exeunt.archives.body import Body
        from exeunt.archives.reading import BodyReader

        found = self._in.exports.archive(archive["id"])
        self._in.audit.write(operator(self._in.exports.get(found.export_id).workspace_id), Action.EXPORT_DOWNLOAD,
                             found.export_id, api="cli", detail={"archive": found.name})  # fmt: skip
        with Body(self._in.blobs.content(found.index_key)) as body, BodyReader(body, self._in.blobs) as reader:
            have = path.stat().st_size if path.exists() else 0
            reader.seek(have if have <= body.length else 0)
            with path.open("r+b" if path.exists() else "wb") as out:
                out.seek(reader.tell())
                while piece := reader.read(1 << 20):
                    out.write(piece)
                    progress(reader.tell(), body.length)
                out.truncate(body.length)
