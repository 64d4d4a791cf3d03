"""`python -m bench [--quick] [names…]`: measure rows, by default all; what was measured whole goes to `RESULTS.md`."""

import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module

from bench.findings import QUICK, Finding, Measured, Sizes, remember, remembered, table
from bench.machine import describe
from bench.serving import Missing

ROWS = {
    "memory": "memory:all_sides",
    "html": "layouts:transcript",
    "layouts": "layouts:against_floor",
    "rocketchat": "rocketchat:one_room",
    "rooms": "rooms:lists",
    "ready": "ready:small",
    "files": "files:virtual",
    "download": "download:whole",
    "ranges": "ranges:random",
    "first": "first:after_restart",
    "slow": "slow:vanishing",
    "import": "intake:messages",
    "bodies": "intake:bodies",
}
"""Names of rows and where they are measured, in the order of a full run: the first one makes data for the next."""


def measure(names: list[str], sizes: Sizes) -> dict[str, Measured]:
    """What some rows found. A row that fails has a finding too, and the others still run."""
    measured = {}
    for name in names:
        module, _, function = ROWS[name].partition(":")
        begun, today = time.perf_counter(), datetime.now(UTC)
        try:
            row: Callable[[Sizes], list[Finding]] = getattr(import_module(f"bench.{module}"), function)
            found = row(sizes)
        except Missing as missing:
            found = [Finding(what=f"row `{name}`", measured=f"not run: {missing}", target="", reached=None)]
        except Exception as error:
            traceback.print_exc()
            why = f"{type(error).__name__}: {error}"
            found = [Finding(what=f"row `{name}`", measured="failed", target="", reached=False, why=why)]
        for one in found:
            print(f"{name}: {one.what}: {one.measured} [{one.target}] {one.reached}", file=sys.stderr, flush=True)
        minutes = (time.perf_counter() - begun) / 60
        print(f"{name}: took {minutes:.1f} min", file=sys.stderr, flush=True)
        measured[name] = Measured(day=f"{today:%Y-%m-%d}", machine=describe(), minutes=minutes, findings=found)
    return measured


def main() -> int:
    """Run what was asked for; 1 when a row failed to run."""
    arguments = sys.argv[1:]
    quick = "--quick" in arguments
    names = [word for word in arguments if not word.startswith("-")] or list(ROWS)
    unknown = [name for name in names if name not in ROWS]
    if unknown:
        print(f"no row {', '.join(unknown)}; there are {', '.join(ROWS)}", file=sys.stderr)
        return 2
    new = measure(names, QUICK if quick else Sizes())
    print(table([finding for row in new.values() for finding in row.findings]))
    if not quick:
        every = remembered() | new
        remember({name: every[name] for name in ROWS if name in every})
    return int(any(one.measured == "failed" for row in new.values() for one in row.findings))


if __name__ == "__main__":
    sys.exit(main())
