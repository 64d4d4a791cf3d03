"""Exports over the native API."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec

from exeunt.cli.exporting import RemoteError, Watch
from exeunt.lake.selection import Selection

_SET_BY_THE_SERVER = ("room_kinds", "private_to")


class Remote:
    """A server and a token."""

    def __init__(self, url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self._http = httpx.Client(base_url=url.rstrip("/"), headers=headers, timeout=60)

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def _call(self, method: str, path: str, **arguments: Any) -> Any:
        try:
            answer = self._http.request(method, path, **arguments)
        except httpx.HTTPError as error:
            raise RemoteError(f"{self._http.base_url} does not answer: {error}") from error
        if answer.status_code >= 400:
            raise RemoteError(_message(answer))
        return answer.json() if answer.content else {}

    def _body(
        self, workspace: str, layout: str, selection: Selection, options: dict[str, Any], keep_seconds: int | None
    ) -> dict[str, Any]:
        asked = {k: v for k, v in msgspec.to_builtins(selection).items() if k not in _SET_BY_THE_SERVER}
        body = {"workspace": workspace, "layout": layout, "options": options, **asked}
        return body if keep_seconds is None else {**body, "keep_seconds": keep_seconds}

    def create(self, workspace: str, layout: str, selection: Selection, options: dict[str, Any],
               keep_seconds: int | None) -> dict[str, Any]:  # fmt: skip
        body = self._body(workspace, layout, selection, options, keep_seconds)
        return self.show(self._call("POST", "/v1/exports", json=body)["id"])

    def estimate(self, workspace: str, layout: str, selection: Selection, options: dict[str, Any]) -> dict[str, Any]:
        body = self._body(workspace, layout, selection, options, None)
        return dict(self._call("POST", "/v1/exports?dry_run=true", json=body))

    def show(self, export_id: str) -> dict[str, Any]:
        return dict(self._call("GET", f"/v1/exports/{export_id}"))

    def list(self, workspace: str) -> list[dict[str, Any]]:
        return list(self._call("GET", "/v1/exports", params={"workspace": workspace})["exports"])

    def wait(self, export_id: str, watch: Watch) -> dict[str, Any]:
        while (export := self.show(export_id))["state"] in ("QUEUED", "RUNNING"):
            watch(export)
            time.sleep(0.25)
        return export

    def end(self, export_id: str) -> dict[str, Any]:
        self._call("DELETE", f"/v1/exports/{export_id}")
        return self.show(export_id)

    def renew(self, export_id: str) -> dict[str, Any]:
        self._call("POST", f"/v1/exports/{export_id}/renew")
        return self.show(export_id)

    def fetch(self, archive: dict[str, Any], path: Path, progress: Callable[[int, int], None]) -> None:
        """Go on where an earlier download stopped; break off and try again a few times when the line drops."""
        total, attempts = int(archive["size"]), 5
        while True:
            have = path.stat().st_size if path.exists() else 0
            if have == total:
                return
            try:
                self._append(archive, path, have, total, progress)
            except httpx.HTTPError as error:
                attempts -= 1
                if not attempts:
                    raise RemoteError(f"{archive['name']} could not be fetched: {error}") from error
                time.sleep(1.0)

    def _append(
        self, archive: dict[str, Any], path: Path, have: int, total: int, progress: Callable[[int, int], None]
    ) -> None:
        headers = {"Range": f"bytes={have}-", "If-Range": f'"{archive["etag"]}"'} if have else {}
        # a link needs no token, and none is sent: the address may be of another host
        with httpx.stream("GET", archive["url"], headers=headers, timeout=60) as answer:
            if answer.status_code not in (200, 206):
                answer.read()
                raise RemoteError(_message(answer))
            with path.open("ab" if answer.status_code == 206 else "wb") as out:
                for piece in answer.iter_bytes(1 << 20):
                    out.write(piece)
                    progress(out.tell(), total)


def _message(answer: httpx.Response) -> str:
    try:
        body = answer.json()
    except ValueError:
        body = {}
    text = body.get("message") if isinstance(body, dict) else None
    return str(text or f"the server answered {answer.status_code} to {answer.request.method} {answer.request.url.path}")
