import pytest

from exeunt.sources.slack.mrkdwn import Markup

U1, C1, HERE, SMILE = "\ue000U1\ue00f", "\ue001C1\ue00f", "\ue003here\ue00f", "\ue002smile\ue00f"

CASES = [
    ("plain words", "plain words", "plain words"),
    ("a &amp; b &lt;i&gt; &quot;", "a & b <i> &quot;", "a &amp; b &lt;i&gt; &amp;quot;"),
    ("&amp;lt;", "&lt;", "&amp;lt;"),
    ("<@U1> <@U1|ann>", f"{U1} {U1}", f"{U1} {U1}"),
    ("<#C1|general>,<!here>", f"{C1},{HERE}", f"{C1},{HERE}"),
    ("<!subteam^S1|@on-call>", "\ue003on-call\ue00f", "\ue003on-call\ue00f"),
    ("<!subteam^S2>", "\ue003S2\ue00f", "\ue003S2\ue00f"),
    ("<!date^1392734382^{date}|Feb 18> <!date^0>", "Feb 18 0", "Feb 18 0"),
    ("<!unknown|said> <!odd>", "said odd", "said odd"),
    ("<https://x.org/?a=1&amp;b=2>", "https://x.org/?a=1&b=2",
     '<a href="https://x.org/?a=1&amp;b=2">https://x.org/?a=1&amp;b=2</a>'),
    ("<http://x.org|x.org>", "x.org (http://x.org)", '<a href="http://x.org">x.org</a>'),
    ("<http://x.org|*site*>", "*site* (http://x.org)", '<a href="http://x.org">*site*</a>'),
    ("<mailto:a@x.org|a@x.org>", "a@x.org", '<a href="mailto:a@x.org">a@x.org</a>'),
    ("<tel:+4712|call>", "call (tel:+4712)", "call (tel:+4712)"),
    ("<javascript:alert(1)|click>", "click (javascript:alert(1))", "click (javascript:alert(1))"),
    ('<http://x.org/"onclick="|x>', 'x (http://x.org/"onclick=")', '<a href="http://x.org/&quot;onclick=&quot;">x</a>'),
    ("<b>raw</b> < > <>", "<b>raw</b> < > <>", "&lt;b&gt;raw&lt;/b&gt; &lt; &gt; &lt;&gt;"),
    ("*bold* _it_ ~s~ `c*d`", "bold it s c*d", "<b>bold</b> <i>it</i> <s>s</s> <code>c*d</code>"),
    ("_*both*_ (*x*), *y*!", "both (x), y!", "<i><b>both</b></i> (<b>x</b>), <b>y</b>!"),
    ("*a _b* c_", "a _b c_", "<b>a _b</b> c_"),
    ("snake_case_name 2*3*4 * a* *b *", "snake_case_name 2*3*4 * a* *b *", "snake_case_name 2*3*4 * a* *b *"),
    ("**x** __init__ ~~", "**x** __init__ ~~", "**x** __init__ ~~"),
    ("*over\nlines*", "*over\nlines*", "*over<br>lines*"),
    ("*<@U1>* <http://x.org>*", f"{U1} http://x.org*", f'<b>{U1}</b> <a href="http://x.org">http://x.org</a>*'),
    ("don`t `do` `this", "don`t do `this", "don`t <code>do</code> `this"),
    ("`<http://x.org|y>` `&lt;` `:smile:`", "y (http://x.org) < :smile:",
     "<code>y (http://x.org)</code> <code>&lt;</code> <code>:smile:</code>"),
    (":smile: :smile::+1::skin-tone-3:", f"{SMILE} {SMILE}\ue002+1::skin-tone-3\ue00f",
     f"{SMILE} {SMILE}\ue002+1::skin-tone-3\ue00f"),
    ("10:30:45 std::smile::x http://x:80/:smile: a:smile: :30: :-: :NOT:",
     "10:30:45 std::smile::x http://x:80/:smile: a:smile: :30: :-: :NOT:",
     "10:30:45 std::smile::x http://x:80/:smile: a:smile: :30: :-: :NOT:"),
    (":100: :café:", "\ue002100\ue00f \ue002café\ue00f", "\ue002100\ue00f \ue002café\ue00f"),
    ("one\r\ntwo\n\nthree", "one\ntwo\n\nthree", "one<br>two<br><br>three"),
    ("&gt; a\n&gt;b\nc", "> a\n> b\nc", "<blockquote>a<br>b</blockquote>c"),
    ("a\n&gt;&gt;&gt; b\nc", "a\n> b\n> c", "a<blockquote>b<br>c</blockquote>"),
    ("x\n• a\n• *b*\n    ◦ c\n- d\ny", "x\n• a\n• b\n    ◦ c\n- d\ny",
     "x<ul><li>a</li><li><b>b</b><ul><li>c</li></ul></li><li>d</li></ul>y"),
    ("-5 degrees\n-", "-5 degrees\n-", "-5 degrees<br>-"),
    ("see ```\nif a &lt; *b*:\n  <@U1>\n``` ok", f"see \nif a < *b*:\n  {U1}\n ok",
     f"see <pre>if a &lt; *b*:\n  {U1}</pre> ok"),
    ("```a```\nb", "a\nb", "<pre>a</pre>b"),
    ("``` no end", "``` no end", "``` no end"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "plain", "html"), CASES, ids=[case[0] for case in CASES])
def test_markup(source: str, plain: str, html: str) -> None:
    assert Markup().parse(source)[:2] == (plain, html)


def test_mentions_are_listed_once_in_order() -> None:
    assert Markup().parse("<@U2> <@U1> <@U2|b> `<@U3>`")[2] == ["U2", "U1"]


def test_private_use_characters_of_the_source_are_no_markers() -> None:
    plain, html, mentions = Markup().parse("\ue000U1\ue00f <@U2|\ue00f> &amp;")
    assert plain == "\ufffdU1\ufffd \ue000U2\ue00f &"
    assert html == "&#xe000;U1&#xe00f; \ue000U2\ue00f &amp;"
    assert mentions == ["U2"]


def test_names_stand_in_for_what_is_not_known() -> None:
    markup = Markup({"U1", "C1"})
    assert markup.parse("<@U1|ann> <@U2|bob> <#C2|x&amp;y> <#C2>")[:2] == (
        f"{U1} @bob #x&y \ue001C2\ue00f",
        f"{U1} @bob #x&amp;y \ue001C2\ue00f",
    )


def test_a_text_without_formatting_has_only_emoji() -> None:
    assert Markup.emoji_only("*a* :smile: <b>\n&amp;")[:2] == (
        f"*a* {SMILE} <b>\n&amp;",
        f"*a* {SMILE} &lt;b&gt;<br>&amp;amp;",
    )
