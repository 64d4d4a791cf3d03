"""The way out for workspace data: users, rooms, messages and files go in; complete, verifiable archives come out."""

__version__ = "0.1.0"
