"""Short names of emoji as the characters they stand for."""

from functools import lru_cache

import emoji

_TONES = {f"skin-tone-{n}": chr(0x1F3F9 + n) for n in range(2, 7)}
_OTHER_NAMES = {
    "simple_smile": "slightly_smiling_face",
    "thumbsup_all": "+1",
    "female-doctor": "woman_health_worker",
    "male-doctor": "man_health_worker",
    "the_horns": "sign_of_the_horns",
}
"""Names that sources use and the library's list of aliases does not have."""

_REGIONAL_A = 0x1F1E6
_VARIATION = "\ufe0f"


@lru_cache(maxsize=4096)
def character(name: str) -> str:
    """The emoji of a short name without colons (`tada`, `+1::skin-tone-3`); `:name:` when there is none."""
    base, _, tone = name.partition("::")
    found = _character(base)
    if found is None:
        return f":{name}:"
    if tone in _TONES and emoji.is_emoji(toned := found[0] + _TONES[tone] + found[1:].removeprefix(_VARIATION)):
        return toned
    return found


def _character(name: str) -> str | None:
    country = name.removeprefix("flag-")
    if len(country) == 2 and country != name and country.isascii() and country.isalpha():
        return "".join(chr(_REGIONAL_A + ord(letter) - ord("a")) for letter in country.lower())
    plain = name.replace("-", "_")
    for alias in (name, _OTHER_NAMES.get(name, name), plain, f"family_{plain}", _gendered(plain)):
        found = emoji.emojize(f":{alias}:", language="alias")
        if found != f":{alias}:":
            return found
    return None


def _gendered(name: str) -> str:
    """Older names say `female_teacher` where newer ones say `woman_teacher`."""
    for old, new in (("female_", "woman_"), ("male_", "man_")):
        if name.startswith(old):
            return new + name.removeprefix(old)
    return name
