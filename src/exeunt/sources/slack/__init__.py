"""Slack exports: `open_slack` gives the reader of a zip or a folder."""

from exeunt.sources.slack.limits import Limits
from exeunt.sources.slack.reader import SlackReader, open_slack

__all__ = ["Limits", "SlackReader", "open_slack"]
