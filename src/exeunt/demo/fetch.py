"""Asking for exports over HTTP and fetching them, with an interruption on the way."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec

from exeunt.demo.machine import StepFailed

Progress = Callable[[str, int, int], None]


class Fetched(msgspec.Struct):
    """One export that was asked for, waited for and downloaded. Times are seconds, sizes bytes."""

    asked: str
    export_id: str
    ready_seconds: float
    counts: dict[str, int]
    archives: list[Path]
    size: int
    resumed: int


def native(client: httpx.Client, folder: Path, layout: str, show: Progress) -> Fetched:
    """The native API: ask, follow `Content-Location`, download every archive of the result."""
    begun = time.perf_counter()
    asked = client.post("/v1/exports", json={"layout": layout})
    _expect(asked, 202)
    place = asked.headers["content-location"]
    while (answer := client.get(place)).status_code == 202:
        show(layout, answer.json()["percent"], 100)
        time.sleep(0.05)
    _expect(answer, 200)
    ready, result = time.perf_counter() - begun, answer.json()
    if result["state"] != "COMPLETED":
        raise StepFailed(f"export {result['id']} ended as {result['state']}: {result.get('error')}")
    fetched = Fetched(f"native: {layout}", result["id"], ready, result["counts"], [], 0, 0)
    for archive in result["archives"]:
        _download(archive["url"], folder / archive["name"], fetched, show)
    return fetched


def yammer(client: httpx.Client, folder: Path, since: str, show: Progress) -> Fetched:
    """The Yammer Files Export, as its clients do it: create, poll the status, fetch every URL without a token."""
    begun = time.perf_counter()
    created = client.post("/yammer/api/v1/export/requests", params={"since": since, "include_ens": "true"})
    _expect(created, 200)
    request_id = created.json()["user_request_id"]
    while (status := _status(client, request_id))["status"] == "IN PROGRESS":
        time.sleep(0.1)
    if status["status"] != "COMPLETE":
        raise StepFailed(f"request {request_id} ended as {status['status']}")
    fetched = Fetched("Yammer: files, both networks", request_id, time.perf_counter() - begun, {}, [], 0, 0)
    for url in status["data"]:
        _download(url, folder / url.partition("?")[0].rpartition("/")[2], fetched, show)
    return fetched


def _status(client: httpx.Client, request_id: str) -> dict[str, Any]:
    answer = client.get(f"/yammer/api/v1/export/requests/{request_id}")
    _expect(answer, 200)
    found: dict[str, Any] = answer.json()
    return found


def _download(url: str, path: Path, fetched: Fetched, show: Progress) -> None:
    """Fetch with the link alone: break off in the middle, then go on from there with a Range."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    total = int(httpx.head(url).headers["content-length"])
    _append(url, path, total, total // 2, show)
    if path.stat().st_size < total:
        fetched.resumed += 1
        _append(url, path, total, total, show)
    if path.stat().st_size != total:
        raise StepFailed(f"{path} has {path.stat().st_size} bytes instead of {total}")
    fetched.archives.append(path)
    fetched.size += total


def _append(url: str, path: Path, total: int, until: int, show: Progress) -> None:
    have = path.stat().st_size if path.exists() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    with httpx.stream("GET", url, headers=headers, timeout=60) as answer, path.open("ab") as out:
        _expect(answer, 206 if have else 200)
        for piece in answer.iter_bytes(1 << 20):
            out.write(piece)
            have += len(piece)
            show(path.name, have, total)
            if have >= until:
                return


def _expect(answer: httpx.Response, status: int) -> None:
    if answer.status_code != status:
        answer.read()
        raise StepFailed(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text[:300]}")
