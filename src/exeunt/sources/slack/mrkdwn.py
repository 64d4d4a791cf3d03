"""Slack's text markup, mrkdwn, into plain text and HTML with markers.

There is no maintained library that reads mrkdwn (the ones that exist write it), so this is a parser of our own after
docs.slack.dev/messaging/formatting-message-text. It goes over the text once, from left to right: every test looks at
most at the next token, so the time is linear in the text whatever the text is, and there is no input that it refuses.

What is kept in plain text is what a reader would type again: bullets, `>` before quoted lines, a link's address behind
its label. Asterisks, underscores, tildes and backticks that only formatted are gone.
"""

import re
from collections.abc import Container

from exeunt.lake import markers
from exeunt.sources.slack.angles import Token, token
from exeunt.sources.slack.flow import Flow

_SPECIAL = re.compile("[&<>*_~`\n\r•◦▪\ue000-\ue00f]").search
_COLONS = re.compile(":[^: ]+:").search
_OURS = re.compile("[\ue000-\ue00f]").search
_QUOTES = re.compile("[\"'&<>\ue000-\ue00f]").search
_TOKEN = re.compile(
    r"<[^<>\n]*>|&(?:amp|lt|gt);|[*_~`]|:[\w+-]{1,100}:(?::skin-tone-[2-6]:)?",
).search
_EMOJI = re.compile(r":[\w+-]{1,100}:(?::skin-tone-[2-6]:)?").finditer
_BULLET = re.compile(r"( *)[-•◦▪]\ufe0e? +(?=\S)").match
_LETTER = re.compile(r"[^\W\d_]").search
_EMOJI_NUMBERS = frozenset(("+1", "-1", "100", "1234"))
_ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}
_TAGS = {"*": "b", "_": "i", "~": "s"}
_CACHED = 20_000


class Markup:
    """The parser with what it remembers: most `<…>` of a workspace are the same few people and rooms."""

    def __init__(self, known: Container[str] | None = None) -> None:
        """`known` are the ids of people and rooms that this archive describes; None means all."""
        self._known = known
        self._tokens: dict[str, Token] = {}

    def parse(self, text: str) -> tuple[str, str, list[str]]:
        """(plain text, HTML, ids of the mentioned people in order)."""
        if _SPECIAL(text) is None and not (":" in text and _COLONS(text)) and not text.lstrip(" ").startswith("- "):
            return text, text if _QUOTES(text) is None else markers.escape(text), []
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if _OURS(text) is None:
            return self._parse(text)
        # A private-use character of the source's own is replaced in plain text and escaped in HTML, hence two goes.
        plain, _, mentions = self._parse(markers.without_markers(text))
        return plain, self._parse(text)[1], mentions

    @staticmethod
    def emoji_only(text: str) -> tuple[str, str, list[str]]:
        """The same of a text that Slack shows as it stands but for emoji (`plain_text`)."""
        plain: list[str] = []
        html: list[str] = []
        at = emoji_end = 0
        for found in _EMOJI(text):
            if _is_emoji(text, found.start(), found[0][1:-1], emoji_end):
                before, marker = text[at : found.start()], markers.emoji(found[0][1:-1])
                plain += markers.without_markers(before), marker
                html += markers.escape(before), marker
                at = emoji_end = found.end()
        plain.append(markers.without_markers(text[at:]))
        html.append(markers.escape(text[at:]))
        return "".join(plain), "".join(html).replace("\n", "<br>"), []

    def _parse(self, text: str) -> tuple[str, str, list[str]]:
        run = _Run(self)
        if "\n" in text or "```" in text or text.startswith((">", "&gt;")) or _BULLET(text):
            run.text(text)
            html = run.flow.html()
        else:
            html = run.inline(text)
        return "".join(run.plain), html, list(run.mentions)

    def token(self, text: str) -> Token:
        """The meaning of one `<…>`, remembered."""
        found = self._tokens.get(text)
        if found is None:
            if len(self._tokens) >= _CACHED:
                self._tokens.clear()
            found = self._tokens[text] = token(text[1:-1], self._known)
        return found


class _Run:
    """One text being parsed."""

    __slots__ = ("flow", "html", "markup", "mentions", "plain", "quoting")

    def __init__(self, markup: Markup) -> None:
        self.markup = markup
        self.flow = Flow()
        self.plain: list[str] = []
        self.html: list[str] = []
        self.mentions: dict[str, None] = {}
        self.quoting = False

    def text(self, text: str) -> None:
        """The whole text: code between two fences, lines around it."""
        at = 0
        while True:
            opening = text.find("```", at)
            closing = text.find("```", opening + 3) if opening >= 0 else -1
            if closing < 0:
                self._lines(text[at:])
                return
            self._lines(text[at:opening], before_code=True)
            code, at = text[opening + 3 : closing], closing + 3
            if code.startswith("\n") and opening and text[opening - 1] != "\n":
                self.plain.append("\n")
            self._code_block(code.removeprefix("\n").removesuffix("\n"))
            if at == len(text):
                return
            if text[at] == "\n" or code.endswith("\n"):
                self.plain.append("\n")
            at += text[at] == "\n"

    def _lines(self, text: str, before_code: bool = False) -> None:
        if before_code and not text:
            return
        lines = text.split("\n")
        last = len(lines) - 1
        for number, line in enumerate(lines):
            if before_code and number == last and not line.strip():
                self.plain.append(line)
            else:
                self._line(line)
            if number < last:
                self.plain.append("\n")

    def _line(self, line: str) -> None:
        if line.startswith(("&gt;", ">")) or self.quoting:
            self._quote(line)
            return
        bullet = _BULLET(line)
        if bullet is not None:
            self.plain.append(bullet[0])
            self.flow.item(len(bullet[1]) // 4, False, self.inline(line[bullet.end() :]))
        else:
            self.flow.line(self.inline(line))

    def _quote(self, line: str) -> None:
        """`>` quotes a line, `>>>` everything from here on."""
        for mark in () if self.quoting else ("&gt;&gt;&gt;", ">>>", "&gt;", ">"):
            if line.startswith(mark):
                self.quoting = len(mark) in (12, 3)
                line = line[len(mark) :].removeprefix(" ")
                break
        self.plain.append("> ")
        self.flow.quoted(self.inline(line))

    def _code_block(self, code: str) -> None:
        self.html = []
        self._verbatim(code)
        self.flow.block(f"<pre>{''.join(self.html)}</pre>")

    def _verbatim(self, code: str) -> None:
        """Code: only entities and `<…>` mean something in it."""
        at = 0
        while (found := _TOKEN(code, at)) is not None:
            token = found[0]
            self._literal(code[at : found.start()])
            at = found.end()
            if token[0] == "<" and len(token) > 2:
                meaning = self.markup.token(token)
                self.plain.append(meaning.plain)
                self.html.append(markers.escape(meaning.plain) if meaning.html[0] == "<" else meaning.html)
            else:
                self._literal(_ENTITIES.get(token, token))
        self._literal(code[at:])

    def _literal(self, text: str) -> None:
        self.plain.append(text)
        self.html.append(text if _QUOTES(text) is None else markers.escape(text))

    def inline(self, line: str) -> str:
        """The HTML of one line; what it says plainly is added to `plain`."""
        found = _TOKEN(line)
        if found is None:
            self.plain.append(line)
            return line if _QUOTES(line) is None else markers.escape(line)
        plain, html = self.plain, self.html = self.plain, []
        opened: dict[str, tuple[int, int]] = {}
        at, emoji_end, last_code_end = 0, -1, -2
        while found is not None:
            token, start, end = found[0], found.start(), found.end()
            first = token[0]
            if start > at:
                run = line[at:start]
                plain.append(run)
                html.append(run if _QUOTES(run) is None else markers.escape(run))
            at = end
            if first == "<" and end - start > 2:
                meaning = self.markup.token(token)
                plain.append(meaning.plain)
                html.append(meaning.html)
                if meaning.mention:
                    self.mentions[meaning.mention] = None
            elif first == "&":
                plain.append(_ENTITIES[token])
                html.append(token)
            elif first in "*_~":
                self._emphasis(line, start, first, opened)
            elif first == ":":
                if _is_emoji(line, start, token[1:-1], emoji_end):
                    marker = markers.emoji(token[1:-1])
                    plain.append(marker)
                    html.append(marker)
                    emoji_end = end
                else:
                    # The second colon may begin a name itself, so only the first one is done with.
                    self._literal(":")
                    at = start + 1
            elif first == "`":
                if last_code_end == -2:
                    last_code_end = _last_code_end(line)
                closing = _code_end(line, start, last_code_end)
                if closing < 0:
                    self._literal("`")
                else:
                    html.append("<code>")
                    self._verbatim(line[start + 1 : closing])
                    html.append("</code>")
                    at = closing + 1
            else:
                self._literal(token)
            found = _TOKEN(line, at)
        if at < len(line):
            self._literal(line[at:])
        return "".join(html)

    def _emphasis(self, line: str, at: int, mark: str, opened: dict[str, tuple[int, int]]) -> None:
        """A mark opens after a boundary and before a word, closes after a word and before a boundary, else is text.

        It is written as text first; the mark that closes it makes both into tags. Marks opened in between and still
        open stay text, so tags always nest.
        """
        before, after = line[at - 1 : at], line[at + 1 : at + 2]
        opening = opened.get(mark)
        if opening and before != mark and not before.isspace() and not after.isalnum() and after != mark:
            in_html, in_plain = opening
            self.html[in_html] = f"<{_TAGS[mark]}>"
            self.plain[in_plain] = ""
            self.html.append(f"</{_TAGS[mark]}>")
            for other in [other for other, place in opened.items() if place[0] >= in_html]:
                del opened[other]
            return
        if after and after != mark and before != mark and not after.isspace() and not before.isalnum():
            opened[mark] = len(self.html), len(self.plain)
        self.html.append(mark)
        self.plain.append(mark)


def _is_emoji(line: str, start: int, name: str, emoji_end: int) -> bool:
    """Whether `:name:` can be one: a lower-case word between colons, and not part of a time, an address or a path."""
    before = line[start - 1 : start]
    if before.isalnum() or before == "/" or (before == ":" and start != emoji_end):
        return False
    return (name == name.lower() and _LETTER(name) is not None) or name in _EMOJI_NUMBERS


def _last_code_end(line: str) -> int:
    """Where the last backtick stands that can close code: one with a boundary behind it."""
    at = line.rfind("`")
    while at >= 0 and line[at + 1 : at + 2].isalnum():
        at = line.rfind("`", 0, at)
    return at


def _code_end(line: str, start: int, last: int) -> int:
    """Where the code that opens at `start` closes, or -1; nothing is searched for where no backtick can close."""
    before = line[start - 1 : start]
    if start >= last or before == "`" or before.isalnum() or line[start + 1] == "`":
        return -1
    at = line.find("`", start + 1)
    while line[at + 1 : at + 2].isalnum():
        at = line.find("`", at + 1)
    return at
