"""`exeunt import` and `exeunt export` as a person types them, here and against a server."""

import json
import zipfile
from pathlib import Path

import pytest

from exeunt.config import Settings
from exeunt.installation import Installation
from exeunt.sample import HOME_ADMIN, write_home
from tests.cli.running import Commands
from tests.conftest import serving

NO_LAYOUT = "unknown layout 'pdf'; there are csv, html, jsonl, rocketchat, rocketchat-user-data, yammer-files"
ADMIN = ("--admin", HOME_ADMIN, "--workspace", "home", "--password-stdin")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sample") / "home.zip"
    write_home(path, messages=500, files=40, large_file_bytes=300_000)
    return path


@pytest.fixture
def exeunt(tmp_path: Path) -> Commands:
    return Commands(tmp_path / "data", EXEUNT_MIN_FREE_BYTES="1024")


@pytest.fixture
def home(exeunt: Commands, sample: Path) -> Commands:
    """An installation that holds the sample."""
    assert exeunt("init", *ADMIN, typed="correct horse\n").code == 0
    imported = exeunt("import", "slack", str(sample), "--workspace", "home", "--json")
    assert imported.code == 0, imported.err
    assert json.loads(imported.out)["report"]["added"]["messages"] == 500
    return exeunt


def test_what_did_not_come_in_is_told_apart_from_what_was_repaired(home: Commands, tmp_path: Path) -> None:
    day = json.dumps([{"type": "message", "ts": "1577836800.000100", "text": "für"}], ensure_ascii=False)
    with zipfile.ZipFile(tmp_path / "odd.zip", "w") as archive:
        archive.writestr("channels.json", json.dumps([{"id": "C9", "name": "odd"}]))
        archive.writestr("odd/2020-01-01.json", day.encode("utf-16"))
        archive.writestr("odd/2020-01-02.json", day[:-1].replace("100", "200") + ', {"ts": ]')
        archive.writestr("odd/notes.txt", "?")
    exeunt = home("import", "slack", str(tmp_path / "odd.zip"), "--workspace", "home")
    said = exeunt.out.splitlines()
    lost, repaired = said.index("2 did not come in, or not whole:"), said.index("1 came in repaired:")
    assert said[lost + 1 : repaired] == [
        "  odd/notes.txt: it is no part of a Slack export",
        "  odd/2020-01-02.json: its JSON is broken in 1 places; 1 objects of it were read",
    ]
    assert said[repaired + 1 :] == ["  odd/2020-01-01.json: it was written in UTF-16"]


def test_importing_again_says_that_all_is_known(home: Commands, sample: Path) -> None:
    again = json.loads(home("import", "slack", str(sample), "--workspace", "home", "--json").out)
    assert again["report"]["added"]["messages"] == again["report"]["changed"]["messages"] == 0
    assert again["report"]["unchanged"]["messages"] == 500
    assert again["snapshot"] == 1


def test_an_import_into_an_unknown_workspace_is_one_line(home: Commands, sample: Path) -> None:
    done = home("import", "slack", str(sample), "--workspace", "nowhere")
    assert (done.code, done.err) == (1, "no workspace nowhere")


def test_imports_are_in_the_audit_trail_those_that_fail_too(home: Commands, sample: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"no zip")
    refused = home("import", "slack", str(broken), "--workspace", "home")
    assert refused.code == 1
    entries = [entry for entry in home("audit", "--json").json() if entry["action"].startswith("import:")]
    assert [(entry["action"], entry["subject"], entry["detail"]) for entry in entries] == [
        ("import:commit", "home.zip", {"import_no": 1, "snapshot": 1}),
        ("import:fail", "broken.zip", {"reason": refused.err}),
    ]


@pytest.mark.parametrize("layout", ["html", "jsonl", "csv", "yammer-files"])
def test_every_layout_is_created_awaited_downloaded_and_sound(home: Commands, layout: str, tmp_path: Path) -> None:
    output = tmp_path / "out"
    made = home("export", "create", "--workspace", "home", "--layout", layout, "--output", str(output), "--json")
    assert made.code == 0, made.err
    export = json.loads(made.out)
    assert export["state"] == "COMPLETED"
    paths = [path for path in export["paths"] if path.endswith(".zip")]
    checked = home("verify", *paths, "--json")
    assert checked.code == 0
    assert json.loads(checked.out)["problems"] == []
    if layout != "yammer-files":
        assert export["counts"]["messages"] == 500


def test_a_dry_run_starts_nothing(home: Commands) -> None:
    counted = json.loads(home("export", "create", "--workspace", "home", "--layout", "csv", "--dry-run", "--json").out)
    assert counted["messages"] == 500
    assert json.loads(home("export", "list", "--workspace", "home", "--json").out) == []


def test_an_export_goes_from_asked_to_revoked_to_renewed(home: Commands) -> None:
    made = json.loads(home("export", "create", "--workspace", "home", "--layout", "csv", "--wait", "--json").out)
    assert json.loads(home("export", "show", made["id"], "--json").out)["state"] == "COMPLETED"
    assert json.loads(home("export", "revoke", made["id"], "--json").out)["state"] == "EXPIRED"
    assert home("export", "revoke", made["id"]).code == 1
    assert json.loads(home("export", "renew", made["id"], "--json").out)["state"] == "COMPLETED"


def test_links_have_the_public_host_where_there_is_one(home: Commands) -> None:
    made = home("export", "create", "--workspace", "home", "--layout", "csv", "--wait", "--json").json()
    assert made["archives"][0]["url"].startswith("/dl/")
    shown = home("export", "show", made["id"], "--json", EXEUNT_PUBLIC_URL="https://out.example.org/").json()
    assert shown["archives"][0]["url"] == "https://out.example.org" + made["archives"][0]["url"]


def test_a_queued_export_is_cancelled(home: Commands) -> None:
    made = json.loads(home("export", "create", "--workspace", "home", "--layout", "csv", "--json").out)
    assert made["state"] == "QUEUED"
    assert json.loads(home("export", "cancel", made["id"], "--json").out)["state"] == "CANCELLED"
    assert home("export", "cancel", made["id"]).err.startswith("export ")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("--layout", "pdf"), NO_LAYOUT),
        (("--layout", "csv", "--since", "soon"), "'soon' is not an ISO 8601 instant"),
        (("--layout", "csv", "--option", "safe"), "--option takes NAME=VALUE, not 'safe'"),
        (("--layout", "csv", "--since", "2024-02-01", "--until", "2024-01-01"),
         "until must be later than since"),
        (("--layout", "csv", "--workspace", "other"),
         "one export is of one workspace, and here are 2: ask for each by itself"),
        (("--layout", "csv", "--room", "C0"), "there is no room 'C0' in workspace home that you may export"),
        (("--layout", "csv", "--person", "U0"), "there is no person 'U0' in workspace home"),
        (("--layout", "csv", "--person", "U0", "--dry-run"), "there is no person 'U0' in workspace home"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_starts_nothing(home: Commands, arguments: tuple[str, ...], error: str) -> None:
    done = home("export", "create", "--workspace", "home", *arguments)
    assert (done.code, done.err) == (1, error)
    assert json.loads(home("export", "list", "--workspace", "home", "--json").out) == []


def test_the_same_verbs_work_against_a_server(home: Commands, tmp_path: Path) -> None:
    token = json.loads(
        home("token", "create", "--user", HOME_ADMIN, "--workspace", "home", "--for", "native", "--json").out
    )["token"]
    installation = Installation(Settings(data=str(home.data)))
    with serving(installation) as base:
        remote = {"EXEUNT_URL": base, "EXEUNT_TOKEN": token}
        output = tmp_path / "out"
        made = home("export", "create", "--workspace", "home", "--layout", "jsonl", "--wait", "--json", **remote)
        export = json.loads(made.out)
        assert export["state"] == "COMPLETED"
        fetched = home("export", "download", export["id"], "--output", str(output), "--expire", "--json", **remote)
        assert fetched.code == 0, fetched.err
        result = json.loads(fetched.out)
        assert result["problems"] == []
        assert result["state"] == "EXPIRED"
        with zipfile.ZipFile(result["paths"][0]) as archive:
            assert "messages.jsonl" in archive.namelist()
        again = home("export", "download", export["id"], "--output", str(output), **remote)
        assert again.err == f"export {export['id']} is EXPIRED, there is nothing to download"
        refused = home("export", "show", export["id"], EXEUNT_URL=base, EXEUNT_TOKEN="wrong")
        assert refused.code == 1
        listed = home("export", "list", "--workspace", "home", "--json", **remote)
        assert [found["id"] for found in listed.json()] == [export["id"]]
        for elsewhere in ("external", "nowhere"):
            foreign = home("export", "list", "--workspace", elsewhere, "--json", **remote)
            assert (foreign.code, foreign.err) == (1, f"no workspace {elsewhere}")
    installation.ledger.close()
