"""Downloads over real HTTP: the contract's answers, resumed by real clients, aborted when bytes are missing."""

import hashlib
import http.client
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import select

from exeunt.exports.digests import check, damaged_archives
from exeunt.exports.records import Archive, Export
from exeunt.exports.service import Request
from exeunt.installation import Installation
from exeunt.ledger.schema import archives, downloads
from tests.backends import both
from tests.conftest import fill, serving, wait_for, working
from tests.stored import below

pytestmark = both


class Link:
    """A served archive: its URL, record and true bytes."""

    def __init__(self, installation: Installation, export: Export, base: str) -> None:
        (found,) = installation.exports.urls(export.id, base)
        self.archive: Archive = found[0]
        self.url = found[1]
        self.export = export
        self.installation = installation
        self.data = httpx.get(self.url).content


@pytest.fixture
def link(installation: Installation, exported: Callable[..., Export]) -> Iterator[Link]:
    export = exported("csv")
    with serving(installation, "--no-worker") as base:
        yield Link(installation, export, base)


def test_the_whole_archive_comes_with_its_headers(link: Link) -> None:
    answer = httpx.get(link.url, headers={"Authorization": "Bearer nonsense", "Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    assert len(answer.content) == link.archive.length == int(answer.headers["content-length"])
    headers = {name: value for name, value in answer.headers.items() if name not in ("date", "x-request-id")}
    assert headers.pop("last-modified").endswith("GMT")
    headers.pop("repr-digest", None)
    assert headers == {
        "accept-ranges": "bytes",
        "etag": f'"{link.archive.etag}"',
        "cache-control": "private, no-transform, max-age=0",
        "content-disposition": "attachment; filename=acme-csv.zip",
        "content-type": "application/zip",
        "content-length": str(link.archive.length),
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "content-security-policy": "default-src 'none'; sandbox",
    }


def test_head_says_what_get_says_and_sends_nothing(link: Link) -> None:
    get, head = httpx.get(link.url), httpx.head(link.url, headers={"Range": "bytes=0-0"})
    assert head.status_code == 200
    assert head.content == b""
    for name in ("content-length", "etag", "last-modified", "content-type", "content-disposition", "accept-ranges"):
        assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize(("first", "last"), [(0, 0), (0, 99), (40, 60), (100, 100_000_000)])
def test_a_range_is_the_slice(link: Link, first: int, last: int) -> None:
    answer = httpx.get(link.url, headers={"Range": f"bytes={first}-{last}"})
    end = min(last, link.archive.length - 1)
    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes {first}-{end}/{link.archive.length}"
    assert answer.content == link.data[first : end + 1]


def test_random_ranges_equal_the_slices(link: Link) -> None:
    rng = random.Random(7)
    with httpx.Client() as client:
        for _ in range(100):
            first = rng.randrange(link.archive.length)
            last = rng.randrange(first, link.archive.length)
            answer = client.get(link.url, headers={"Range": f"bytes={first}-{last}"})
            assert answer.content == link.data[first : last + 1]


def test_several_ranges_come_as_multipart_with_an_exact_length(link: Link) -> None:
    answer = httpx.get(link.url, headers={"Range": "bytes=0-3,-2"})
    assert answer.status_code == 206
    kind, _, boundary = answer.headers["content-type"].partition("; boundary=")
    assert kind == "multipart/byteranges"
    assert len(answer.content) == int(answer.headers["content-length"])
    assert "content-range" not in answer.headers
    size = link.archive.length
    assert answer.content == (
        f"--{boundary}\r\nContent-Type: application/zip\r\nContent-Range: bytes 0-3/{size}\r\n\r\n".encode()
        + link.data[:4]
        + f"\r\n--{boundary}\r\nContent-Type: application/zip\r\n"
        f"Content-Range: bytes {size - 2}-{size - 1}/{size}\r\n\r\n".encode()
        + link.data[-2:]
        + f"\r\n--{boundary}--\r\n".encode()
    )


def test_a_range_behind_the_end_is_416_with_the_length(link: Link) -> None:
    answer = httpx.get(link.url, headers={"Range": f"bytes={link.archive.length}-"})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{link.archive.length}"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {"error": "range_not_satisfiable", "message": "Range not satisfiable"}


def test_conditions_over_the_wire(link: Link) -> None:
    tag = f'"{link.archive.etag}"'
    part = {"Range": "bytes=0-3"}
    assert httpx.get(link.url, headers={**part, "If-Range": tag}).status_code == 206
    assert httpx.get(link.url, headers={**part, "If-Range": "W/" + tag}).status_code == 200
    assert httpx.get(link.url, headers={**part, "If-Range": '"old"'}).status_code == 200
    assert httpx.get(link.url, headers={"If-Match": '"old"'}).status_code == 412
    fresh = httpx.get(link.url, headers={"If-None-Match": tag})
    assert (fresh.status_code, fresh.content, fresh.headers["etag"]) == (304, b"", tag)


def test_two_range_lines_are_ignored(link: Link) -> None:
    parts = urlsplit(link.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    connection.putrequest("GET", f"{parts.path}?{parts.query}")
    connection.putheader("Range", "bytes=0-0")
    connection.putheader("Range", "bytes=1-1")
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 200
    assert answer.read() == link.data
    connection.close()


def test_other_methods_are_405(link: Link) -> None:
    answer = httpx.post(link.url)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"


INVALID = {"error": "link_invalid", "message": "This download link is not valid"}


def test_any_changed_character_of_the_path_is_one_and_the_same_403(link: Link) -> None:
    parts = urlsplit(link.url)
    with httpx.Client(base_url=f"http://{parts.netloc}") as client:
        for at in range(4, len(parts.path)):
            path = parts.path[:at] + ("x" if parts.path[at] != "x" else "y") + parts.path[at + 1 :]
            answer = client.get(f"{path}?{parts.query}")
            assert answer.status_code in (403, 404), path
            if answer.status_code == 403:
                assert answer.json() == INVALID
        assert client.get(f"{parts.path}?{parts.query}&sp=r").json() == INVALID
        assert client.get(parts.path).json() == INVALID
        assert client.get(f"{parts.path}?{parts.query}&more=1").status_code == 200


def test_an_expired_link_is_410_and_a_revoked_one_is_refused_at_once(link: Link) -> None:
    assert httpx.get(link.url).status_code == 200
    link.installation.exports.expire(link.export.id)
    answer = httpx.get(link.url, headers={"Range": "bytes=0-0"})
    assert answer.status_code == 410
    assert answer.json() == {"error": "link_revoked", "message": "This download link has been revoked"}
    assert "content-range" not in answer.headers


def test_a_renewed_link_delivers_the_same_bytes_and_tag(link: Link) -> None:
    link.installation.exports.expire(link.export.id)
    link.installation.exports.renew(link.export.id)
    ((archive, url),) = link.installation.exports.urls(link.export.id, link.url.partition("/dl/")[0])
    answer = httpx.get(url, headers={"If-Match": f'"{archive.etag}"'})
    assert url != link.url
    assert answer.content == link.data
    assert httpx.get(link.url).status_code == 410


def test_the_use_of_a_link_is_on_record(link: Link) -> None:
    httpx.get(link.url, headers={"Range": "bytes=0-9"})
    httpx.get(link.url, headers={"Range": "bytes=20-29"})
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with link.installation.ledger.read() as db:
            rows = db.execute(select(downloads)).all()
        if sum(row.requests for row in rows) == 3:
            break
        time.sleep(0.1)
    assert sum(row.requests for row in rows) == 3
    assert {row.client for row in rows} == {"127.0.0.1"}
    assert sum(row.bytes for row in rows) == link.archive.length + 20


def needs(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")


@pytest.mark.parametrize(
    "command", [("curl", "-sS", "-C", "-", "-o", "part.zip"), ("wget", "-q", "-c", "-O", "part.zip"),
                ("aria2c", "-q", "-c", "-x4", "-k1M", "--allow-overwrite=true", "-o", "part.zip")]
)  # fmt: skip
def test_real_clients_resume_a_cut_download_to_the_same_digest(
    command: tuple[str, ...], link: Link, tmp_path: Path
) -> None:
    needs(command[0])
    if command[0] != "aria2c":
        (tmp_path / "part.zip").write_bytes(link.data[: link.archive.length // 3])
    subprocess.run([*command, link.url], cwd=tmp_path, check=True, capture_output=True)
    assert hashlib.sha256((tmp_path / "part.zip").read_bytes()).digest() == hashlib.sha256(link.data).digest()


def test_a_missing_blob_is_500_before_the_first_byte(link: Link) -> None:
    for pack in below(link.installation.blobs.storage, f"made/{link.export.id}", "shard-*.pack"):
        pack.unlink()
    answer = httpx.get(link.url, headers={"Range": "bytes=60-80"})
    assert answer.status_code == 500
    assert answer.json() == {"error": "archive_damaged", "message": "The archive of this link is damaged"}
    until, reason = time.monotonic() + 10, None
    while reason is None and time.monotonic() < until:
        with link.installation.ledger.read() as db:
            reason = db.scalar(select(archives.c.damaged))
    assert reason is not None
    assert "is missing" in reason
    time.sleep(1)
    assert httpx.get(link.url).status_code == 500


def test_an_archive_that_was_repaired_is_served_by_the_server_that_saw_it_broken(
    installation: Installation, exported: Callable[..., Export]
) -> None:
    export = exported("csv")
    ((archive, _),) = installation.exports.urls(export.id, "http://x")
    index = installation.blobs.path(archive.index_key)
    sound = index.read_bytes()
    # a byte of the first literal, which only reading it finds out
    index.write_bytes(sound[:256] + bytes([sound[256] ^ 1]) + sound[257:])
    with serving(installation, "--no-worker") as base:
        ((_, url),) = installation.exports.urls(export.id, base)
        assert httpx.get(url).status_code == 500
        until = time.monotonic() + 10
        while not damaged_archives(installation) and time.monotonic() < until:
            time.sleep(0.05)
        repaired = index.with_suffix(".new")
        repaired.write_bytes(sound)
        repaired.replace(index)
        assert [check(installation, damaged) for damaged in damaged_archives(installation)] == [None]
        answer = httpx.get(url)
        assert (answer.status_code, answer.headers["etag"]) == (200, f'"{archive.etag}"')
        assert len(answer.content) == archive.length


def test_a_blob_that_breaks_in_the_middle_breaks_the_connection(installation: Installation) -> None:
    fill(installation, "big", body=random.Random(1).randbytes(3_000_000))
    asked = installation.exports.create(Request(workspaces=("big",), api="native", layout="csv"))
    with working(installation):
        export = wait_for(installation, asked.id)
    (manifests,) = below(installation.blobs.storage, f"made/{export.id}", "manifests.pack")
    with serving(installation, "--no-worker") as base:
        ((archive, url),) = installation.exports.urls(export.id, base)
        manifests.write_bytes(manifests.read_bytes()[:10])
        received = b""
        with pytest.raises(httpx.HTTPError), httpx.stream("GET", url) as answer:  # noqa: PT012
            assert answer.status_code == 200
            for piece in answer.iter_bytes():
                received += piece
        assert len(received) < archive.length


def test_a_link_ends_by_the_clock(installation: Installation, exported: Callable[..., Export]) -> None:
    from exeunt.access.keys import Keyring
    from exeunt.delivery.gate import Gate, Refused

    export = exported("csv")
    ((archive, url),) = installation.exports.urls(export.id, "http://x")
    parts = urlsplit(url)
    assert export.expires_at is not None
    keys = Keyring.load(installation.settings.secret_path)
    early = Gate(installation.ledger, keys, lambda: archive.sealed_at - timedelta(minutes=6))
    late = Gate(installation.ledger, keys, lambda: export.expires_at)  # type: ignore[arg-type,return-value]
    in_time = Gate(installation.ledger, keys, lambda: archive.sealed_at)
    assert in_time.check(parts.path, parts.query.encode()).archive == archive
    for gate, why in ((early, "link_invalid"), (late, "link_expired")):
        with pytest.raises(Refused) as refused:
            gate.check(parts.path, parts.query.encode())
        assert refused.value.why == why
