"""How a process that renders holds on to memory."""

import os

CONF = "dirty_decay_ms:100,muzzy_decay_ms:0"
"""For jemalloc, which Polars brings along: freed pages go back to the system after a tenth of a second.

Polars' own half second keeps most of what one step of a shard freed while the next one takes as much again: measured
60 MB more of 340. At once would be too soon: the same pages come back one fault at a time, a fifth of all work.
"""


def give_back_soon() -> None:
    """Say so to the allocator, unless the environment says something else. Only before Polars is loaded is it read."""
    os.environ.setdefault("_RJEM_MALLOC_CONF", CONF)
