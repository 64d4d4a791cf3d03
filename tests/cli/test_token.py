"""`exeunt token`."""

from datetime import timedelta
from pathlib import Path

import pytest

from exeunt.cli.token import duration
from exeunt.config import Settings
from exeunt.errors import InvalidInput
from exeunt.installation import Installation
from tests.access.world import populate
from tests.cli.running import ADMIN, Commands

ANN = ("--user", "ann@x.org", "--workspace", "acme")


@pytest.fixture
def exeunt(tmp_path: Path) -> Commands:
    commands = Commands(tmp_path / "data")
    assert commands("init", *ADMIN, typed="correct horse\n").code == 0
    return commands


@pytest.fixture
def installation(exeunt: Commands) -> Installation:
    return Installation(Settings(data=str(exeunt.data)))


@pytest.mark.parametrize("api", ["native", "yammer", "rocketchat"])
def test_a_token_is_printed_once_and_works_where_it_is_for(
    exeunt: Commands, installation: Installation, api: str
) -> None:
    done = exeunt("token", "create", *ANN, "--for", api)
    assert done.code == 0
    (secret,) = done.out.splitlines()
    assert installation.access.authenticate(secret, api) is not None
    assert "it is not shown again" in done.err
    assert secret not in done.err
    assert secret not in exeunt("token", "list", "--json").out
    assert secret not in exeunt("audit", "--json").out


def test_as_json_it_is_the_token_and_the_persons_id(exeunt: Commands, installation: Installation) -> None:
    assert exeunt("token", "create", *ANN, "--for", "native", "--json").json()["user_id"] == ""
    populate(installation, "acme")
    made = exeunt("token", "create", *ANN, "--for", "rocketchat", "--json").json()
    assert set(made) == {"token", "user_id"}
    assert made["user_id"] == "U-ann"


def test_a_rocketchat_token_for_nobody_in_the_workspace_is_warned_of(exeunt: Commands) -> None:
    done = exeunt("token", "create", *ANN, "--for", "rocketchat", "--json")
    assert done.err == (
        "no person of workspace acme has the address ann@x.org yet: clients of this API need that person's id\n"
    )


def test_a_token_may_have_scopes_of_its_own_and_an_end(exeunt: Commands) -> None:
    exeunt("token", "create", *ANN, "--scope", "export:private", "--scope", "export:create", "--expires", "30d")
    (record,) = exeunt("token", "list", "--workspace", "acme", "--user", "ann@x.org", "--json").json()
    assert record["scopes"] == ["export:create", "export:private"]
    assert record["expires_at"] is not None
    assert exeunt("audit", "--json").json()[-1]["detail"]["scopes"] == ["export:create", "export:private"]


def test_tokens_are_listed_with_their_state_and_can_be_revoked(exeunt: Commands, installation: Installation) -> None:
    secret = exeunt("token", "create", *ANN).out.strip()
    token_id = exeunt("token", "list", "--json").json()[0]["id"]
    assert "  live   " in exeunt("token", "list").out
    done = exeunt("token", "revoke", token_id)
    assert (done.code, done.out) == (0, f"token {token_id} of ann@x.org is revoked\n")
    assert "  revoked  " in exeunt("token", "list").out
    assert installation.access.authenticate(secret, "native") is None
    assert exeunt("audit", "--json").json()[-1]["action"] == "token:revoke"


def test_expired_tokens_are_listed_as_such(exeunt: Commands, installation: Installation) -> None:
    from datetime import UTC, datetime

    from exeunt.cli.token import state

    exeunt("token", "create", *ANN, "--expires", "1h")
    (record,) = installation.access.list_tokens()
    assert state(record, datetime.now(UTC) + timedelta(hours=2)) == "expired"
    assert state(record, datetime.now(UTC)).startswith("until 2")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("create", "--user", "zoe@x.org", "--workspace", "acme"), 1, "no account zoe@x.org"),
        (("create", "--user", "ann@x.org", "--workspace", "x"), 1, "ann@x.org has no role in workspace x"),
        (("create", *ANN, "--expires", "soon"), 1, "'soon' is no length of time: write 90s, 15m, 12h, 30d or 4w"),
        (("create", *ANN, "--for", "onna"), 2,
         "Invalid value for '--for': 'onna' is not one of 'native', 'yammer', 'rocketchat'."),
        (("revoke", "nothing"), 1, "no token nothing"),
        (("list", "--user", "zoe@x.org"), 1, "no account zoe@x.org"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_line(exeunt: Commands, arguments: tuple[str, ...], code: int, message: str) -> None:
    done = exeunt("token", *arguments)
    assert (done.code, done.err, done.out) == (code, message, "")


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("15m", 900), ("12h", 43_200), ("30d", 2_592_000), (" 4w ", 2_419_200)]
)
def test_lengths_of_time(text: str, seconds: int) -> None:
    assert duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "30", "d", "0d", "-1d", "1.5h", "1y", "36526d", "9999999999w", "1d1h"])
def test_what_is_no_length_of_time(text: str) -> None:
    with pytest.raises(InvalidInput):
        duration(text)
