"""Cards: attachments of programs and previews of links."""

import json
from typing import Any

from exeunt.lake import markers
from tests.layouts.html.workspace import World, said


def page(world: World, *cards: dict[str, Any], text: str = "see") -> str:
    """A page with one message that has these cards."""
    return world.take([said(0, text, attachments=json.dumps(cards))]).export().page("general")


def test_a_card_with_everything(world: World) -> None:
    shown = page(world, {
        "pretext": "Heads <up>", "author_name": "CI", "from_url": "https://ci.example.org", "title": "Build 7",
        "title_link": "https://ci.example.org/7?a&b", "text": f"failed\nfor {markers.person('U2')}", "color": "danger",
        "fields": [{"title": "Branch", "value": "main"}, {"title": "", "value": "x"}], "footer": "bye",
        "image_url": "https://e.org/x.png", "fallback": "never shown",
    })  # fmt: skip
    start = shown.index('<div class="c danger" dir=auto>')
    card = shown[start : shown.index("</div>", start)]
    assert card.startswith(
        '<div class="c danger" dir=auto><p>Heads &lt;up&gt;</p><small><a href="https://ci.example.org">CI</a></small>'
        '<b><a href="https://ci.example.org/7?a&amp;b">Build 7</a></b><p>failed<br>for <a class=u'
    )
    assert card.endswith(
        '@Bob Byrne</a></p><dl><dt>Branch<dd>main<dt><dd>x</dl><a href="https://e.org/x.png">picture</a><small>bye</small>'
    )
    assert "<img" not in shown


def test_the_fallback_is_for_cards_that_say_nothing_else(world: World) -> None:
    shown = page(world, {"fallback": "only this"}, {"color": "#ff0000"}, {"text": "this", "fallback": "not this"})
    assert "<p>only this</p>" in shown
    assert "not this" not in shown
    assert "ff0000" not in shown


def test_links_of_other_kinds_are_no_links(world: World) -> None:
    forged = f"https://e.org/{markers.person('U2')}"
    links = ["javascript:alert(1)", "data:text/html,x", "https://a b", forged]
    shown = page(world, *({"title": f"t{n}", "title_link": link, "image_url": link} for n, link in enumerate(links)))
    assert [f"<b>t{n}</b></div>" in shown for n in range(4)] == [True] * 4


def test_a_message_made_of_its_cards_says_them_once(world: World) -> None:
    card = {"title": "Build 7", "text": "failed", "fields": [{"title": "Branch", "value": "main"}]}
    shown = page(world, card, text="Build 7\nfailed\nBranch: main")
    assert shown.count("failed") == 1
    assert "<div dir=auto></div><div class=" in shown


def test_odd_cards_cost_nobody_anything(world: World) -> None:
    odd = ["no json <b>", '{"title":"no list"}', '[{"title":["x"]}]', "[null]", "[]", '[{"fields":[null,{"value":5}]}]']
    rows = [said(n, f"m{n}", attachments=text) for n, text in enumerate(odd)]
    shown = world.take([*rows, said(99, "fine", attachments='[{"title":"good"}]')]).export().page("general")
    assert "<b>good</b>" in shown
    assert "no json &lt;b&gt;" in shown
    assert all(f"m{n}" in shown for n in range(len(odd)))
