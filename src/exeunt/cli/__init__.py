"""The command line: `exeunt NOUN VERB`, and single words for what everyone types."""

from exeunt.cli.root import main

__all__ = ["main"]
