"""A sample Slack export with invented people: the whole form, true bytes, the same for the same arguments."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from .bench import write_bench
from .external_cast import EXTERNAL_BOTS, EXTERNAL_ROOMS, external_people
from .facts import SampleFacts
from .home_cast import HOME_BOTS, TEAM_KEY, home_people
from .home_rooms import HOME_ROOMS
from .odd_files import odd_files
from .odd_texts import odd_texts
from .rhythm import LAST_DAY
from .workspace import write_workspace
from .world import WorkspacePlan

HOME_ADMIN = "marit.solberg@example.org"
"""The primary owner of the home workspace."""

__all__ = ["HOME_ADMIN", "LAST_DAY", "SampleFacts", "write_bench", "write_external", "write_home"]


def write_home(
    path: Path,
    *,
    messages: int = 24_000,
    files: int = 320,
    seed: int = 1,
    large_file_bytes: int = 110_000_000,
    progress: Callable[[int, int], None] | None = None,
    last_day: date = LAST_DAY,
) -> SampleFacts:
    """The export of Heronmark Instruments: two years that end on `last_day`, bodies in `__uploads/<id>/<name>`."""
    plan = WorkspacePlan(
        TEAM_KEY, home_people(), HOME_BOTS, HOME_ROOMS, "uploads", ("field-team", "on-call", "東京チーム")
    )
    return write_workspace(
        path,
        plan,
        [*odd_texts(), *odd_files()],
        messages=messages,
        files=files,
        seed=seed,
        large_file_bytes=large_file_bytes,
        progress=progress,
        last_day=last_day,
    )


def write_external(
    path: Path,
    *,
    messages: int = 1_800,
    files: int = 40,
    seed: int = 1,
    progress: Callable[[int, int], None] | None = None,
    last_day: date = LAST_DAY,
) -> SampleFacts:
    """The export of an external network that shares seven people with home by their e-mail addresses.

    Bodies lie in `<room>/attachments/<id>-<name>`.
    """
    plan = WorkspacePlan(
        "saltmarsh", external_people(), EXTERNAL_BOTS, EXTERNAL_ROOMS, "attachments", ("crew", "harbour-masters")
    )
    return write_workspace(
        path,
        plan,
        [("gauge-data", at, maker) for room, at, maker in odd_files() if room == "data-platform"],
        messages=messages,
        files=files,
        seed=seed,
        large_file_bytes=0,
        progress=progress,
        last_day=last_day,
    )
