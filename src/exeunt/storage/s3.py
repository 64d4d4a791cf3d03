"""A prefix of a bucket as storage. Imported only where a bucket is used: what it is made with cannot survive a fork."""

import os
import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from exeunt.errors import Damaged, InvalidInput, Unavailable
from exeunt.storage.folder import require_writable
from exeunt.storage.pages import PagedObject, Pages

AHEAD = 4 << 20
"""What is read at once of an object that is read from one end to the other."""

PART = 8 << 20
"""The size of the parts of a large upload."""

IN_MEMORY = 4 << 20
"""Up to this size an object that arrives waits in memory, above it in a file."""

UPLOADS = 16
"""Objects that are on their way at once: small ones take longer for the way than for their bytes."""

REMEMBERED = 100_000
"""Objects of which a process remembers that they are there."""

PATIENCE = timedelta(seconds=30)
"""How long a request is tried again before the storage is said not to answer."""


class S3:
    """Objects below one prefix of a bucket. Implements `exeunt.storage.seam.Storage`.

    Credentials come from where AWS's own programs take them: the usual variables, a web identity, the machine's role.
    """

    is_local = False
    step = AHEAD

    def __init__(self, bucket: str, prefix: str, scratch: Path, endpoint: str = "",
                 environ: Mapping[str, str] = os.environ) -> None:  # fmt: skip
        self.bucket, self._prefix, self._scratch = bucket, prefix.strip("/"), scratch
        plain = endpoint.startswith("http://")
        region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"
        # a server of one's own seldom has a host name for each bucket
        style = {"endpoint": endpoint, "virtual_hosted_style_request": False} if endpoint else {}
        self._store = S3Store(
            bucket, region=region, client_options={"allow_http": plain, "timeout": "60s", "connect_timeout": "5s"},
            retry_config={"max_retries": 8, "retry_timeout": PATIENCE}, **style,  # type: ignore[arg-type]
        )  # fmt: skip
        self.scan_options: dict[str, str] | None = {"aws_region": region} | _named(environ)
        if endpoint:
            self.scan_options |= {"aws_endpoint_url": endpoint, "aws_allow_http": str(plain).lower(),
                                  "aws_virtual_hosted_style_request": "false"}  # fmt: skip
        self._pages = Pages(self.read)
        self._pool = ThreadPoolExecutor(UPLOADS, "upload")
        self._room = threading.BoundedSemaphore(2 * UPLOADS)
        self._under_way: dict[str, list[Future[None]]] = {}
        self._notes: dict[str, IO[bytes]] = {}
        self._seen: OrderedDict[str, int] = OrderedDict()

    def _at(self, key: str) -> str:
        return f"{self._prefix}/{key}".strip("/")

    def _key(self, path: str) -> str:
        return path[len(self._prefix) + 1 :] if self._prefix else path

    def url(self, key: str) -> str:
        return f"s3://{self.bucket}/{self._at(key)}"

    def path(self, key: str) -> Path:
        return self._scratch / key

    def keep(self, key: str) -> None:
        path = self.path(key)
        with path.open("rb") as file:
            self._put(key, file, os.fstat(file.fileno()).st_size)
        path.unlink()

    def keep_below(self, prefix: str) -> None:
        # an index follows its pack by name too
        for path in sorted(path for path in self.path(prefix).rglob("*") if path.is_file()):
            self.keep(path.relative_to(self._scratch).as_posix())
        self.remove_drafts(prefix)

    def _put(self, key: str, file: IO[bytes], size: int) -> None:
        with self._answering(key):
            if size <= PART:
                obstore.put(self._store, self._at(key), file.read(), use_multipart=False)
            else:
                obstore.put(self._store, self._at(key), cast(Any, file), chunk_size=PART, max_concurrency=4)

    def size(self, key: str) -> int | None:
        with self._answering(key):
            try:
                return int(obstore.head(self._store, self._at(key))["size"])
            except FileNotFoundError:
                return None

    def sizes(self, keys: Sequence[str]) -> list[int | None]:
        """Each is asked for once a process, many at a time."""
        unknown = [key for key in keys if key not in self._seen]
        found = dict(zip(unknown, self._pool.map(self.size, unknown), strict=True))
        sizes = [found[key] if key in found else self._seen.get(key) for key in keys]
        self._seen |= {key: size for key, size in found.items() if size is not None}
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return sizes

    def get(self, key: str) -> bytes:
        with self._answering(key):
            return bytes(obstore.get(self._store, self._at(key)).bytes())

    def read(self, key: str, offset: int, length: int) -> bytes:
        """These bytes, or as many of them as there are."""
        with self._answering(key):
            return bytes(obstore.get_range(self._store, self._at(key), start=offset, length=length))

    def reader(self, key: str) -> "ObjectReader":
        return ObjectReader(self, key)

    def content(self, key: str) -> PagedObject:
        with self._answering(key):
            facts = obstore.head(self._store, self._at(key))
        return PagedObject(self._pages, key, facts["e_tag"] or "", facts["size"])

    def walk(self, prefix: str) -> Iterator[tuple[str, int]]:
        with self._answering(prefix):
            for found in obstore.list(self._store, self._at(prefix) or None, chunk_size=1000):
                for facts in found:
                    yield self._key(facts["path"]), facts["size"]

    def names(self, prefix: str) -> list[str]:
        with self._answering(prefix):
            found = obstore.list_with_delimiter(self._store, self._at(prefix))["common_prefixes"]
        return [path.rpartition("/")[2] for path in found]

    def remove(self, keys: Iterable[str]) -> None:
        paths = []
        for key in keys:
            paths.append(self._at(key))
            self.path(key).unlink(missing_ok=True)
        if paths:
            with self._answering(paths[0]):
                obstore.delete(self._store, paths)

    def remove_below(self, prefix: str) -> None:
        self.remove_drafts(prefix)
        self.remove([key for key, _ in self.walk(prefix)])

    def drafts(self, prefix: str) -> list[str]:
        try:
            return os.listdir(self.path(prefix))
        except FileNotFoundError:
            return []

    def remove_drafts(self, prefix: str) -> None:
        shutil.rmtree(self.path(prefix), ignore_errors=True)

    # --- what arrives ------------------------------------------------------------------------------------------------

    def arrival(self, place: str) -> "ObjectArrival":
        self._scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
        return ObjectArrival(self, place, self._scratch)

    def arrive(self, place: str, key: str, size: int, file: IO[bytes]) -> None:
        """Upload beside the work of the caller, who waits only when too many are under way."""
        self._room.acquire()
        try:
            under_way = self._under_way.setdefault(place, [])
            under_way[:] = [done for done in under_way if not done.done() or done.exception() is not None]
            under_way.append(self._pool.submit(self._arrive, key, size, file))
        except BaseException:
            self._room.release()
            raise

    def _arrive(self, key: str, size: int, file: IO[bytes]) -> None:
        try:
            with file:
                if self.size(key) != size:
                    file.seek(0)
                    self._put(key, file, size)
        finally:
            self._room.release()

    def sync(self, place: str = "") -> None:
        """Wait for what is under way to `place`. What was kept is durable already."""
        errors = [arrived.exception() for arrived in self._under_way.pop(place, [])]
        for error in errors:
            if error is not None:
                raise error

    def note(self, place: str, key: str) -> None:
        """An object cannot be appended to: a mark there says that there may be some, a file here says which."""
        if place not in self._notes:
            self.replace(f"{place}/placed", b"")
            self._scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._notes[place] = tempfile.TemporaryFile(dir=self._scratch)
        self._notes[place].write(f"{key}\n".encode())

    def noted(self, place: str, below: str) -> list[str]:
        for arrived in self._under_way.pop(place, []):
            arrived.exception()
        if place in self._notes:
            with self._notes.pop(place) as notes:
                notes.seek(0)
                return notes.read().decode().splitlines()
        if self.size(f"{place}/placed") is None:
            return []
        return [key for key, _ in self.walk(below)]

    # --- small ones --------------------------------------------------------------------------------------------------

    def create(self, key: str, data: bytes) -> bool:
        with self._answering(key):
            try:
                obstore.put(self._store, self._at(key), data, mode="create", use_multipart=False)
            except AlreadyExistsError:
                return False
        return True

    def replace(self, key: str, data: bytes) -> None:
        with self._answering(key):
            obstore.put(self._store, self._at(key), data, use_multipart=False)

    def check(self) -> None:
        """Asks for an object, since only the answer to that says whether there is a bucket."""
        require_writable(self._scratch)
        with suppress(Damaged):
            self.get("exeunt.json")

    @contextmanager
    def _answering(self, key: str) -> Iterator[None]:
        """Errors in words that somebody can act on."""
        try:
            yield
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                raise Unavailable(f"there is no bucket {self.bucket}: make it, or correct the storage URL") from error
            raise Damaged(f"the blob {key} is missing") from error
        except (PermissionDeniedError, UnauthenticatedError) as error:
            raise Unavailable(f"the storage refuses {self.url(key)}: check the AWS keys and their rights") from error
        except BaseError as error:
            if "416 Range Not Satisfiable" in str(error):
                raise Damaged(f"the blob {key} is shorter than recorded") from error
            raise Unavailable(f"the storage does not answer: {_short(error)}") from error


class ObjectReader:
    """An object read by ranges; whoever reads on where it stopped gets larger ones."""

    def __init__(self, storage: S3, key: str) -> None:
        self._storage, self._key = storage, key
        self._start, self._data = 0, b""
        self._end = -1

    def pread(self, offset: int, length: int) -> bytes:
        at = offset - self._start
        if not (at >= 0 and at + length <= len(self._data)):
            ahead = max(length, AHEAD) if offset == self._end else length
            self._data, self._start, at = self._storage.read(self._key, offset, ahead), offset, 0
        self._end = offset + length
        data = self._data[at : at + length]
        if len(data) != length:
            raise Damaged(f"the blob {self._key} is shorter than recorded")
        return data

    def close(self) -> None:
        self._data = b""


class ObjectArrival:
    """Bytes that wait for their key, in memory while they are few."""

    def __init__(self, storage: S3, place: str, scratch: Path) -> None:
        self._storage, self._place = storage, place
        self._file = tempfile.SpooledTemporaryFile(IN_MEMORY, dir=str(scratch))

    def write(self, data: bytes) -> None:
        self._file.write(data)

    def place(self, key: str, size: int) -> None:
        self._storage.arrive(self._place, key, size, cast(IO[bytes], self._file))

    def discard(self) -> None:
        self._file.close()


def parse(url: str) -> tuple[str, str]:
    """Bucket and prefix of `s3://bucket/prefix`. Raises `InvalidInput` for anything else."""
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc or parts.query or parts.fragment or "@" in parts.netloc:
        raise InvalidInput(f"the storage URL {url!r} is not s3://BUCKET/PREFIX")
    return parts.netloc, parts.path.strip("/")


def _named(environ: Mapping[str, str]) -> dict[str, str]:
    """The keys in the environment; without them Polars looks where AWS's programs look."""
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    return {name.lower(): environ[name] for name in names if environ.get(name)}


def _short(error: BaseException) -> str:
    line = str(error).partition("\n")[0]
    return line.partition("<?xml")[0].strip()[:300]
