"""Slices of an object in a bucket: read a page at a time, and the last pages read are remembered."""

import threading
from collections import OrderedDict
from collections.abc import Callable

PAGE = 1 << 19
"""What one request reads: as long as the way there takes, for a bucket in the same place."""

MOST = 128
"""Pages that a process remembers, over all objects: 64 MiB."""


class Pages:
    """Pages by object, version and place. Safe between threads."""

    def __init__(self, read: Callable[[str, int, int], bytes]) -> None:
        self._read = read
        self._pages: OrderedDict[tuple[str, str, int], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def page(self, key: str, version: str, number: int, size: int) -> bytes:
        """One page of an object of `size` bytes whose ETag is `version`."""
        place = (key, version, number)
        with self._lock:
            if place in self._pages:
                self._pages.move_to_end(place)
                return self._pages[place]
        start = number * PAGE
        data = self._read(key, start, min(PAGE, size - start))
        with self._lock:
            self._pages[place] = data
            while len(self._pages) > MOST:
                self._pages.popitem(last=False)
        return data


class PagedObject:
    """One object as if it were bytes. Implements `exeunt.storage.seam.Paged`."""

    def __init__(self, pages: Pages, key: str, version: str, size: int) -> None:
        self._pages, self._key, self._version, self._size = pages, key, version, size

    @property
    def name(self) -> str:
        return self._key.rpartition("/")[2]

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, where: slice, /) -> bytes:
        start, stop, _ = where.indices(self._size)
        pieces = []
        while start < stop:
            number, at = divmod(start, PAGE)
            page = self._pages.page(self._key, self._version, number, self._size)
            pieces.append(page[at : at + stop - start])
            start += len(pieces[-1])
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def close(self) -> None:
        """Nothing is open."""
