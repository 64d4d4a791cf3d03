from typing import Any

import msgspec
import pytest

from exeunt.sources.slack.blocks import render
from exeunt.sources.slack.mrkdwn import Markup
from exeunt.sources.slack.wire import Element


def shown(*blocks: Any) -> tuple[str, str]:
    return render(msgspec.convert(blocks, list[Element]), Markup(), {})


def rich(*parts: Any) -> tuple[str, str]:
    return shown({"type": "rich_text", "elements": parts})


def section(*elements: Any) -> dict[str, Any]:
    return {"type": "rich_text_section", "elements": elements}


def text(words: str, **style: bool) -> dict[str, Any]:
    return {"type": "text", "text": words, **({"style": style} if style else {})}


def items(*words: str, style: str = "bullet", indent: int = 0) -> dict[str, Any]:
    listed = [section(text(word)) for word in words]
    return {"type": "rich_text_list", "style": style, "indent": indent, "elements": listed}


@pytest.mark.parametrize(
    ("element", "plain", "html"),
    [
        (text("a < b\nc"), "a < b\nc", "a &lt; b<br>c"),
        (text("*not bold*"), "*not bold*", "*not bold*"),
        (text("x", bold=True, italic=True, strike=True), "x", "<b><i><s>x</s></i></b>"),
        (text("x<", code=True), "x<", "<code>x&lt;</code>"),
        (text("\ue000U1\ue00f"), "\ufffdU1\ufffd", "&#xe000;U1&#xe00f;"),
        ({"type": "user", "user_id": "U1"}, "\ue000U1\ue00f", "\ue000U1\ue00f"),
        ({"type": "user", "user_id": "U1\ue00f<b>"}, "\ue000U1b\ue00f", "\ue000U1b\ue00f"),
        ({"type": "channel", "channel_id": "C1"}, "\ue001C1\ue00f", "\ue001C1\ue00f"),
        ({"type": "usergroup", "usergroup_id": "S1"}, "\ue003S1\ue00f", "\ue003S1\ue00f"),
        ({"type": "broadcast", "range": "here"}, "\ue003here\ue00f", "\ue003here\ue00f"),
        ({"type": "emoji", "name": "tada"}, "\ue002tada\ue00f", "\ue002tada\ue00f"),
        ({"type": "emoji", "name": "+1", "skin_tone": 3}, "\ue002+1::skin-tone-3\ue00f", "\ue002+1::skin-tone-3\ue00f"),
        ({"type": "emoji", "name": "+1::skin-tone-2"}, "\ue002+1::skin-tone-2\ue00f", "\ue002+1::skin-tone-2\ue00f"),
        ({"type": "link", "url": "https://x.org", "text": "x"}, "x (https://x.org)", '<a href="https://x.org">x</a>'),
        ({"type": "link", "url": "mailto:a@b.c"}, "a@b.c", '<a href="mailto:a@b.c">a@b.c</a>'),
        ({"type": "link", "url": "javascript:x", "text": "y"}, "y (javascript:x)", "y (javascript:x)"),
        ({"type": "color", "value": "#FF<"}, "#FF<", "#FF&lt;"),
        ({"type": "date", "timestamp": 1577836800, "fallback": "New Year"}, "New Year", "New Year"),
        ({"type": "date", "timestamp": 1577836800}, "2020-01-01 00:00 UTC", "2020-01-01 00:00 UTC"),
        ({"type": "canvas", "file_id": "F1", "text": "the plan"}, "the plan", "the plan"),
        ({"type": "unheard_of"}, "", ""),
    ],
)  # fmt: skip
def test_parts_of_rich_text(element: dict[str, Any], plain: str, html: str) -> None:
    assert rich(section(text("("), element, text(")"))) == (f"({plain})", f"({html})")


def test_lists_nest_by_indent() -> None:
    plain, html = rich(section(text("To do:\n")), items("a", "b"), items("c", indent=1, style="ordered"), items("d"))
    assert plain == "To do:\n• a\n• b\n    1. c\n• d"
    assert html == "To do:<ul><li>a</li><li>b<ol><li>c</li></ol></li><li>d</li></ul>"


def test_a_list_of_another_kind_is_a_list_of_its_own() -> None:
    assert rich(items("a"), items("b", style="ordered"))[1] == "<ul><li>a</li></ul><ol><li>b</li></ol>"


def test_quotes_code_and_sections_stand_under_each_other() -> None:
    quote = {"type": "rich_text_quote", "elements": [text("said\nso")]}
    code = {"type": "rich_text_preformatted", "elements": [text("a\n  b"), {"type": "link", "url": "http://x.org"}]}
    plain, html = rich(section(text("one")), section(text("two")), quote, code)
    assert plain == "one\ntwo\n> said\n> so\na\n  bhttp://x.org"
    assert html == (
        "one<br>two<blockquote>said<br>so</blockquote>"
        '<pre>a\n  b<a href="http://x.org">http://x.org</a></pre>'
    )  # fmt: skip


def test_other_blocks_give_their_words() -> None:
    plain, html = shown(
        {"type": "header", "text": {"type": "plain_text", "text": "Deploy <1>"}},
        {"type": "divider"},
        {"type": "section", "text": {"type": "mrkdwn", "text": "*done*"},
         "fields": [{"type": "mrkdwn", "text": "a: _b_"}, {"type": "plain_text", "text": "*c*"}],
         "accessory": {"type": "button", "text": {"type": "plain_text", "text": "Open"}, "url": "https://x.org"}},
        {"type": "context", "elements": [
            {"type": "image", "image_url": "https://x.org/i.png", "alt_text": "icon"},
            {"type": "mrkdwn", "text": "by <@U1>"},
        ]},
        {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Approve"}}]},
        {"type": "image", "title": {"type": "plain_text", "text": "Chart"}, "image_url": "https://x.org/c.png",
         "alt_text": "a chart"},
        {"type": "video", "title": {"type": "plain_text", "text": "Film"}, "title_url": "https://x.org/v"},
    )  # fmt: skip
    assert plain.split("\n") == [
        "Deploy <1>", "done", "a: b", "*c*", "Open", "icon (https://x.org/i.png) by \ue000U1\ue00f", "Approve",
        "Chart", "a chart (https://x.org/c.png)", "Film", "https://x.org/v",
    ]  # fmt: skip
    assert html.startswith("<b>Deploy &lt;1&gt;</b><br><b>done</b><br>a: <i>b</i><br>*c*<br>Open<br>")


def test_tables_are_rows_of_cells() -> None:
    def cell(words: str) -> dict[str, Any]:
        return {"type": "raw_text", "text": words}

    wide = {"type": "rich_text", "elements": [section(text("d", bold=True))]}
    assert shown({"type": "table", "rows": [[cell("a"), cell("b")], [cell("c"), wide]]}) == (
        "a | b\nc | d",
        "a | b<br>c | <b>d</b>",
    )


def test_parts_in_parts_without_end_are_cut() -> None:
    part: dict[str, Any] = text("deep")
    for _ in range(100):
        part = {"type": "odd", "elements": [part]}
    assert rich(section(part)) == ("", "")
