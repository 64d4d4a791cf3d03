"""The proxy that `docs/operations.md` shows, with a real nginx in front of a real server."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from exeunt.archives.verify import verify_archive
from exeunt.sample import HOME_ADMIN
from tests.docs.documents import DOCS, blocks
from tests.docs.stories import free_port
from tests.docs.workspace import Workspace

pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")

OPERATIONS = DOCS / "operations.md"


@pytest.fixture
def proxy(workspace: Workspace, tmp_path: Path) -> Iterator[str]:
    """The address of nginx, which speaks plain HTTP here, with the documented location and settings."""
    (shown,) = [block.text for block in blocks(OPERATIONS) if block.language == "nginx"]
    (settings,) = [block.text for block in blocks(OPERATIONS) if block.language == "toml"]
    inner, outer = free_port(), free_port()
    public = f"http://127.0.0.1:{outer}"
    server = re.sub(r"(?m)^\s*ssl_.*$|^\s*server_name.*$", "", shown)
    server = server.replace("443 ssl", f"127.0.0.1:{outer}").replace("127.0.0.1:8080", f"127.0.0.1:{inner}")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in kinds)
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; pid {tmp_path}/pid; error_log {tmp_path}/errors; events {{}}\n"
        f"http {{ access_log off; {temporary}\n{server}}}\n"
    )
    (tmp_path / "exeunt.toml").write_text(settings.replace("https://exeunt.example.org", public))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EXEUNT_")}
    environment = {**kept, "EXEUNT_DATA": str(workspace.data), "EXEUNT_CONFIG": str(tmp_path / "exeunt.toml")}
    processes = [
        subprocess.Popen([sys.executable, "-m", "exeunt", "serve", "--port", str(inner)], env=environment,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL),
        subprocess.Popen(["nginx", "-c", str(tmp_path / "nginx.conf"), "-p", str(tmp_path)]),
    ]  # fmt: skip
    try:
        _wait(public)
        yield public
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(60)


def _wait(address: str) -> None:
    for _ in range(300):
        try:
            if httpx.get(f"{address}/healthz", timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise AssertionError("nothing answers behind nginx")


def test_an_export_is_made_and_fetched_in_ranges_through_the_documented_proxy(
    workspace: Workspace, proxy: str, tmp_path: Path
) -> None:
    token = workspace.exeunt("token", "create", "--user", HOME_ADMIN, "--workspace", "team")["token"]
    made = workspace.exeunt(
        "export", "create", "--workspace", "team", "--layout", "csv", "--wait", EXEUNT_URL=proxy, EXEUNT_TOKEN=token
    )
    (archive,) = made["archives"]
    assert archive["url"].startswith(proxy + "/dl/")
    whole = httpx.get(archive["url"]).raise_for_status().content
    middle = len(whole) // 2
    spans = (f"bytes=0-{middle}", f"bytes={middle + 1}-")
    parts = [httpx.get(archive["url"], headers={"Range": span}) for span in spans]
    assert [part.status_code for part in parts] == [206, 206]
    assert b"".join(part.content for part in parts) == whole
    (tmp_path / "team.zip").write_bytes(whole)
    assert verify_archive(tmp_path / "team.zip").problems == []


def test_the_audit_trail_has_the_address_of_the_client_and_not_of_the_proxy(workspace: Workspace, proxy: str) -> None:
    token = workspace.exeunt("token", "create", "--user", HOME_ADMIN, "--workspace", "team")["token"]
    answer = httpx.post(
        f"{proxy}/v1/exports", json={"layout": "csv"},
        headers={"Authorization": f"Bearer {token}", "X-Forwarded-For": "203.0.113.9"},
    )  # fmt: skip
    assert answer.status_code == 202
    newest = workspace.exeunt("audit", "--limit", "1")
    assert newest[-1]["client"] == "203.0.113.9"
