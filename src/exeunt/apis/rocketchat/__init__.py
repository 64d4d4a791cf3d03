"""The Rocket.Chat API: export of rooms and what clients read before, its wire words and nothing else."""

from exeunt.apis.rocketchat.app import make_app

__all__ = ["make_app"]
