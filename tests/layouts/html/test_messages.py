"""Messages: who, when, what, and everything that stands with it."""

import re

import pytest

from exeunt.lake import markers
from exeunt.lake.rows import MembershipRow, MessageRow, Reaction, RoomRow, UserRow
from exeunt.lake.selection import Selection
from tests.layouts.html.workspace import PEOPLE, ROOMS, Elements, World, at, said


def item(page: str, number: int) -> str:
    """The markup of the n-th message of a page, counted from 0."""
    return re.split(r"<li id=m\d+", page)[number + 1]


def shown(world: World, *rows: MessageRow, selection: Selection | None = None) -> str:
    """The page of general with these messages."""
    return world.take(rows).export(selection).page("general")


def test_people_go_by_the_first_name_they_have(world: World) -> None:
    page = shown(
        world, said(0, "a", author_id="U1"), said(10, "b", author_id="U2"), said(20, "c", author_id="U3"),
        said(30, "d", author_id="W9", author_name="Hooky"), said(40, "e", author_id="W8"), said(50, "f", author_id=""),
    )  # fmt: skip
    names = re.findall(r'data-i="([^"]+)">([^<]+)</b>', page)
    assert names == [("AL", "Ada Lovelace"), ("BB", "Bob Byrne"), ("C", "carla"), ("H", "Hooky"), ("W", "W8"),
                     ("S", "Somebody")]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "initials"),
    [("Ada Lovelace", "AL"), ("ada", "A"), ("José María García Ruiz", "JR"), ("日本 太郎", "日太"), ("🙂🙂", "?"),
     ("(ops) team!", "OT"), ("  x  y  ", "XY"), ("R2-D2", "RD"), ("éa zoë", "ÉZ")],
)  # fmt: skip
def test_initials(world: World, name: str, initials: str) -> None:
    page = (
        world.take([said(0, "a")], users=[UserRow(id="U1", username="u", display_name=name)]).export().page("general")
    )
    assert re.findall('data-i="([^"]*)"', page) == [initials]


def test_bots_are_called_so(world: World) -> None:
    page = shown(world, said(0, "a", author_id="B1"), said(9, "b", kind="bot", author_id="W1", author_name="Hook"))
    assert page.count("</b> <small>bot</small>") == 2


def test_what_one_says_in_a_row_stands_under_one_name(world: World) -> None:
    page = shown(world, said(0, "a"), said(1, "b"), said(2, "c", author_id="U2"), said(3, "d"), said(20, "e"))
    assert ["class=k" in item(page, n)[:10] for n in range(5)] == [False, True, False, False, False]
    assert page.count("Ada Lovelace") == 3


def test_replies_do_not_continue_what_stands_above_the_thread(world: World) -> None:
    page = shown(world, said(0, "root"), said(1, "reply", thread=0), said(2, "again", thread=0), said(3, "new root"))
    assert ["class=k" in item(page, n)[:10] for n in range(4)] == [False, False, True, False]
    assert page.index("root") < page.index("<details>") < page.index("reply") < page.index("</ol></details>")
    assert "<summary>2 replies</summary>" in page
    assert page.index("</ol></details>") < page.index("new root")


def test_the_root_comes_first_even_if_a_reply_is_dated_earlier(world: World) -> None:
    page = shown(world, said(5, "the root"), said(1, "too early", thread=5, started=at(5)))
    assert page.index("the root") < page.index("too early")
    assert "<summary>1 reply</summary>" in page
    assert "not part of this export" not in page


def test_a_thread_without_its_root_says_so(world: World) -> None:
    rows = (said(0, "root"), said(1, "reply", thread=0, author_id="U2"))
    page = shown(world, *rows, selection=Selection(people=("U2",)))
    assert "<li><p class=o>The message that began this thread is not part of this export.</p>" in page
    assert "<summary>1 reply</summary>" in page
    assert ">root<" not in page


def test_threads_that_began_in_one_instant_are_kept_apart(world: World) -> None:
    rows = [said(n, f"root {n}", at(0)) for n in (1, 2)]
    rows += [said(n + 10, f"reply {n}", at(n), thread=n, started=at(0)) for n in (1, 2)]
    page = shown(world, *rows)
    assert [page.index(word) for word in ("root 1", "reply 1", "root 2", "reply 2")] == sorted(
        page.index(word) for word in ("root 1", "reply 1", "root 2", "reply 2")
    )
    assert page.count("<details>") == page.count("</details>") == 2


def test_mentions_lead_to_people_and_rooms(world: World) -> None:
    text = " ".join([markers.person("U2"), markers.room("C2"), markers.everyone("here"), markers.person("U404")])
    page = shown(world, said(0, text))
    assert re.search(r'<a class=u dir=auto href="../../people.html#u\d+">@Bob Byrne</a>', page)
    assert re.search(r'<a class=u dir=auto href="../../index.html#r\d+">#random</a>', page)
    assert "<b class=u>@here</b>" in page
    assert "<bdi class=u>@U404</bdi>" in page
    assert not re.search("[\ue000-\ue00f]", page)


def test_a_room_that_was_not_asked_for_has_a_name_only_if_it_is_public(world: World) -> None:
    rooms = [*ROOMS, RoomRow(id="G1", name="layoffs", kind="private")]
    world.take([said(0, f"{markers.room('C2')} {markers.room('G1')}")], rooms=rooms)
    exported = world.export(Selection(rooms=("C1",)))
    assert "<bdi class=u>#random</bdi> <bdi class=u>#G1</bdi>" in exported.page("general")
    assert not [name for name in exported.names if "layoffs" in exported.folder.joinpath(name).read_text()]


def test_emoji(world: World) -> None:
    names = "tada +1::skin-tone-3 party_parrot flag-pt man-woman-girl-boy female-doctor simple_smile wave::skin-tone-9"
    page = shown(world, said(0, " ".join(map(markers.emoji, [*names.split(), "point_up::skin-tone-2"]))))
    assert "🎉 👍🏼 :party_parrot: 🇵🇹 👨‍👩‍👧‍👦 👩‍⚕️ 🙂 👋 ☝🏻" in page


def test_what_is_kept_of_markup(world: World) -> None:
    html = '<b>b</b> <code>x &lt; 1</code><pre>a\n  b</pre><blockquote>q</blockquote><ul><li>i</ul><a href="https://e.org/?a=1&amp;b">l</a>'
    assert f"<div dir=auto>{html}</div>" in shown(world, said(0, "text", body_html=html))


def test_marks_beside_the_time(world: World) -> None:
    page = shown(
        world, said(0, "a", edited_at=at(3)), said(10, "", deleted_at=at(12)), said(20, "c", is_pinned=True),
        said(30, "d", kind="comment"), said(41, "e", thread=0, is_broadcast=True),
    )  # fmt: skip
    assert '</a> <em title="Edited 2024-05-01 10:03 UTC">(edited)</em><div' in item(page, 0)
    assert "</a> <em>also sent to the room</em><div" in item(page, 1)
    assert '</a> <em title="Deleted 2024-05-01 10:12 UTC">(deleted)</em><div dir=auto></div>' in item(page, 2)
    assert "</a> <em>pinned</em><div" in item(page, 3)
    assert "</a> <em>comment on a file</em><div" in item(page, 4)


def test_the_room_speaks_in_small_lines(world: World) -> None:
    joined = f"{markers.person('U2')} has joined"
    page = shown(world, said(0, joined, kind="join", author_id="U2"), said(1, "set the topic", kind="topic"))
    assert item(page, 0).startswith(" class=s>")
    assert "<div dir=auto><a class=u" in item(page, 0)
    assert "<div dir=auto><b>Ada Lovelace</b> set the topic</div>" in item(page, 1)


def test_actions_and_titles(world: World) -> None:
    page = shown(world, said(0, "waves", kind="me"), said(1, "long text", title="A <note>"))
    assert "<div dir=auto><i>waves</i></div>" in page
    assert "<h4>A &lt;note&gt;</h4>long text" in page


def test_reactions_with_names(world: World) -> None:
    reactions = [Reaction("tada", ["U1", "U2"], 2), Reaction("odd", ["U404"], 1), Reaction("eyes", [], 7)]
    page = shown(world, said(0, "a", reactions=reactions), said(1, "b"), said(2, "c", reactions=reactions[:1]))
    assert (
        '<ul class=r><li title="Ada Lovelace, Bob Byrne">🎉 2</li><li title="U404">:odd: 1</li>'
        '<li title="">👀 7</li></ul>' in item(page, 0)
    )
    assert "class=r" not in item(page, 1)
    assert "class=r" in item(page, 2)


def test_everybody_is_on_the_list_of_people(world: World) -> None:
    rows = [said(0, f"hi {markers.person('U2')}"), said(1, "x"), said(2, "y", author_id="W9", author_name="Hooky")]
    people = Elements(world.take(rows).export().read("people.html"))
    text = " ".join("".join(people.words).split())
    assert "People 3" in text
    assert "Ada Lovelace ada 2" in text.replace("lovelace", "") or "Ada Lovelaceada" in text
    assert "mentioned" in text
    assert "carla" not in text


def test_a_conversation_without_a_name_goes_by_its_people(world: World) -> None:
    rooms = [RoomRow(id="D1", name="", kind="direct"), RoomRow(id="D2", name=" ", kind="group")]
    inside = [
        MembershipRow(room_id=room, user_id=user.id)
        for room in ("D1", "D2")
        for user in PEOPLE[: 3 if room == "D2" else 2]
    ]
    exported = world.take(
        [said(0, "a", room_id="D1"), said(1, "b", room_id="D2")], rooms=rooms, memberships=inside
    ).export()
    front = Elements(exported.read("index.html")).text
    assert "Ada Lovelace, Bob Byrne\n" in front or "Ada Lovelace, Bob Byrne" in front
    assert "Ada Lovelace, Bob Byrne, carla" in front
