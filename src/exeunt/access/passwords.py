"""Passwords: kept as Argon2id over the SHA-256 of the text, so that a client that sends only the digest can sign in."""

import hashlib
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from exeunt.errors import InvalidInput

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST, LONGEST = 8, 1024
"""How many characters a password may have."""

_DIGEST = re.compile(r"[0-9a-f]{64}")


def digest_of(password: str) -> str:
    """What a client that does not send the password itself sends instead: its SHA-256 in lower-case hex."""
    return hashlib.sha256(password.encode()).hexdigest()


def hash_password(password: str) -> str:
    """What is kept of a password. Raises `InvalidInput` when it is too short or too long."""
    return _hasher().hash(digest_of(check_length(password)))


def check_length(password: str) -> str:
    """The password itself. Raises `InvalidInput` when it is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidInput(f"a password has {SHORTEST} to {LONGEST} characters")
    return password


def fits(kept: str | None, digest: str) -> bool:
    """Whether the digest belongs to what is kept. As slow for an account without a password, or none at all."""
    from argon2.exceptions import InvalidHashError, VerificationError

    if not _DIGEST.fullmatch(digest):
        return False
    try:
        return _hasher().verify(kept or _of_nobody(), digest) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _hasher() -> "PasswordHasher":
    # loaded late: most processes never see a password
    from argon2 import PasswordHasher

    return PasswordHasher()


@lru_cache(maxsize=1)
def _of_nobody() -> str:
    return _hasher().hash("nobody")
