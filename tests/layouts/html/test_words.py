"""The index of words, read back as the search page reads it."""

import re
import unicodedata

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exeunt.layouts.html import words
from exeunt.layouts.html.words import BUCKETS, SKIP, STEPS, bucket, tokens_of, word_index
from tests.layouts.html.workspace import World, at, said


def read(buckets: list[str]) -> dict[str, list[int]]:
    """The blocks of each word."""
    found = {}
    for number, lines in enumerate(buckets):
        entries = [entry.split(" ") for entry in lines.split("/")[1:]]
        assert entries == sorted(entries, key=lambda entry: entry[0].encode())
        for word, steps in entries:
            assert bucket(word[:2]) == number
            blocks, block = [], -1
            for step in steps:
                block += len(STEPS) if step == SKIP else STEPS.index(step) + 1
                if step != SKIP:
                    blocks.append(block)
            found[word] = blocks
    return found


def index(*blocks: str) -> dict[str, list[int]]:
    return read(word_index(tokens_of(pl.Series(blocks, dtype=pl.String)), len(blocks)))


def test_words_are_folded_and_cut_at_everything_else() -> None:
    found = index("Ship-it (SHIP) it's a café, Größe ΟΔΟΣ ﬁx x²\tend", "ship CAFÉ https://e.org/a_b?c=1")
    assert found["ship"] == found["cafe"] == [0, 1]
    words_of_first = {"ship", "it", "s", "a", "cafe", "große", "οδοσ", "fix", "x2", "end"}
    assert {word for word, blocks in found.items() if 0 in blocks} == words_of_first
    assert {"https", "e", "org", "a", "b", "c", "1"} < set(found)


def test_scripts_without_spaces_are_found_by_each_character() -> None:
    found = index("東京タワー no 🎉🎉 รัก", "京")
    assert found["京"] == [0, 1]
    assert {"東", "タ", "ワ", "🎉", "ร", "ก", "no"} <= set(found)


def test_blocks_far_apart() -> None:
    texts = ["x" if n in (0, 89, 90, 91, 300) else "" for n in range(301)]
    assert index(*texts) == {"x": [0, 89, 90, 91, 300]}


def test_nothing_to_index() -> None:
    assert word_index(tokens_of(pl.Series(["", " ... "])), 2) == [""] * BUCKETS


def test_a_long_list_is_sorted_instead_of_ticked(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"a{n % 7} b{n % 3} c{n}" for n in range(200)]
    ticked = index(*texts)
    monkeypatch.setattr(words, "_TICKS", 0)
    assert index(*texts) == ticked


ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\t"), max_size=40)


@settings(max_examples=150, deadline=None)
@given(st.lists(ANY_TEXT, min_size=1, max_size=6))
def test_every_word_is_found_where_it_stands(texts: list[str]) -> None:
    found = index(*texts)
    for block, text in enumerate(texts):
        for token in text.split(" "):
            for word in re.findall(r"[^\W_]+", token.lower()):
                plain = unicodedata.normalize("NFKD", word).lower()
                letters = "".join(c for c in plain if not unicodedata.category(c).startswith("M"))
                for part in re.findall("[a-z0-9]+", letters):
                    assert any(part in known and block in blocks for known, blocks in found.items())


def test_messages_names_titles_cards_and_files_are_in_the_index(world: World) -> None:
    card = '[{"title":"Deploy","fields":[{"title":"Branch","value":"trunk"}]}]'
    rows = [
        said(0, "plain `code` $5 \\ \"q\"", title="Minutes"), said(1, "b", attachments=card),
        said(2, "c", file_ids=["F404"], author_id="U2"), said(3, "two\nlines", at(days=40)),
    ]  # fmt: skip
    exported = world.take(rows).export()
    scripts = [exported.read(f"search/1/w{n}.js") for n in range(BUCKETS)]
    lines = []
    for n, script in enumerate(scripts):
        assert script[: len(f'exeunt("1/w{n}","')] == f'exeunt("1/w{n}","'
        assert script.endswith('/")\n')
        lines.append(script.removeprefix(f'exeunt("1/w{n}","').removesuffix('/")\n'))
    found = read(lines)
    assert {"plain", "code", "5", "q", "minutes", "deploy", "branch", "trunk", "two", "lines", "ada", "byrne"} <= set(
        found
    )
    assert 'plain `code` $5 \\\\ \\"q\\" Minutes' in exported.read("search/1/t0.js")
    assert exported.read("search/catalog.js") == 'exeunt("catalog",[[1,1]])\n'


def test_the_search_can_be_left_out(world: World) -> None:
    exported = world.take([said(0, "x")]).export(search=False)
    assert not [name for name in exported.names if "search" in name]
    assert "search" not in exported.read("index.html") + exported.page("general")
