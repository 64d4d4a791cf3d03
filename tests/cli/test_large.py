"""Whole commands on PostgreSQL and a bucket: the same as on one folder, on two machines, and what they refuse."""

import shutil
from pathlib import Path

import pytest

from exeunt.config import Settings
from exeunt.ledger.migrate import NEWEST
from tests.backends import Backend, variables
from tests.cli.running import ADMIN, Commands
from tests.processes import Process, environment
from tests.servers import S3Server


@pytest.fixture
def settings(large: Backend, tmp_path: Path) -> Settings:
    return large.settings(tmp_path / "one")


@pytest.fixture
def exeunt(settings: Settings) -> Commands:
    commands = Commands(Path(settings.data), **variables(settings))
    done = commands("init", *ADMIN, typed="correct horse\n")
    assert done.code == 0, done.err
    return commands


def test_an_installation_is_made_and_another_machine_goes_on(
    exeunt: Commands, settings: Settings, tmp_path: Path
) -> None:
    sample = str(tmp_path / "team.zip")
    assert exeunt("sample", sample, "--messages", "300", "--files", "20").code == 0
    assert exeunt("import", "slack", sample, "--workspace", "acme").code == 0
    assert exeunt("import", "slack", sample, "--workspace", "acme", "--json").json()["snapshot"] == 1
    made = exeunt("export", "create", "--workspace", "acme", "--layout", "html", "--json").json()
    # the other machine has the key and nothing else
    other = Commands(tmp_path / "two", **variables(settings) | {"EXEUNT_DATA": str(tmp_path / "two")})
    (tmp_path / "two").mkdir()
    shutil.copy(settings.secret_path, tmp_path / "two")
    worked = Process("worker", "--once", env=environment(other.data, **other.environment))
    assert worked.finish() == 0, worked.said
    shown = other("export", "show", made["id"], "--json").json()
    assert shown["state"] == "COMPLETED"
    assert other("export", "download", made["id"], "--output", str(tmp_path / "archives")).code == 0
    (archive,) = (tmp_path / "archives").iterdir()
    assert exeunt("verify", str(archive)).code == 0
    checked = other("verify", "--blobs", "--lake")
    assert (checked.code, "0 wrong" in checked.out) == (0, True)
    files = other("lake", "files", "--workspace", "acme", "--table", "users").out.splitlines()
    assert files[0].startswith(f"{settings.storage_url}/lake/acme/users/")


def test_what_is_there_is_found_again(exeunt: Commands, settings: Settings) -> None:
    again = exeunt("init", *ADMIN, typed="correct horse\n")
    assert again.code == 0
    host = settings.database_url.partition("@")[2]
    assert again.out.startswith(f"there is an installation in postgresql://exeunt@{host} and {settings.storage_url}\n")
    assert exeunt("migrate").out == f"already at {NEWEST}\n"


def test_doctor_has_nothing_to_complain_of(exeunt: Commands, settings: Settings) -> None:
    done = exeunt("doctor")
    assert done.code == 0, done.out
    assert done.out.startswith(f"ok    database: PostgreSQL, tables of revision {NEWEST}\n")
    assert f"ok    storage: {settings.storage_url} takes and gives bytes\n" in done.out


def test_doctor_names_what_cannot_be_used(exeunt: Commands, s3: S3Server) -> None:
    done = exeunt("doctor", EXEUNT_STORAGE_URL="s3://nowhere/x")
    assert done.code == 1
    assert "FAIL  storage: there is no bucket nowhere: make it, or correct the storage URL\n" in done.out
    done = exeunt("doctor", EXEUNT_DATABASE_URL="postgresql://exeunt@127.0.0.1:1/exeunt")
    assert done.code == 1
    assert "FAIL  database: the database does not answer: " in done.out
    assert "Traceback" not in done.out


def test_a_bucket_of_another_installation_is_refused(
    exeunt: Commands, settings: Settings, large: Backend, tmp_path: Path
) -> None:
    other = large.settings(tmp_path / "other", storage_url=settings.storage_url)
    commands = Commands(Path(other.data), **variables(other))
    done = commands("init", *ADMIN, typed="correct horse\n")
    assert (done.code, done.err) == (
        1, f"another installation uses {settings.storage_url}: name another bucket or prefix"
    )  # fmt: skip
    # and the first one does not mind
    assert exeunt("doctor").code == 0


def test_a_key_of_another_installation_is_refused(exeunt: Commands, settings: Settings) -> None:
    settings.secret_path.write_text("0" * 64 + "\n")
    done = exeunt("workspace", "list")
    assert (done.code, done.err) == (
        1, "the key file does not belong to this ledger; restore the original secret.key"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"EXEUNT_DATABASE_URL": "mysql://host/db"}, "the database URL is not postgresql://USER:PASSWORD@HOST/DATABASE"),
        ({"EXEUNT_STORAGE_URL": "s3:/bucket"}, "the storage URL 's3:/bucket' is not s3://BUCKET/PREFIX"),
        ({"EXEUNT_STORAGE_URL": "s3://nowhere/x"}, "there is no bucket nowhere: make it, or correct the storage URL"),
        ({"EXEUNT_STORAGE_URL": "s3://exeunt/nobody"},
         "s3://exeunt/nobody is not the storage of an installation; `exeunt init` makes it one"),
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "check the AWS keys and their rights"),
    ],
)  # fmt: skip
def test_nothing_is_served_before_all_is_right(exeunt: Commands, wrong: dict[str, str], line: str) -> None:
    process = Process("serve", "--port", "0", env=environment(exeunt.data, **exeunt.environment | wrong))
    assert process.finish(60) == 1
    assert len(process.said) == 1, process.said
    assert line in process.said[0]
