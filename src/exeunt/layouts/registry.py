"""Layouts by name, loaded when one is needed."""

from importlib import import_module

from exeunt.errors import InvalidInput
from exeunt.layouts.job import Layout

MODULES = {
    "html": "exeunt.layouts.html",
    "jsonl": "exeunt.layouts.jsonl",
    "csv": "exeunt.layouts.csv",
    "yammer-files": "exeunt.layouts.yammer_files",
    "rocketchat": "exeunt.layouts.rocketchat:ROOM",
    "rocketchat-user-data": "exeunt.layouts.rocketchat:USER_DATA",
}


def load(name: str) -> Layout:
    """The layout of this name. Raises `InvalidInput` for an unknown one."""
    if name not in MODULES:
        raise InvalidInput(f"unknown layout {name!r}")
    module, _, constant = MODULES[name].partition(":")
    layout: Layout = getattr(import_module(module), constant or "LAYOUT")
    return layout
