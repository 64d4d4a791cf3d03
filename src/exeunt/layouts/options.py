"""The options of every layout, checked where an export is asked for. Light: no content is read here."""

from typing import Any, Literal

import msgspec

from exeunt.errors import InvalidInput


class HtmlOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`search`: whether the transcript carries its search index."""

    search: bool = True


class JsonlOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`raw`: whether messages, users, rooms and files also carry the source's own JSON."""

    raw: bool = False


class CsvOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`safe`: put `'` before cells that a spreadsheet would run as a formula. Off: cells are verbatim."""

    safe: bool = False


class YammerFilesOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a Files Export request says beside its networks and its window.

    `flat` puts files directly into the archive instead of nested archives. `groups` and `users` are numbers. `base`
    is the address under which the API was reached, for the links in the CSV. `sharepoint` is what externally stored
    files are called. `include_ens` only goes into `request.txt`: the networks are chosen before.
    """

    base: str = ""
    include_ens: bool = False
    flat: bool = False
    safe_csv: bool = False
    sharepoint: bool = False
    groups: tuple[int, ...] = ()
    users: tuple[int, ...] = ()
    archive_max_bytes: int = 10 * 1024**3
    part_max_bytes: int = 1024**3


class RocketChatOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`format` is the form of the messages. `full`: whether `messages.full.jsonl` is there too.

    `who` is the name in the archive's own name, with the export's id behind it if `id_in_name`. `empty`: the range was
    given by days and holds none.
    """

    format: Literal["json", "html"] = "json"
    full: bool = True
    who: str = ""
    id_in_name: bool = False
    empty: bool = False


class RocketChatUserDataOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`person` is whose data it is, by id; `full` asks for JSON and the list of rooms, else it is HTML."""

    person: str
    full: bool = False
    who: str = ""
    id_in_name: bool = False


OPTIONS: dict[str, type[msgspec.Struct]] = {
    "html": HtmlOptions,
    "jsonl": JsonlOptions,
    "csv": CsvOptions,
    "yammer-files": YammerFilesOptions,
    "rocketchat": RocketChatOptions,
    "rocketchat-user-data": RocketChatUserDataOptions,
}
"""Every layout that can be asked for, by name."""


SEVERAL_WORKSPACES = frozenset({"yammer-files"})
"""The layouts whose archives hold more than one workspace; all others are of exactly one."""


def check_workspaces(layout: str, number: int) -> None:
    """Raises `InvalidInput` when an export in this layout cannot be of so many workspaces."""
    if number < 1:
        raise InvalidInput("an export is of at least one workspace")
    if number > 1 and layout not in SEVERAL_WORKSPACES:
        raise InvalidInput(f"the layout {layout} is of one workspace, and here are {number}: ask for each by itself")


def parse_options(layout: str, values: dict[str, Any]) -> msgspec.Struct:
    """The checked options of a layout. Raises `InvalidInput` for an unknown layout, name or value."""
    if layout not in OPTIONS:
        raise InvalidInput(f"unknown layout {layout!r}; there are {', '.join(sorted(OPTIONS))}")
    try:
        return msgspec.convert(values, OPTIONS[layout])
    except msgspec.ValidationError as error:
        raise InvalidInput(f"option of layout {layout}: {error}") from error
