"""The Yammer Files Export API: its wire words, and nothing else."""

from exeunt.apis.yammer.app import make_app

__all__ = ["make_app"]
