"""`exeunt doctor`: one line for each check, and exit status 1 when one fails."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from exeunt.cli.doctor import Finding, examine
from exeunt.config import Settings
from exeunt.installation import Installation
from tests.cli.running import ADMIN, Commands

CHECKS = ["database", "storage", "free space", "key", "clock", "mail", "public URL"]


@pytest.fixture
def exeunt(tmp_path: Path) -> Commands:
    commands = Commands(tmp_path / "data")
    assert commands("init", *ADMIN, typed="correct horse\n").code == 0
    return commands


@pytest.fixture
def settings(exeunt: Commands) -> Settings:
    return Settings(data=str(exeunt.data))


def found(settings: Settings, check: str, now: datetime | None = None) -> Finding:
    findings = {finding.check: finding for finding in examine(settings, now or datetime.now(UTC))}
    assert list(findings) == CHECKS
    return findings[check]


def test_a_sound_installation_has_seven_good_lines(exeunt: Commands) -> None:
    done = exeunt("doctor")
    assert done.code == 0
    assert [line[:6] for line in done.out.splitlines()] == ["ok    "] * 7
    assert [line[6:].partition(":")[0] for line in done.out.splitlines()] == CHECKS
    assert all(finding["ok"] for finding in exeunt("doctor", "--json").json())


def test_one_bad_check_is_exit_status_1_and_the_others_are_still_made(exeunt: Commands) -> None:
    done = exeunt("doctor", EXEUNT_PUBLIC_URL="exeunt.example")
    assert done.code == 1
    assert done.out.splitlines()[-1] == "FAIL  public URL: 'exeunt.example' is not an http or https address"
    assert done.out.count("ok    ") == 6
    done = exeunt("doctor", "--json", EXEUNT_PUBLIC_URL="exeunt.example")
    assert done.code == 1
    assert '"ok": false' in done.out


def test_without_an_installation_every_check_that_needs_one_says_so(tmp_path: Path) -> None:
    nowhere = tmp_path / "nothing"
    done = Commands(nowhere)("doctor")
    assert done.code == 1
    assert f"FAIL  database: there is no installation in {nowhere}; `exeunt init` makes one" in done.out
    assert not nowhere.exists()


def test_a_damaged_database_is_found(settings: Settings) -> None:
    path = settings.data_path / "ledger.sqlite"
    with path.open("r+b") as file:
        file.seek(0)
        file.write(b"not a database at all, not even a little")
    finding = found(settings, "database")
    assert finding.message == "the database cannot be read: file is not a database"


def test_a_database_of_another_version_is_found(settings: Settings) -> None:
    ledger = Installation(settings).ledger
    with ledger.write() as db:
        db.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    finding = found(settings, "database")
    assert not finding.ok
    assert finding.message.startswith("the database is at revision 0000, this version needs ")
    assert finding.message.endswith("run `exeunt migrate`")


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_takes_nothing_is_found(settings: Settings) -> None:
    (settings.data_path / "lake").mkdir(exist_ok=True)
    (settings.data_path / "lake").chmod(0o500)
    assert not found(settings, "storage").ok


def test_a_file_in_the_place_of_a_folder_is_found(settings: Settings) -> None:
    (settings.data_path / "lake").write_text("")
    assert not found(settings, "storage").ok


def test_storage_is_left_as_it_was(settings: Settings) -> None:
    assert found(settings, "storage").ok
    assert not list(settings.data_path.rglob("doctor-*"))


def test_too_little_space_is_found(settings: Settings) -> None:
    finding = found(msgspec.structs.replace(settings, min_free_bytes=1 << 60), "free space")
    assert not finding.ok
    assert finding.message.endswith("MiB are needed: new exports and imports wait")


def test_a_key_that_others_may_read_is_found(settings: Settings) -> None:
    settings.secret_path.chmod(0o640)
    assert found(settings, "key").message == f"others may read {settings.secret_path}: chmod 600 it"


def test_a_missing_key_and_a_foreign_key_are_found(settings: Settings) -> None:
    settings.secret_path.write_text("ab" * 32 + "\n")
    assert found(settings, "key").message == (
        "the key file does not belong to this ledger; restore the original secret.key"
    )
    settings.secret_path.unlink()
    assert found(settings, "key").message == (
        f"the key file {settings.secret_path} cannot be read: No such file or directory"
    )


def test_a_clock_behind_what_was_written_is_found(settings: Settings) -> None:
    finding = found(settings, "clock", datetime.now(UTC) - timedelta(hours=1))
    assert not finding.ok
    assert finding.message.endswith(": set it right")
    assert found(settings, "clock", datetime.now(UTC) - timedelta(seconds=30)).ok


@pytest.mark.parametrize("url", ["exeunt.example", "ftp://x", "http://", "http://x:99999", "http://x?y=1", "http://["])
def test_a_public_url_that_is_none_is_found(settings: Settings, url: str) -> None:
    finding = found(msgspec.structs.replace(settings, public_url=url), "public URL")
    assert finding == Finding("public URL", False, f"{url!r} is not an http or https address")


def test_a_public_url_with_a_path_is_found(settings: Settings) -> None:
    finding = found(msgspec.structs.replace(settings, public_url="https://x.example/exeunt"), "public URL")
    assert finding.message == "'https://x.example/exeunt' has a path; links are made for the top of a host"


def test_a_public_url_where_nothing_answers_is_told(settings: Settings) -> None:
    finding = found(msgspec.structs.replace(settings, public_url="http://127.0.0.1:9/"), "public URL")
    assert finding == Finding(
        "public URL", True, "http://127.0.0.1:9/ (nothing answers there now, seen from here)"
    )  # fmt: skip


def test_a_public_url_that_answers_is_told(settings: Settings) -> None:
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Quiet(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        assert found(msgspec.structs.replace(settings, public_url=url), "public URL").message == f"{url} (answers)"
        server.shutdown()
