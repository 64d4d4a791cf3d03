"""Puts rendered pieces under each other: lines divided by `<br>`, block elements by nothing, lists nested by indent."""

from exeunt.lake import markers

Item = tuple[int, bool, str]
"""One list item: how far it is indented, whether it is numbered, its HTML."""

_DEEPEST = 8


class Flow:
    """Collects the HTML of one message from top to bottom."""

    __slots__ = ("_after_line", "_items", "_parts", "_quoted")

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._items: list[Item] = []
        self._quoted: list[str] = []
        self._after_line = False

    def line(self, html: str) -> None:
        """Text that ends with the line."""
        self._close()
        if self._after_line:
            self._parts.append("<br>")
        self._parts.append(html)
        self._after_line = True

    def block(self, html: str) -> None:
        """A block element, which breaks the line before and after it by itself."""
        self._close()
        self._parts.append(html)
        self._after_line = False

    def item(self, indent: int, ordered: bool, html: str) -> None:
        """A list item; items that follow each other become one list."""
        if self._quoted:
            self._close()
        self._items.append((indent, ordered, html))

    def quoted(self, html: str) -> None:
        """A quoted line; quoted lines that follow each other become one quote."""
        if self._items:
            self._close()
        self._quoted.append(html)

    def html(self) -> str:
        """Everything so far as one text."""
        self._close()
        return "".join(self._parts)

    def _close(self) -> None:
        if self._items:
            items, self._items = self._items, []
            self.block(nested(items))
        if self._quoted:
            quoted, self._quoted = self._quoted, []
            self.block(f"<blockquote>{'<br>'.join(quoted)}</blockquote>")


def nested(items: list[Item]) -> str:
    """Items as lists in lists: a deeper item opens a list inside the item before it."""
    out: list[str] = []
    open_lists: list[tuple[int, str]] = []
    for indent, ordered, html in items:
        tag = "ol" if ordered else "ul"
        indent = min(indent, _DEEPEST)
        while open_lists and (open_lists[-1][0] > indent or open_lists[-1] == (indent, "ul" if ordered else "ol")):
            out.append(f"</li></{open_lists.pop()[1]}>")
        if open_lists and open_lists[-1][0] == indent:
            out.append("</li>")
        else:
            out.append(f"<{tag}>")
            open_lists.append((indent, tag))
        out.append(f"<li>{html}")
    while open_lists:
        out.append(f"</li></{open_lists.pop()[1]}>")
    return "".join(out)


def link(address: str, label_html: str) -> str:
    """`<a>` for the three schemes a reader may follow without harm; for any other address the label alone."""
    if address[:8].lower().startswith(("http://", "https://", "mailto:")):
        return f'<a href="{markers.escape(address)}">{label_html}</a>'
    return label_html


def labelled(address: str, label: str) -> str:
    """A link in plain text: the label, and the address behind it unless the label says it already."""
    bare = address.removeprefix("mailto:").removeprefix("tel:")
    return label if not address or bare in label or address in label else f"{label} ({address})"
