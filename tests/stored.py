"""Objects of a storage as tests look at them and spoil them, in a folder and in a bucket alike."""

from dataclasses import dataclass, field
from fnmatch import fnmatch

from exeunt.blobs.store import BlobStore
from exeunt.storage.seam import Storage


@dataclass(frozen=True, order=True)
class Stored:
    """One object, there or not."""

    key: str
    storage: Storage = field(compare=False, repr=False)

    @property
    def name(self) -> str:
        return self.key.rpartition("/")[2]

    @property
    def workspace(self) -> str:
        return self.key.partition("/")[0]

    def with_name(self, name: str) -> "Stored":
        return Stored(f"{self.key.rpartition('/')[0]}/{name}", self.storage)

    def exists(self) -> bool:
        return self.storage.size(self.key) is not None

    def read_bytes(self) -> bytes:
        return self.storage.get(self.key)

    def write_bytes(self, data: bytes) -> None:
        self.storage.replace(self.key, data)

    def unlink(self) -> None:
        assert self.exists()
        self.storage.remove([self.key])


def at(blobs: BlobStore, key: str) -> Stored:
    """The blob with this key."""
    return Stored(key, blobs.storage)


def below(storage: Storage, prefix: str, pattern: str = "*") -> list[Stored]:
    """The objects below a prefix whose name is like this, by key."""
    keys = sorted(key for key, _ in storage.walk(prefix))
    return [Stored(key, storage) for key in keys if fnmatch(key.rpartition("/")[2], pattern)]
