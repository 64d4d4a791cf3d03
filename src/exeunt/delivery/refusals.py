"""Links that did not open, in the audit trail: one entry for each client, link and reason in ten minutes.

Whoever holds an old link may ask as often as it likes, and must not fill the ledger with it. An address at which there
is no link at all belongs to nobody's export and stands in the log only.
"""

from collections import OrderedDict
from datetime import datetime, timedelta

from exeunt.access.audit import Action, Audit
from exeunt.clock import Clock
from exeunt.delivery.gate import Refusal, Target

QUIET = timedelta(minutes=10)
REMEMBERED = 4096


class Refusals:
    """What this process has written down lately."""

    def __init__(self, audit: Audit, clock: Clock) -> None:
        self._audit, self._clock = audit, clock
        self._lately: OrderedDict[tuple[str, Refusal, str], datetime] = OrderedDict()

    def is_new(self, target: Target, why: Refusal, client: str) -> bool:
        """Whether this was not written down lately; from now on it counts as written. Never blocks."""
        key, now = (target.link_id, why, client), self._clock()
        last = self._lately.get(key)
        if last is not None and now < last + QUIET:
            return False
        self._lately[key] = now
        self._lately.move_to_end(key)
        while len(self._lately) > REMEMBERED:
            self._lately.popitem(last=False)
        return True

    def write_down(self, target: Target, why: Refusal, client: str, request_id: str) -> None:
        """Add the entry. Raises `Unavailable` when the ledger does not answer."""
        self._audit.write(
            None, Action.LINK_REFUSE, target.archive.export_id, api="links", client=client, request_id=request_id,
            detail={"link": target.link_id, "archive": target.archive.name, "reason": why},
            workspace_id=target.workspace_id,
        )  # fmt: skip
