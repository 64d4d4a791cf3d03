"""What holds for every text and every block: the HTML is ours, nothing is raised, and time grows with the text."""

import html
import re
import time
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exeunt.lake import markers
from exeunt.sources.slack.attachments import normalised, shown
from exeunt.sources.slack.blocks import render
from exeunt.sources.slack.mrkdwn import Markup
from exeunt.sources.slack.wire import Attachment, Element

ALLOWED = {"b", "i", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "br"}
OURS = re.compile("[\ue000-\ue00f]")

PIECES = [
    "*", "_", "~", "`", "```", "<", ">", "|", "&", "&amp;", "&lt;", "&gt;", "&gt;&gt;&gt;", "\n", "\r", " ", "    ",
    "- ", "• ", ":", ":smile:", ":a::skin-tone-3:", "<@U1>", "<@U2|x>", "<#C1|y>", "<!here>", "<!subteam^S1|@g>",
    "<!date^1^{d}^javascript:x|z>", "<http://x.org|l>", "<javascript:x|l>", "<mailto:a@b>", "http://", '"', "'",
    "\ue000", "\ue00f", "\ue002x\ue00f", "word", "ß", "日本", "🙂", "10:30:45", "\x00", "<a href=x>", "&#60;",
]  # fmt: skip
marked_up = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=30).map("".join)


class Checker(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED
        assert [name for name, _ in attrs] == (["href"] if tag == "a" else [])
        for _, value in attrs:
            assert re.match("(https?://|mailto:)", value or "", re.IGNORECASE)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)


def check(plain: str, rendered: str) -> None:
    for text in (plain, rendered):
        assert not OURS.search(markers.PATTERN.sub("", text))
    assert not re.search(r"<(?!/?(?:b|i|s|code|pre|blockquote|ul|ol|li|a|br)\b)", rendered)
    checker = Checker()
    checker.feed(rendered)
    checker.close()
    assert checker.open == []


@settings(deadline=None,max_examples=6000,suppress_health_check=list(__import__("hypothesis").HealthCheck))
@given(st.one_of(marked_up, st.text()))
def test_any_text_becomes_html_of_ours(text: str) -> None:
    plain, rendered, mentions = Markup().parse(text)
    check(plain, rendered)
    assert all(f"<@{mention}" in text for mention in mentions)


@settings(deadline=None,max_examples=6000,suppress_health_check=list(__import__("hypothesis").HealthCheck))
@given(st.one_of(marked_up, st.text()))
def test_any_text_is_shown_with_emoji_alone(text: str) -> None:
    check(*Markup.emoji_only(text)[:2])


@settings(deadline=None,max_examples=6000,suppress_health_check=list(__import__("hypothesis").HealthCheck))
@given(st.text(st.characters(exclude_characters="*_~`<>&:•◦▪\r\n-", exclude_categories=["Cs", "Co"])))
def test_text_without_markup_goes_through_unchanged(text: str) -> None:
    plain, rendered, _ = Markup().parse(text)
    assert plain == text
    assert html.unescape(rendered) == html.unescape(markers.escape(text))


@settings(deadline=None,max_examples=6000,suppress_health_check=list(__import__("hypothesis").HealthCheck))
@given(st.lists(st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=1), min_size=1))
def test_lines_stay_lines(words: list[str]) -> None:
    text = "\n".join(words)
    assert Markup().parse(text)[:2] == (text, text.replace("\n", "<br>"))


KINDS = ["rich_text", "rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted", "section",
         "header", "context", "image", "actions", "table", "text", "user", "channel", "usergroup", "broadcast", "emoji",
         "link", "color", "date", "odd"]  # fmt: skip


def elements(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    text_object = st.fixed_dictionaries({"type": st.sampled_from(["plain_text", "mrkdwn"]), "text": marked_up})
    return st.fixed_dictionaries(
        {"type": st.sampled_from(KINDS)},
        optional={
            "text": st.one_of(marked_up, text_object), "elements": st.lists(inner, max_size=3),
            "style": st.one_of(st.sampled_from(["ordered", "bullet"]), st.fixed_dictionaries({"bold": st.booleans()})),
            "user_id": marked_up, "channel_id": marked_up, "usergroup_id": marked_up, "range": marked_up,
            "name": marked_up, "skin_tone": st.integers(), "url": marked_up, "value": marked_up, "fallback": marked_up,
            "timestamp": st.integers(), "indent": st.integers(), "fields": st.lists(text_object, max_size=2),
            "accessory": inner, "title": text_object, "alt_text": marked_up, "image_url": marked_up,
            "rows": st.lists(st.lists(inner, max_size=2), max_size=2),
        },
    )  # fmt: skip


any_element = st.recursive(st.just({"type": "text", "text": "x"}), elements, max_leaves=6)


@settings(deadline=None,max_examples=6000,suppress_health_check=list(__import__("hypothesis").HealthCheck))
@given(st.lists(any_element, max_size=3))
def test_any_blocks_become_html_of_ours(blocks: list[Any]) -> None:
    check(*render(msgspec.convert(blocks, list[Element]), Markup(), {}))


@settings(deadline=None,max_examples=6000,suppress_health_check=list(__import__("hypothesis").HealthCheck))
@given(marked_up, marked_up, marked_up, st.lists(any_element, max_size=2))
def test_any_attachment_becomes_html_of_ours(first: str, second: str, third: str, blocks: list[Any]) -> None:
    fields = {"title": first, "title_link": second, "fallback": third, "from_url": first, "pretext": third}
    attachment = msgspec.convert(fields | {"blocks": blocks}, Attachment)
    check(*shown([attachment], Markup(), {}))
    for value in normalised([attachment], Markup())[:1]:
        check("".join(text for text in value.values() if isinstance(text, str)), "")


@pytest.mark.parametrize(
    "piece",
    ["<", ":", "`", "*", "*a ", " `a", ":a", "*_~", "```", "&gt;\n", "<@U1> ", "- a\n", "*a_b~c`", "<a:", "_ _", " -",
     "<@U1", "|", "&", "a:b:", "``a", ":a::a", "\ue000", "<!date^"],
)  # fmt: skip
def test_time_grows_with_the_text_and_no_faster(piece: str) -> None:
    def took(copies: int) -> float:
        started = time.process_time()
        Markup().parse(piece * copies)
        return time.process_time() - started

    # Ten times the text in a hundred times the time would be quadratic; the rest is room for a busy machine.
    assert min(took(50_000) for _ in range(2)) < 40 * max(took(5_000), 0.002)
