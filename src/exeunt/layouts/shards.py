"""The plan of every layout that goes through messages room by room and month by month."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from exeunt.lake.selection import Group
from exeunt.lake.view import View
from exeunt.layouts.job import Job, ShardPlan


def message_shards(job: Job, *, largest: int | None = None, aim: int | None = None) -> list[ShardPlan]:
    """Consecutive groups, as many as make `job.shard_rows` rows a shard, never of two views.

    A group of more than `largest` rows is cut into some of about `aim`, between threads and never through one. By
    default that is what would take more memory than a shard should: half as much again as a shard.
    """
    rows = job.shard_rows
    largest, aim = largest or 3 * rows // 2, aim or rows
    plans: list[ShardPlan] = []
    for at, view in enumerate(job.views):
        groups = (piece for group in view.groups() for piece in _cut(view, group, largest, aim))
        plans += [ShardPlan(len(plans) + n, at, shard) for n, shard in enumerate(_packed(groups, rows), 1)]
    return plans


def _packed(groups: Iterable[Group], most: int) -> Iterator[tuple[Group, ...]]:
    shard: list[Group] = []
    rows = 0
    for group in groups:
        if shard and rows + group.rows > most:
            yield tuple(shard)
            shard, rows = [], 0
        shard.append(group)
        rows += group.rows
    if shard:
        yield tuple(shard)


def _cut(view: View, group: Group, largest: int, aim: int) -> list[Group]:
    if group.rows <= largest:
        return [group]
    starts = view.thread_starts(group)
    pieces = max(1, round(len(starts) / aim))
    # A long thread fills several quantiles with its one start, which then counts once.
    wanted = {starts[len(starts) * n // pieces] for n in range(1, pieces)}
    cuts: list[datetime] = sorted(cut for cut in wanted if group.since < cut < group.until)
    edges = [group.since, *cuts, group.until]
    places = [0, *(int(starts.search_sorted(cut)) for cut in cuts), len(starts)]
    return [Group(group.room_number, edges[n], edges[n + 1], places[n + 1] - places[n]) for n in range(len(edges) - 1)]
