"""Whatever stands in the data, the markup is ours."""

import json
import re
from html import escape
from typing import Any

from exeunt.lake.markers import END, PERSON
from exeunt.lake.markers import escape as escaped
from exeunt.lake.rows import FileRow, Reaction, RoomRow, UserRow
from exeunt.lake.selection import Selection
from tests.layouts.html.test_pages import links_resolve
from tests.layouts.html.workspace import PNG, Elements, Exported, World, at, said

ATTACKS = [
    "<script>window.hacked=1</script>",
    '"><img src=x onerror=window.hacked=1>',
    "' onmouseover='window.hacked=1' x='",
    "</title></style></textarea><svg onload=window.hacked=1>",
    "javascript:window.hacked=1",
    "`;window.hacked=1;`${window.hacked=1}",
    '";window.hacked=1;"\\',
    '\\";window.hacked=1//\n\r\u2028\u2029',
    "]]><!--<a href=//evil.example>",
    "\u202e\u2066gnp.exe\x00\x1b[31m",
    f"{PERSON}U1{END}",
    "{{ 7*7 }}{% x %}",
    "=cmd|' /C calc'!A0",
    "a\nb\tc",
]

TAGS = """
html head meta title link body a br header nav bdi form label span input main h1 h2 h3 h4 small p ol li b time em div
details summary i s code pre blockquote ul img dl dt dd table thead tr th tbody td section script button footer noscript
"""
ADDRESS = re.compile(r"(https?://|mailto:|#|[\w./%,~=()@+-]+(#|$))")

ATTRIBUTES = """
lang charset http-equiv content name rel href class aria-label role action method type placeholder autocomplete id
data-i datetime dir title src loading alt download scope defer autofocus hidden aria-live
"""


def hostile(world: World, attacks: list[str]) -> Exported:
    """Every attack in every text of a person, two rooms, three files and some messages of its own."""
    for n, attack in enumerate(attacks):
        _attack(world, n, attack)
    return world.export(Selection(since=at(-100)))


def _attack(world: World, n: int, attack: str) -> None:
    me, one, two, start = f"U{n}", f"C{n}", f"{attack}{n}", 10 * n
    users = [UserRow(id=me, username=attack, display_name=attack, real_name=attack, title=attack)]
    rooms = [RoomRow(id=one, name=attack, kind="public", topic=attack), RoomRow(id=two, name=attack, kind="group")]
    ids = [f"F{n}/{name}" for name in "abc"]
    files = [
        FileRow(id=ids[0], name=attack, media_type="image/png", uploaded_at=at(), room_id=one, title=attack),
        FileRow(id=ids[1], name=attack, media_type=attack, uploaded_at=at(), room_id=one, reason=attack, url=attack),
        FileRow(id=ids[2], name=attack, media_type="text/html", uploaded_at=at(), room_id=one),
    ]
    keys = [
        "title",
        "text",
        "pretext",
        "fallback",
        "author_name",
        "footer",
        "title_link",
        "from_url",
        "image_url",
        "color",
    ]
    card = json.dumps([{**dict.fromkeys(keys, attack), "fields": [{"title": attack, "value": attack}]}])
    row: dict[str, Any] = {
        "title": attack, "text": attack, "body_html": escaped(attack), "attachments": card, "subtype": attack,
        "room_id": one,
    }  # fmt: skip
    forged = f"{PERSON}{escape(attack.replace(PERSON, '').replace(END, ''))}{END}"
    reactions = [Reaction(attack, [me, attack], 1)]
    rows = [
        said(start, **row, author_id=me, file_ids=[*ids, attack], reactions=reactions),
        said(start + 1, **row, author_id=attack, author_name=attack, kind="bot"),
        said(start + 2, **row, author_id=me, kind="topic"),
        said(start + 3, forged, room_id=one, author_id=me, kind="me"),
        said(start + 4, **{**row, "room_id": two}, author_id=me, thread=start + 5),
    ]
    world.take(rows, users=users, rooms=rooms, files=files, bodies={ids[0]: PNG, ids[2]: attack.encode()})


def pages_of(exported: Exported) -> list[str]:
    """Our own pages, not the files that people shared."""
    return [name for name in exported.names if name.endswith(".html") and not name.startswith("files/")]


def test_no_markup_comes_out_of_data(world: World) -> None:
    exported = hostile(world, ATTACKS)
    assert len(pages_of(exported)) == 3 + 2 * len(ATTACKS)
    for name in pages_of(exported):
        elements = Elements(exported.read(name)).found
        assert {tag for tag, _ in elements} <= set(TAGS.split())
        assert {attribute for _, attributes in elements for attribute in attributes} <= set(ATTRIBUTES.split())
        scripts = [attributes for tag, attributes in elements if tag == "script"]
        assert [set(one) for one in scripts] == ([{"src", "defer"}] * 2 if name == "search.html" else [])
        for tag, attributes in elements:
            for address in (attributes.get("href"), attributes.get("src"), attributes.get("action")):
                assert address is None or ADDRESS.match(address), (tag, address)
        policy = next(a["content"] or "" for tag, a in elements if a.get("http-equiv"))
        assert policy.startswith("default-src 'none'; ")
        assert ("script-src" in policy) == (name == "search.html")
        assert "unsafe" not in policy
    links_resolve(exported)
    for name in exported.names:
        assert not re.search("[\x00-\x1f\u202e]|\\.\\.", name)


def test_nothing_is_fetched_from_elsewhere(world: World) -> None:
    exported = hostile(world, ["https://evil.example/x.png"])
    for name in pages_of(exported):
        elements = Elements(exported.read(name)).found
        addresses = [a.get("src") or a.get("href") or "" for tag, a in elements if tag != "a"]
        assert not [address for address in addresses if "//" in address.removeprefix("../../")]


def test_scripts_of_the_search_hold_one_call_each(world: World) -> None:
    exported = hostile(world, ATTACKS)
    literal = r'"(?:[^"\\\n\r]|\\[\\"n])*"'
    for name in exported.names:
        if name.startswith("search/1/"):
            assert re.fullmatch(rf"exeunt\({literal}(,{literal})+\)\n", exported.read(name)), name
