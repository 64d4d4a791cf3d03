"""The ends of exports in the audit trail, written by whoever does the work, in the transaction that ends them."""

import pytest
from sqlalchemy.exc import IntegrityError

from exeunt.access.audit import Entry
from exeunt.exports.records import State
from exeunt.exports.run import Runner
from exeunt.installation import Installation
from tests.exports.conftest import Opener, asked, done_at_once, made_files


def entries(made: Installation) -> list[Entry]:
    return [entry for entry in made.audit.entries("acme") if entry.actor == "worker"]


def refuse_entries(made: Installation, action: str) -> None:
    """From now on such an entry cannot be written."""
    with made.ledger.write() as db:
        db.exec_driver_sql(
            f"CREATE TRIGGER full BEFORE INSERT ON audit WHEN NEW.action = '{action}' "
            "BEGIN SELECT RAISE(ABORT, 'no room'); END"
        )


def test_a_completed_export_has_one_entry_with_its_counts(installation: Installation) -> None:
    export = asked(installation)
    done_at_once(installation, export.id)
    (entry,) = entries(installation)
    assert (entry.action, entry.subject, entry.api, entry.account_id) == ("export:complete", export.id, "native", None)
    assert entry.detail == {"counts": installation.exports.get(export.id).counts}


def test_an_export_whose_completion_cannot_be_written_down_is_not_completed(installation: Installation) -> None:
    export = asked(installation)
    refuse_entries(installation, "export:complete")
    with pytest.raises(IntegrityError, match="no room"):
        done_at_once(installation, export.id)
    assert installation.exports.get(export.id).state is State.FAILED
    assert installation.exports.archives(export.id) == []
    (entry,) = entries(installation)
    assert (entry.action, entry.subject) == ("export:fail", export.id)
    assert "no room" in entry.detail["reason"]


def test_an_export_that_fails_has_one_entry_with_the_reason(installation: Installation) -> None:
    export = asked(installation)
    runner = Runner(installation)
    runner.fail(export.id, "timed out")
    runner.fail(export.id, "again")
    (entry,) = entries(installation)
    assert (entry.action, entry.subject, entry.detail) == ("export:fail", export.id, {"reason": "timed out"})


def test_an_export_whose_failure_cannot_be_written_down_goes_on(opened: Opener) -> None:
    made = opened()
    export = asked(made)
    Runner(made).plan(export.id)
    left = made_files(made)
    refuse_entries(made, "export:fail")
    with pytest.raises(IntegrityError, match="no room"):
        Runner(made).fail(export.id, "timed out")
    assert made.exports.get(export.id).state is State.RUNNING
    assert made_files(made) == left
