"""`python -m bench [--quick] [names…]`: run the rows, all of them into `bench/RESULTS.md`."""

import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module

from bench.findings import QUICK, RESULTS, Finding, Sizes, table
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


def measure(names: list[str], sizes: Sizes) -> list[Finding]:
    """The findings of some rows. A row that fails is a finding too, and the others still run."""
    found: list[Finding] = []
    for name in names:
        module, _, function = ROWS[name].partition(":")
        begun = time.perf_counter()
        try:
            row: Callable[[Sizes], list[Finding]] = getattr(import_module(f"bench.{module}"), function)
            new = row(sizes)
        except Missing as missing:
            new = [Finding(what=f"row `{name}`", measured=f"not run: {missing}", target="", reached=None)]
        except Exception as error:
            traceback.print_exc()
            why = f"{type(error).__name__}: {error}"
            new = [Finding(what=f"row `{name}`", measured="failed", target="", reached=False, why=why)]
        for one in new:
            print(f"{name}: {one.what}: {one.measured} [{one.target}] {one.reached}", file=sys.stderr, flush=True)
        print(f"{name}: took {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
        found += new
    return found


def main() -> int:
    """Run what was asked for; 1 when a row failed to run."""
    arguments = sys.argv[1:]
    quick = "--quick" in arguments
    names = [word for word in arguments if not word.startswith("-")] or list(ROWS)
    unknown = [name for name in names if name not in ROWS]
    if unknown:
        print(f"no row {', '.join(unknown)}; there are {', '.join(ROWS)}", file=sys.stderr)
        return 2
    begun = datetime.now(UTC)
    found = measure(names, QUICK if quick else Sizes())
    text = (
        "# Measurements\n\n"
        f"{describe()}. {begun:%Y-%m-%d}, in {(datetime.now(UTC) - begun).total_seconds() / 60:.0f} minutes, by\n\n"
        "```sh\nmake bench\n```\n\n"
        "Each line compares things measured in the same run, in turns where noise matters; the median of the pairs "
        "counts. Data is generated, and importing it is not part of a line unless the line says so.\n\n"
        f"{table(found)}\n"
    )
    if names == list(ROWS) and not quick:
        RESULTS.write_text(text, encoding="utf-8")
    else:
        print(table(found))
    return int(any(one.measured == "failed" for one in found))


if __name__ == "__main__":
    sys.exit(main())
