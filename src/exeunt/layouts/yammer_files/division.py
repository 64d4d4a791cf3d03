"""Which file goes where: archives under their limit, nested archives under theirs, numbered through all archives."""

from collections.abc import Iterable

import msgspec

from exeunt.archives.zipfields import END64_SIZE, END_SIZE

RECORDS = 400
"""An upper bound of what a member adds to a ZIP beside its bytes, its manifest line included."""


class Place(msgspec.Struct, frozen=True):
    """Where one file lies: archive number from 1, nested archive number from 1, or 0 when archives are flat."""

    archive: int
    nested: int


def divide(files: Iterable[tuple[int, int]], archive_max: int, part_max: int, *, flat: bool) -> list[Place]:
    """Place files given as (network, size), in order. A nested archive holds files of one network.

    Every archive stays below `archive_max` and every nested one below `part_max`, unless it holds one file only.
    """
    places: list[Place] = []
    archive, nested, last = 1, 0, None
    in_archive = in_nested = 0
    fixed = END_SIZE + END64_SIZE + RECORDS
    for network, size in files:
        cost = size + RECORDS
        new_archive = in_archive > 0 and in_archive + cost + 2 * fixed > archive_max
        if new_archive:
            archive, in_archive = archive + 1, 0
        if not flat and (new_archive or network != last or in_nested + cost + fixed > part_max):
            nested, in_nested = nested + 1, 0
            in_archive += fixed
        places.append(Place(archive, nested))
        in_archive += cost
        in_nested += cost
        last = network
    return places
