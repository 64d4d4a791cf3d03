"""Files shared out among archives, for any sizes and limits."""

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from exeunt.layouts.yammer_files.division import FIXED, MOST_MEMBERS, RECORDS, Place, divide

FILES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5000), st.integers(0, 300)), max_size=60).map(
    lambda files: sorted(files, key=lambda file: file[0])
)


@given(FILES, st.integers(1, 40_000), st.integers(1, 20_000), st.booleans(), st.integers(0, 10_000))
def test_limits_hold_unless_a_file_is_alone(
    files: list[tuple[int, int, int]], archive_max: int, part_max: int, flat: bool, first: int
) -> None:
    places = divide(files, archive_max, part_max, flat=flat, first=first)
    assert len(places) == len(files)
    placed = list(zip(places, files, strict=True))
    assert [place.archive for place in places] == sorted(place.archive for place in places)
    assert {place.archive for place in places} == set(range(1, max((p.archive for p in places), default=0) + 1))
    for _, group in groupby(placed, key=lambda item: item[0].archive):
        inside = [file for _, file in group]
        assert len(inside) == 1 or sum(RECORDS + size + beside for _, size, beside in inside) + FIXED <= archive_max
    nested = [place.nested for place in places]
    if flat:
        assert set(nested) <= {0}
        return
    assert nested == sorted(nested)
    assert set(nested) == set(range(1, max(nested, default=0) + 1))
    for _, group in groupby(placed, key=lambda item: item[0].nested):
        members = list(group)
        assert len({(place.archive, network) for place, (network, _, _) in members}) == 1
        assert len(members) == 1 or sum(RECORDS + size for _, (_, size, _) in members) + RECORDS <= part_max


def test_without_limits_there_is_one_of_each() -> None:
    assert set(divide([(1, 10, 1)] * 100, 1 << 60, 1 << 60, flat=False)) == {Place(1, 1)}


def test_no_nested_archive_has_more_members_than_old_readers_take() -> None:
    places = divide([(1, 0, 0)] * (MOST_MEMBERS + 1), 1 << 60, 1 << 60, flat=False)
    assert places[MOST_MEMBERS - 1 :] == [Place(1, 1), Place(1, 2)]
