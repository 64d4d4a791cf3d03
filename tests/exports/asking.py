"""What a process of its own asks for; here, as whoever starts one loads the module it begins in."""

from multiprocessing.synchronize import Event

from exeunt.config import Settings
from exeunt.exports.service import Request, SlotTaken
from exeunt.installation import Installation

REFUSED = 7


def ask_for_slot(settings: Settings, go: Event) -> None:
    """Ask for the one slot when the word is given; leave with `REFUSED` when another was faster."""
    installation = Installation(settings)
    go.wait(60)
    try:
        installation.exports.create(Request(workspaces=("acme",), api="native", layout="csv", slot="one"))
    except SlotTaken:
        raise SystemExit(REFUSED) from None
