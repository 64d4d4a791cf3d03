"""The audit trail: what an entry says, in which order entries come, and what none ever holds."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from exeunt.access.audit import Action, without_secrets
from exeunt.access.principal import Principal
from exeunt.cli.local import operator
from exeunt.installation import Installation
from tests.access.world import TurnedClock

ROOT = Path(__file__).parents[2]

WHO = Principal("a1", "ann@x.org", "acme", "administrator", frozenset(), "native", "t1")


def test_an_entry_says_who_did_what_when_and_how(installation: Installation, clock: TurnedClock) -> None:
    installation.audit.write(
        WHO, Action.EXPORT_CREATE, "e1", api="native", client="192.0.2.1", request_id="r1", detail={"layout": "html"}
    )
    (entry,) = installation.audit.entries("acme")
    assert entry.at == clock.now
    assert (entry.workspace_id, entry.account_id, entry.token_id, entry.actor) == ("acme", "a1", "t1", "ann@x.org")
    assert (entry.api, entry.action, entry.subject, entry.client, entry.request_id) == (
        "native", "export:create", "e1", "192.0.2.1", "r1",
    )  # fmt: skip
    assert entry.detail == {"layout": "html"}


def test_the_command_line_is_named_by_the_systems_user(installation: Installation) -> None:
    installation.audit.write(operator("acme"), Action.USER_ADD, "bob@x.org", api="cli")
    (entry,) = installation.audit.entries("acme")
    assert (entry.account_id, entry.token_id) == (None, None)
    assert entry.actor.endswith("(command line)")


def test_entries_of_one_workspace_are_not_seen_from_another(installation: Installation) -> None:
    installation.audit.write(WHO, Action.EXPORT_CREATE, "e1", api="native")
    installation.audit.write(WHO, Action.EXPORT_CREATE, "e2", api="native", workspace_id="guests")
    installation.audit.write(None, Action.INSTALLATION_MIGRATE, "0001", api="cli")
    assert [e.subject for e in installation.audit.entries("acme")] == ["e1"]
    assert [e.subject for e in installation.audit.entries("other")] == []
    assert [(e.subject, e.workspace_id) for e in installation.audit.entries(None)] == [
        ("e1", "acme"), ("e2", "guests"), ("0001", None),
    ]  # fmt: skip


def test_entries_can_be_followed_and_the_last_ones_had_at_once(installation: Installation) -> None:
    for number in range(5):
        installation.audit.write(WHO, Action.EXPORT_RENEW, f"e{number}", api="native")
    first = installation.audit.entries("acme", limit=2)
    assert [e.subject for e in first] == ["e0", "e1"]
    assert [e.subject for e in installation.audit.entries("acme", first[-1].id, 2)] == ["e2", "e3"]
    assert [e.subject for e in installation.audit.latest("acme", 2)] == ["e3", "e4"]
    assert [e.subject for e in installation.audit.latest(None, 1)] == ["e4"]


def test_every_action_is_a_noun_and_a_verb() -> None:
    assert all(re.fullmatch(r"[a-z]+:[a-z]+", action) for action in Action)


def test_the_documentation_lists_the_actions_and_no_others() -> None:
    page = (ROOT / "docs" / "access.md").read_text()
    assert re.findall(r"^\| `([a-z]+:[a-z]+)` \| [^|]+ \| [^|]+ \|$", page, re.MULTILINE) == [*Action]


def test_every_action_is_written_somewhere() -> None:
    written = {
        node.attr
        for tree in _sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Action"
    }
    assert written == {action.name for action in Action}


def test_every_change_that_the_program_makes_says_by_whom() -> None:
    changes = {"create_token", "revoke_token", "add_account", "disable_account", "set_password", "set_quota",
               "exports.create", "exports.cancel", "exports.expire", "exports.renew"}  # fmt: skip
    unsigned = [
        ast.unparse(node)
        for tree in _sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        and _called(node.func) & changes and "by" not in {keyword.arg for keyword in node.keywords}
        and not (isinstance(node.func.value, ast.Name) and node.func.value.id in ("accounts", "tokens"))
    ]  # fmt: skip
    assert unsigned == []


def _sources() -> list[ast.Module]:
    files = (ROOT / "src").rglob("*.py")
    return [ast.parse(path.read_text()) for path in files if path.name != "audit.py" or path.parent.name != "access"]


def _called(function: ast.Attribute) -> set[str]:
    """The name of a method, alone and after the last name before it."""
    owner = function.value
    before = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
    return {function.attr, f"{before}.{function.attr}"}


SECRET = "exeunt_" + "Ab0-_" * 9


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ({"token": "x", "Password": "y", "note": "z"}, {"token": "***", "Password": "***", "note": "z"}),
        ({"deep": [{"sig": "x"}, SECRET]}, {"deep": [{"sig": "***"}, "***"]}),
        ("/dl/1/a.zip?se=1&sig=abc%2F&x=1", "/dl/1/a.zip?se=1&sig=***&x=1"),
        ("GET /x?access_token=abc", "GET /x?access_token=***"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ({"count": 3, "none": None, "yes": True}, {"count": 3, "none": None, "yes": True}),
        ({"token_id": "t1"}, {"token_id": "t1"}),
    ],
)
def test_secrets_are_blotted_out_wherever_they_stand(value: Any, kept: Any) -> None:
    assert without_secrets(value) == kept


def test_no_entry_holds_a_token(installation: Installation) -> None:
    installation.access.add_account("ann@x.org", "acme", "administrator")
    secret, _ = installation.access.create_token("ann@x.org", "acme", api="native")
    installation.audit.write(WHO, Action.TOKEN_CREATE, secret, api="native", detail={"made": secret})
    (entry,) = installation.audit.entries("acme")
    assert (entry.subject, entry.detail) == ("***", {"made": "***"})
