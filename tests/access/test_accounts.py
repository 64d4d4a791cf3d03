"""Accounts, roles and passwords."""

import pytest

from exeunt.access.passwords import digest_of
from exeunt.access.service import Access
from exeunt.errors import Conflict, InvalidInput, NotFound
from tests.access.world import TurnedClock

PASSWORD = "correct horse"


def test_an_account_is_known_by_its_address_in_any_case(access: Access, clock: TurnedClock) -> None:
    made = access.add_account("  Ann@X.org ", "acme", "administrator")
    assert (made.email, made.roles, made.created_at, made.has_password) == (
        "ann@x.org", {"acme": "administrator"}, clock.now, False,
    )  # fmt: skip
    assert access.account("ANN@x.ORG") == made


def test_an_account_holds_one_role_in_each_workspace(access: Access) -> None:
    access.add_account("ann@x.org", "acme", "administrator")
    access.add_account("ann@x.org", "other", "auditor")
    assert access.add_account("ann@x.org", "acme", "exporter").roles == {"acme": "exporter", "other": "auditor"}


def test_accounts_of_a_workspace_are_listed_without_their_roles_elsewhere(access: Access) -> None:
    access.add_account("bob@x.org", "other", "exporter")
    access.add_account("ann@x.org", "acme", "administrator")
    access.add_account("ann@x.org", "other", "auditor")
    assert [(a.email, a.roles) for a in access.list_accounts("acme")] == [("ann@x.org", {"acme": "administrator"})]
    assert [a.email for a in access.list_accounts()] == ["ann@x.org", "bob@x.org"]


def test_a_disabled_account_comes_back_without_its_password(access: Access) -> None:
    access.add_account("ann@x.org", "acme", "exporter", PASSWORD)
    gone = access.disable_account("ann@x.org")
    assert gone.disabled_at is not None
    assert access.check_password("ann@x.org", PASSWORD) is None
    back = access.add_account("ann@x.org", "acme", "exporter", "another horse")
    assert back.disabled_at is None
    assert access.check_password("ann@x.org", PASSWORD) is None
    assert access.check_password("ann@x.org", "another horse") == back


def test_a_password_is_right_or_wrong_whatever_else_is_wrong(access: Access) -> None:
    account = access.add_account("ann@x.org", "acme", "exporter", PASSWORD)
    assert access.check_password(" Ann@x.org", PASSWORD) == account
    assert access.check_password("ann@x.org", PASSWORD + " ") is None
    assert access.check_password("zoe@x.org", PASSWORD) is None
    access.add_account("bob@x.org", "acme", "exporter")
    assert access.check_password("bob@x.org", "") is None
    assert access.check_password("bob@x.org", "nobody") is None


def test_a_client_may_send_the_digest_instead(access: Access) -> None:
    account = access.add_account("ann@x.org", "acme", "exporter", PASSWORD)
    assert access.check_digest("ann@x.org", digest_of(PASSWORD)) == account
    assert access.check_digest("ann@x.org", digest_of("x")) is None
    assert access.check_digest("ann@x.org", PASSWORD) is None


def test_a_password_can_be_replaced(access: Access) -> None:
    access.add_account("ann@x.org", "acme", "exporter", PASSWORD)
    access.set_password("ann@x.org", "another horse")
    assert access.check_password("ann@x.org", PASSWORD) is None
    assert access.check_password("ann@x.org", "another horse") is not None


@pytest.mark.parametrize("password", ["", "1234567", "x" * 1025])
def test_a_password_has_a_length(access: Access, password: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        access.add_account("ann@x.org", "acme", "exporter", password)
    assert str(refused.value) == "a password has 8 to 1024 characters"
    assert access.list_accounts() == []


@pytest.mark.parametrize("email", ["", "ann", "@x.org", "ann@", "a b@x.org", "a@b@c", "a" * 250 + "@x.org"])
def test_what_is_no_address_makes_no_account(access: Access, email: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        access.add_account(email, "acme", "exporter")
    assert str(refused.value) == f"{email!r} is not an e-mail address"


def test_adding_says_what_does_not_fit(access: Access) -> None:
    with pytest.raises(InvalidInput) as role:
        access.add_account("ann@x.org", "acme", "king")
    assert str(role.value) == "there is no role 'king'; there are administrator, exporter, auditor"
    with pytest.raises(NotFound) as workspace:
        access.add_account("ann@x.org", "nowhere", "exporter")
    assert str(workspace.value) == "no workspace nowhere"
    access.add_account("ann@x.org", "acme", "exporter", PASSWORD)
    with pytest.raises(Conflict) as again:
        access.add_account("ann@x.org", "acme", "exporter")
    assert str(again.value) == "ann@x.org is exporter of workspace acme already"
    with pytest.raises(Conflict) as password:
        access.add_account("ann@x.org", "other", "exporter", "another horse")
    assert str(password.value) == "ann@x.org has a password already; `exeunt user password` changes it"
    assert access.account("ann@x.org").roles == {"acme": "exporter"}


def test_disabling_says_what_does_not_fit(access: Access) -> None:
    with pytest.raises(NotFound) as unknown:
        access.disable_account("zoe@x.org")
    assert str(unknown.value) == "no account zoe@x.org"
    access.add_account("ann@x.org", "acme", "exporter")
    with pytest.raises(NotFound) as elsewhere:
        access.disable_account("ann@x.org", "other")
    assert str(elsewhere.value) == "ann@x.org has no role in workspace other"
    access.disable_account("ann@x.org")
    with pytest.raises(Conflict) as disabled:
        access.set_password("ann@x.org", PASSWORD)
    assert str(disabled.value) == "ann@x.org is disabled; `exeunt user add` enables it again"
