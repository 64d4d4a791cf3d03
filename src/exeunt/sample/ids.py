"""Identifiers in Slack's form, drawn from a seed and a name, so that the order of drawing never matters."""

from hashlib import blake2b
from uuid import UUID

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LENGTH = 10


def slack_id(seed: int, prefix: str, key: str) -> str:
    """`prefix` (U, B, C, D, G, F, S, T, R, …) followed by ten upper-case letters and digits."""
    number = int.from_bytes(blake2b(f"{seed}/{prefix}/{key}".encode(), digest_size=8).digest(), "big")
    digits: list[str] = []
    for _ in range(_LENGTH - 1):
        number, digit = divmod(number, 36)
        digits.append(_DIGITS[digit])
    return f"{prefix}0{''.join(digits)}"


def hex_id(seed: int, key: str, length: int) -> str:
    """`length` (at most 64) hexadecimal digits, as in avatar hashes and file secrets."""
    return blake2b(f"{seed}/{key}".encode(), digest_size=32).hexdigest()[:length]


def message_uuid(bits: int) -> str:
    """128 drawn bits as the text of a version-4 UUID: `client_msg_id`."""
    return str(UUID(int=bits, version=4))
