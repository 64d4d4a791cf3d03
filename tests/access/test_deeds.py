"""Changes and their entries in the audit trail: neither is ever there without the other."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from exeunt.access.audit import Action, Actor
from exeunt.access.principal import Principal
from exeunt.cli.workspace import make_workspace
from exeunt.exports import service
from exeunt.exports.records import State
from exeunt.exports.run import Runner
from exeunt.exports.service import Request, finish
from exeunt.installation import Installation
from exeunt.ledger.schema import metadata

BY = Actor(
    principal=Principal("", "ann@x.org", "acme", "administrator", frozenset(), "native", "t1"),
    api="native", client="192.0.2.1", request_id="r1",
)  # fmt: skip

Do = Callable[[Installation], object]


def _export(installation: Installation) -> str:
    return installation.exports.create(Request(workspaces=("acme",), api="native", layout="csv")).id


def _completed(installation: Installation) -> str:
    export_id = _export(installation)
    with installation.ledger.write() as db:
        assert finish(db, export_id, State.COMPLETED, installation.clock(), None)
    return export_id


def _expired(installation: Installation) -> str:
    export_id = _completed(installation)
    return installation.exports.expire(export_id).id


def _on_export(make: Callable[[Installation], str], change: Callable[[Installation, str], object]) -> Callable[
    [Installation], Do
]:  # fmt: skip
    def prepare(installation: Installation) -> Do:
        export_id = make(installation)
        return lambda installation: change(installation, export_id)

    return prepare


def _at_once(change: Do) -> Callable[[Installation], Do]:
    return lambda installation: change


def _on_token(installation: Installation) -> Do:
    installation.access.add_account("eve@x.org", "acme", "auditor")
    _, record = installation.access.create_token("eve@x.org", "acme", api="native")
    return lambda installation: installation.access.revoke_token(record.id, by=BY)


def _on_account(change: Do) -> Callable[[Installation], Do]:
    def prepare(installation: Installation) -> Do:
        installation.access.add_account("eve@x.org", "acme", "auditor", "correct horse")
        return change

    return prepare


CHANGES: dict[Action, Callable[[Installation], Do]] = {
    Action.WORKSPACE_ADD: _at_once(lambda made: make_workspace(made, "fourth", "Fourth", "acme")),
    Action.WORKSPACE_QUOTA: _at_once(lambda made: made.exports.set_quota("acme", 3, 10, by=BY)),
    Action.INSTALLATION_INIT: _at_once(
        lambda made: made.access.add_account(
            "eve@x.org", "acme", "administrator", "correct horse", by=BY, action=Action.INSTALLATION_INIT
        )
    ),
    Action.USER_ADD: _at_once(lambda made: made.access.add_account("eve@x.org", "acme", "auditor", by=BY)),
    Action.USER_DISABLE: _on_account(lambda made: made.access.disable_account("eve@x.org", "acme", by=BY)),
    Action.USER_PASSWORD: _on_account(lambda made: made.access.set_password("eve@x.org", "another horse", by=BY)),
    Action.TOKEN_CREATE: _on_account(lambda made: made.access.create_token("eve@x.org", "acme", api="native", by=BY)),
    Action.TOKEN_REVOKE: _on_token,
    Action.EXPORT_CREATE: _at_once(
        lambda made: made.exports.create(Request(workspaces=("acme",), api="native", layout="csv", slot="s"), by=BY)
    ),
    Action.EXPORT_CANCEL: _on_export(_export, lambda made, export_id: made.exports.cancel(export_id, by=BY)),
    Action.EXPORT_REVOKE: _on_export(_completed, lambda made, export_id: made.exports.expire(export_id, by=BY)),
    Action.EXPORT_RENEW: _on_export(_expired, lambda made, export_id: made.exports.renew(export_id, by=BY)),
    Action.EXPORT_FAIL: _on_export(_export, lambda made, export_id: Runner(made).fail(export_id, "timed out")),
}
"""Every change that is one transaction, but the end of an export's work: `tests/exports/test_audit` has that."""


def _everything(installation: Installation) -> dict[str, list[Any]]:
    with installation.ledger.read() as db:
        return {name: [tuple(row) for row in db.execute(select(table))] for name, table in metadata.tables.items()}


@pytest.mark.parametrize("action", CHANGES)
def test_a_change_whose_entry_cannot_be_written_is_not_made(
    installation: Installation, action: Action, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "wait_until_forgotten", lambda: None)
    change = CHANGES[action](installation)
    before = _everything(installation)
    with installation.ledger.write() as db:
        db.exec_driver_sql("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END")
    with pytest.raises(IntegrityError, match="no room"):
        change(installation)
    assert _everything(installation) == before
    with installation.ledger.write() as db:
        db.exec_driver_sql("DROP TRIGGER full")
    change(installation)
    (entry,) = installation.audit.latest(None)
    assert (entry.action, entry.at) == (action, installation.clock())
    after = _everything(installation)
    assert {name for name in after if after[name] != before[name]} > {"audit"}


def test_an_entry_of_a_change_says_who_made_it_and_whose_it_is(installation: Installation) -> None:
    export = installation.exports.create(Request(workspaces=("guests",), home="acme", api="native", layout="csv"))
    installation.exports.cancel(export.id, by=BY)
    installation.access.add_account("eve@x.org", "other", "auditor", by=BY)
    cancelled, added = installation.audit.entries(None)
    assert (cancelled.actor, cancelled.token_id, cancelled.api, cancelled.client, cancelled.request_id) == (
        "ann@x.org", "t1", "native", "192.0.2.1", "r1",
    )  # fmt: skip
    assert (cancelled.subject, cancelled.workspace_id) == (export.id, "acme")
    assert (added.subject, added.workspace_id, added.detail) == ("eve@x.org", "other", {"role": "auditor"})


def test_what_is_asked_for_is_in_the_entry(installation: Installation) -> None:
    installation.exports.create(
        Request(workspaces=("acme", "guests"), api="yammer", layout="yammer-files", options={"flat": True}), by=BY
    )
    (entry,) = installation.audit.entries("acme")
    assert entry.detail["layout"] == "yammer-files"
    assert entry.detail["workspaces"] == ["acme", "guests"]
    assert entry.detail["options"] == {"flat": True}
    assert entry.detail["selection"]["rooms"] == []
    assert entry.detail["others_private"] is True
