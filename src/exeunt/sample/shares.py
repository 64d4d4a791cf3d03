"""Whole parts of a whole."""


def split(amount: int, shares: dict[str, float]) -> dict[str, int]:
    """Whole parts in proportion to `shares` that sum up to `amount`; what rounding leaves goes to the largest."""
    whole = sum(shares.values()) or 1
    parts = {key: int(amount * share / whole) for key, share in shares.items()}
    largest = max(shares, key=lambda key: shares[key])
    parts[largest] += amount - sum(parts.values())
    return parts
