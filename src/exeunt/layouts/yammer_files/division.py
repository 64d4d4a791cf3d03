"""Which file goes where: archives under their limit, nested archives under theirs, numbered through all archives."""

from collections.abc import Iterable

import msgspec

RECORDS = 256
"""An upper bound of what a member adds to a ZIP beside its bytes: its two records, with a name made of ids."""

FIXED = 4096
"""An upper bound of an archive's own members and records, without any rows, and of what each network adds."""

MOST_MEMBERS = 65_000
"""Above this old readers cannot open a nested archive."""


class Place(msgspec.Struct, frozen=True):
    """Where one file lies: archive number from 1, nested archive number from 1, or 0 when archives are flat."""

    archive: int
    nested: int


def divide(
    files: Iterable[tuple[int, int, int]], archive_max: int, part_max: int, *, flat: bool, first: int = 0
) -> list[Place]:
    """Place files given as (network, size, bytes it adds to tables and manifest), in order.

    A nested archive holds files of one network. Every archive stays below `archive_max` and every nested one below
    `part_max`, unless it holds one file only. `first` is what rows without bytes add to the first archive.
    """
    places: list[Place] = []
    archive, nested, last = 1, 0, None
    in_archive, files_in_archive = FIXED + first, 0
    in_nested = members = 0
    for network, size, beside in files:
        cost = size + RECORDS
        if network != last:
            in_archive += FIXED
        new_archive = files_in_archive > 0 and in_archive + cost + beside + RECORDS > archive_max
        if new_archive:
            archive, in_archive, files_in_archive = archive + 1, 2 * FIXED, 0
        full = in_nested + cost > part_max or members == MOST_MEMBERS
        if not flat and (new_archive or network != last or full):
            nested, in_nested, members = nested + 1, RECORDS, 0
            in_archive += 2 * RECORDS
        places.append(Place(archive, nested))
        in_archive += cost + beside
        in_nested += cost
        files_in_archive, members, last = files_in_archive + 1, members + 1, network
    return places
