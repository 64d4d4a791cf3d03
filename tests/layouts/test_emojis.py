"""Short names of emoji: the same characters in every layout."""

import polars as pl
import pytest

from exeunt.lake.markers import EMOJI, END
from exeunt.layouts.emojis import character
from exeunt.layouts.html.references import references
from exeunt.layouts.readable import readable

NAMES = {
    "tada": "🎉",
    "+1::skin-tone-3": "👍🏼",
    # a face has no tones
    "smile::skin-tone-3": "😄",
    "simple_smile": "🙂",
    "flag-no": "🇳🇴",
    "female-doctor": "👩‍⚕️",
    "our-own-logo": ":our-own-logo:",
    "our-own::skin-tone-2": ":our-own::skin-tone-2:",
}


@pytest.mark.parametrize(("name", "shown"), NAMES.items())
def test_a_name_is_the_same_in_pages_and_in_plain_text(name: str, shown: str) -> None:
    assert character(name) == shown
    text = pl.Series("text", [f"{EMOJI}{name}{END}"])
    assert readable(text, {}, {}).to_list() == [shown]
    people = pl.DataFrame(schema={"id": pl.String, "number": pl.Int64, "name": pl.String})
    page = pl.DataFrame(text).select(references([text], people, {}, "").in_html(pl.col("text")))
    assert page["text"].to_list() == [shown]
