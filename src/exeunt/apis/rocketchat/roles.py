"""Who may export and see what: Rocket.Chat's roles and permissions from ours (1.7)."""

from exeunt.access.permissions import holds
from exeunt.apis.rocketchat.calls import Call
from exeunt.errors import Forbidden
from exeunt.lake.roster import RoomFacts
from exeunt.lake.selection import Selection

DEEPEST = 8
"""Discussions in discussions that are looked through for one that is accessible."""


def global_roles(call: Call) -> list[str]:
    """The roles that somebody has everywhere."""
    person, role = call.me.person, call.me.principal.role
    is_admin = role == "administrator" or (person is not None and (person.is_admin or person.is_owner))
    return ["admin", "user"] if is_admin else ["user"]


def room_roles(call: Call, room: RoomFacts) -> list[str]:
    """The roles that somebody has in one room."""
    found = ["owner"] if room.creator_id and room.creator_id == call.me.id else []
    role = call.roster.role_in(call.workspace_id, room.id, call.me.id)
    return found if role in (None, "member") or role in found else [*found, str(role)]


def may_mail_messages(call: Call, room: RoomFacts | None) -> bool:
    """The permission `mail-messages`; roles in the room count where there is one."""
    if not holds(call.me.principal.scopes, "export:create"):
        return False
    mine = global_roles(call) + (room_roles(call, room) if room else [])
    return not set(mine).isdisjoint(call.installation.settings.rocketchat_mail_messages_roles)


def is_admin(call: Call) -> bool:
    """Whether somebody has the role `admin`."""
    return "admin" in global_roles(call)


def bypasses_limit(call: Call) -> bool:
    """The permission `api-bypass-rate-limit`."""
    return not set(global_roles(call)).isdisjoint(call.installation.settings.rocketchat_bypass_rate_limit_roles)


def reach(call: Call) -> Selection | None:
    """What this person may see of rooms; None for nothing."""
    try:
        return call.installation.access.reach(call.me.principal, Selection())
    except Forbidden:
        return None


def is_in_reach(call: Call, room: RoomFacts) -> bool:
    """Whether the room is public, one of the person's own, or the token may have those of others."""
    limits = reach(call)
    if limits is None:
        return False
    if not limits.room_kinds or room.kind in limits.room_kinds:
        return True
    member = limits.private_to and call.roster.role_in(call.workspace_id, room.id, limits.private_to)
    return bool(member)


def can_access(call: Call, room: RoomFacts) -> bool:
    """Whether the room, or for a discussion a room around it, is in reach."""
    around: RoomFacts | None = room
    for _ in range(DEEPEST):
        if around is None:
            return False
        if is_in_reach(call, around):
            return True
        around = call.roster.room(call.workspace_id, around.parent_id) if around.parent_id else None
    return False


def can_export(call: Call, room: RoomFacts) -> bool:
    """The same, and what the setting lets administrators do."""
    opened = call.installation.settings.rocketchat_admin_access_all_rooms and is_admin(call)
    return opened or can_access(call, room)
