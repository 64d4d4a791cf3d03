"""Tokens: who they act for, when they stop, and that nothing but a hash is kept."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from exeunt.access.service import Access
from exeunt.errors import Conflict, InvalidInput, NotFound
from exeunt.installation import Installation
from tests.access.world import TurnedClock, populate


@pytest.fixture
def ann(access: Access) -> str:
    """The secret of an administrator's native token."""
    access.add_account("ann@x.org", "acme", "administrator")
    return access.create_token("ann@x.org", "acme", api="native")[0]


def test_a_token_acts_for_its_account_in_its_workspace(access: Access, ann: str) -> None:
    who = access.authenticate(ann, "native")
    assert who is not None
    assert (who.email, who.workspace_id, who.role, who.api, who.user_id) == (
        "ann@x.org", "acme", "administrator", "native", "",
    )  # fmt: skip
    assert "export:create" in who.scopes
    assert "export:private" not in who.scopes
    assert who.token_id == access.list_tokens()[0].id


def test_a_yammer_token_of_an_administrator_may_export_private_groups(access: Access, ann: str) -> None:
    secret, record = access.create_token("ann@x.org", "acme", api="yammer")
    who = access.authenticate(secret, "yammer")
    assert who is not None
    assert "export:private" in who.scopes
    assert set(record.scopes) == who.scopes


def test_the_account_is_the_person_with_the_same_address_in_any_case(
    installation: Installation, access: Access, ann: str
) -> None:
    populate(installation, "acme")
    who = access.authenticate(ann, "native")
    assert who is not None
    # neither the bot nor the disabled person with that address
    assert who.user_id == "U-ann"
    assert access.person("ANN@x.org", "acme") == "U-ann"
    assert access.person("ANN@x.org", "other") == ""
    assert access.create_token("ann@x.org", "acme", api="rocketchat")[1].user_id == "U-ann"


def test_an_account_without_a_person_has_no_user_id_even_where_people_have_no_address(
    installation: Installation, access: Access
) -> None:
    populate(installation, "acme")
    access.add_account("zoe@x.org", "acme", "exporter")
    who = access.authenticate(access.create_token("zoe@x.org", "acme", api="native")[0], "native")
    assert who is not None
    assert who.user_id == ""


@pytest.mark.parametrize("wrong", ["", "exeunt_", "x", "é", "exeunt_" + "A" * 43])
def test_an_unknown_token_is_nobody(access: Access, ann: str, wrong: str) -> None:
    assert access.authenticate(wrong, "native") is None


def test_a_token_is_refused_by_every_other_api(access: Access, ann: str) -> None:
    assert access.authenticate(ann, "yammer") is None
    assert access.authenticate(ann, "rocketchat") is None
    assert access.authenticate(ann, "") is None


def test_a_revoked_token_is_nobody_at_once_and_stays_revoked_since_then(
    access: Access, ann: str, clock: TurnedClock
) -> None:
    token_id = access.list_tokens()[0].id
    first = access.revoke_token(token_id)
    assert access.authenticate(ann, "native") is None
    clock.turn(hours=1)
    assert access.revoke_token(token_id).revoked_at == first.revoked_at


def test_a_token_lives_up_to_the_instant_it_expires(access: Access, clock: TurnedClock, ann: str) -> None:
    secret, record = access.create_token("ann@x.org", "acme", api="native", expires=timedelta(days=30))
    clock.turn(days=30, microseconds=-1)
    assert access.authenticate(secret, "native") is not None
    clock.turn(microseconds=1)
    assert access.authenticate(secret, "native") is None
    assert record.expires_at == clock.now
    assert access.authenticate(ann, "native") is not None


def test_disabling_the_account_ends_its_tokens_for_good(access: Access, ann: str) -> None:
    access.disable_account("ann@x.org")
    assert access.authenticate(ann, "native") is None
    access.add_account("ann@x.org", "acme", "administrator")
    assert access.authenticate(ann, "native") is None


def test_losing_the_role_ends_the_tokens_of_that_workspace_only(access: Access, ann: str) -> None:
    access.add_account("ann@x.org", "other", "exporter")
    elsewhere, _ = access.create_token("ann@x.org", "other", api="native")
    access.disable_account("ann@x.org", "acme")
    assert access.authenticate(ann, "native") is None
    assert access.authenticate(elsewhere, "native") is not None


def test_a_smaller_role_makes_the_scopes_of_old_tokens_smaller(access: Access, ann: str) -> None:
    access.add_account("ann@x.org", "acme", "auditor")
    who = access.authenticate(ann, "native")
    assert who is not None
    assert who.role == "auditor"
    assert who.scopes == {"export:read", "audit:read"}


def test_only_a_hash_of_a_token_is_kept(tmp_path: Path, installation: Installation, ann: str) -> None:
    installation.ledger.close()
    for path in (tmp_path / "data").rglob("*"):
        if path.is_file():
            assert ann.encode() not in path.read_bytes()
            assert ann.removeprefix("exeunt_").encode() not in path.read_bytes()


def test_tokens_can_be_listed_by_account_and_by_workspace(access: Access, ann: str) -> None:
    access.add_account("bob@x.org", "other", "exporter")
    access.create_token("bob@x.org", "other", api="native", scopes=["export:read", "export:read"])
    assert [(t.email, t.scopes) for t in access.list_tokens(workspace_id="other")] == [("bob@x.org", ("export:read",))]
    assert [t.workspace_id for t in access.list_tokens(email="Ann@x.org")] == ["acme"]
    assert len(access.list_tokens()) == 2
    assert access.list_tokens(workspace_id="nowhere") == []


def test_a_foreign_token_cannot_be_told_from_an_unknown_one(access: Access, ann: str) -> None:
    token_id = access.list_tokens()[0].id
    with pytest.raises(NotFound) as foreign:
        access.revoke_token(token_id, workspace_id="other")
    assert str(foreign.value) == f"no token {token_id}"
    assert access.authenticate(ann, "native") is not None
    with pytest.raises(NotFound) as unknown:
        access.revoke_token("nothing")
    assert str(unknown.value) == "no token nothing"


def test_a_token_needs_an_account_with_a_role_there(access: Access, ann: str) -> None:
    with pytest.raises(NotFound) as unknown:
        access.create_token("zoe@x.org", "acme", api="native")
    assert str(unknown.value) == "no account zoe@x.org"
    with pytest.raises(NotFound) as elsewhere:
        access.create_token("ann@x.org", "other", api="native")
    with pytest.raises(NotFound) as nowhere:
        access.create_token("ann@x.org", "nowhere", api="native")
    assert str(elsewhere.value) == "ann@x.org has no role in workspace other"
    assert str(nowhere.value) == "ann@x.org has no role in workspace nowhere"
    access.disable_account("ann@x.org")
    with pytest.raises(Conflict) as disabled:
        access.create_token("ann@x.org", "acme", api="native")
    assert str(disabled.value) == "ann@x.org is disabled; `exeunt user add` enables it again"


def test_a_token_must_live_for_some_time(access: Access, ann: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        access.create_token("ann@x.org", "acme", api="native", expires=timedelta(0))
    assert str(refused.value) == "a token must live longer than no time at all"


def test_authenticating_is_one_query_by_indexes_only(installation: Installation, access: Access, ann: str) -> None:
    statements: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if statement.startswith("SELECT"):
            statements.append((statement, parameters))

    event.listen(installation.ledger.engine, "before_cursor_execute", note)
    access.authenticate(ann, "native")
    event.remove(installation.ledger.engine, "before_cursor_execute", note)
    ((statement, parameters),) = statements
    with installation.ledger.read() as db:
        plan = [row[3] for row in db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    assert not [line for line in plan if line.startswith("SCAN")], plan
    assert any("ix_users_email (workspace_id=? AND <expr>=?)" in line for line in plan), plan
