"""People and bots of a workspace, as users.json lists them."""

from dataclasses import dataclass
from typing import Any, Literal

from .ids import hex_id, slack_id

Role = Literal["primary_owner", "owner", "admin", "member", "guest", "single_channel_guest", "deleted"]

ZONES: dict[str, tuple[str, float]] = {
    "Africa/Cairo": ("Eastern European Time", 2),
    "Africa/Johannesburg": ("South Africa Standard Time", 2),
    "Africa/Lagos": ("West Africa Time", 1),
    "America/Lima": ("Peru Standard Time", -5),
    "America/Mexico_City": ("Central Standard Time", -6),
    "America/New_York": ("Eastern Standard Time", -5),
    "Asia/Almaty": ("East Kazakhstan Time", 5),
    "Asia/Dubai": ("Gulf Standard Time", 4),
    "Asia/Ho_Chi_Minh": ("Indochina Time", 7),
    "Asia/Jerusalem": ("Israel Standard Time", 2),
    "Asia/Kolkata": ("India Standard Time", 5.5),
    "Asia/Seoul": ("Korean Standard Time", 9),
    "Asia/Shanghai": ("China Standard Time", 8),
    "Asia/Singapore": ("Singapore Standard Time", 8),
    "Asia/Tokyo": ("Japan Standard Time", 9),
    "Europe/Athens": ("Eastern European Time", 2),
    "Europe/Berlin": ("Central European Time", 1),
    "Europe/Dublin": ("Greenwich Mean Time", 0),
    "Europe/Istanbul": ("Turkey Time", 3),
    "Europe/Kyiv": ("Eastern European Time", 2),
    "Europe/Lisbon": ("Western European Time", 0),
    "Europe/Madrid": ("Central European Time", 1),
    "Europe/Oslo": ("Central European Time", 1),
    "Europe/Paris": ("Central European Time", 1),
    "Europe/Prague": ("Central European Time", 1),
    "Europe/Rome": ("Central European Time", 1),
    "Europe/Warsaw": ("Central European Time", 1),
    "Pacific/Auckland": ("New Zealand Standard Time", 12),
}
"""Label and hours ahead of UTC (standard time, all year) of each zone."""

_COLORS = ("9f69e7", "4bbe2e", "e7392d", "3c989f", "674b1b", "e96699", "e0a729", "684b6c", "5b89d5", "2b6836", "99a949")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account; `login` is the key throughout the sample."""

    login: str
    real_name: str
    display_name: str
    title: str
    zone: str
    language: str
    teams: str
    """Names of teams, divided by spaces; rooms invite whole teams."""
    email: str
    role: Role = "member"

    @property
    def offset_hours(self) -> float:
        """Hours ahead of UTC."""
        return ZONES[self.zone][1]


@dataclass(frozen=True, slots=True)
class Bot:
    """An integration; with `has_user` it is an app with an account of its own, else only a `bot_id` and a name."""

    key: str
    name: str
    emoji: str
    has_user: bool = False


def user_json(person: Person, seed: int, team_id: str, updated: int) -> dict[str, Any]:
    """The entry of users.json; `updated` is in seconds. A deleted user has lost zone and roles, as in a true export."""
    user_id = slack_id(seed, "U", person.login)
    label, offset = ZONES[person.zone]
    deleted = person.role == "deleted"
    user: dict[str, Any] = {
        "id": user_id,
        "team_id": team_id,
        "name": person.login,
        "deleted": deleted,
        "profile": profile_json(person, seed, team_id),
        "is_bot": False,
        "is_app_user": False,
        "updated": updated,
    }
    if deleted:
        return user | {"is_forgotten": False}
    return user | {
        "color": _COLORS[int(hex_id(seed, person.login, 4), 16) % len(_COLORS)],
        "real_name": person.real_name,
        "tz": person.zone,
        "tz_label": label,
        "tz_offset": int(offset * 3600),
        "is_admin": person.role in ("primary_owner", "owner", "admin"),
        "is_owner": person.role in ("primary_owner", "owner"),
        "is_primary_owner": person.role == "primary_owner",
        "is_restricted": person.role in ("guest", "single_channel_guest"),
        "is_ultra_restricted": person.role == "single_channel_guest",
        "is_email_confirmed": bool(person.email),
        "has_2fa": person.role in ("primary_owner", "owner", "admin"),
        "who_can_share_contact_card": "EVERYONE",
    }


def profile_json(person: Person, seed: int, team_id: str) -> dict[str, Any]:
    """The `profile` of a user; an account without an address has no `email`."""
    first, _, last = person.real_name.partition(" ")
    avatar = hex_id(seed, f"avatar/{person.login}", 12)
    profile: dict[str, Any] = {
        "title": person.title,
        "phone": "",
        "skype": "",
        "real_name": person.real_name,
        "real_name_normalized": person.real_name,
        "display_name": person.display_name,
        "display_name_normalized": person.display_name,
        "fields": None,
        "status_text": "",
        "status_emoji": "",
        "status_expiration": 0,
        "avatar_hash": avatar,
        "first_name": first,
        "last_name": last,
        "team": team_id,
    }
    if person.email:
        profile["email"] = person.email
    for size in (24, 32, 48, 72, 192, 512):
        profile[f"image_{size}"] = f"https://avatars.example.org/{avatar}_{size}.png"
    return profile


def card_json(person: Person, seed: int, team_id: str) -> dict[str, Any]:
    """The `user_profile` that newer messages carry."""
    avatar = hex_id(seed, f"avatar/{person.login}", 12)
    return {
        "avatar_hash": avatar,
        "image_72": f"https://avatars.example.org/{avatar}_72.png",
        "first_name": person.real_name.partition(" ")[0],
        "real_name": person.real_name,
        "display_name": person.display_name,
        "team": team_id,
        "name": person.login,
        "is_restricted": person.role in ("guest", "single_channel_guest"),
        "is_ultra_restricted": person.role == "single_channel_guest",
    }


def bot_user_json(bot: Bot, seed: int, team_id: str, updated: int) -> dict[str, Any]:
    """The entry of users.json of an app's own account."""
    avatar = hex_id(seed, f"avatar/{bot.key}", 12)
    return {
        "id": slack_id(seed, "U", f"bot/{bot.key}"),
        "team_id": team_id,
        "name": bot.key,
        "deleted": False,
        "color": _COLORS[0],
        "real_name": bot.name,
        "tz": "America/Los_Angeles",
        "tz_label": "Pacific Standard Time",
        "tz_offset": -28800,
        "profile": {
            "title": "",
            "real_name": bot.name,
            "real_name_normalized": bot.name,
            "display_name": "",
            "avatar_hash": avatar,
            "api_app_id": slack_id(seed, "A", bot.key),
            "always_active": True,
            "bot_id": slack_id(seed, "B", bot.key),
            "first_name": bot.name,
            "last_name": "",
            "image_72": f"https://avatars.example.org/{avatar}_72.png",
            "team": team_id,
        },
        "is_admin": False,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "is_bot": True,
        "is_app_user": False,
        "updated": updated,
    }
