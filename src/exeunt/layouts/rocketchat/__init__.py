"""Rocket.Chat's exports: one room with its files, and everything that one person can read."""

from exeunt.layouts.job import Layout
from exeunt.layouts.rocketchat import room, userdata

ROOM = Layout("rocketchat", room.plan, room.render, room.assemble)
USER_DATA = Layout("rocketchat-user-data", userdata.plan, userdata.render, userdata.assemble)
