"""Reads the CSV zip of Rocket.Chat's own importer (contract, appendix)."""

from exeunt.sources.rocketchat_csv.reader import open_rocketchat_csv
from exeunt.sources.slack.limits import Limits

__all__ = ["Limits", "open_rocketchat_csv"]
