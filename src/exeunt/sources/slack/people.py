"""Users and bots of an export, and what the messages need to know of them."""

from collections.abc import Iterator

from msgspec import Raw

from exeunt.lake.rows import UserRow
from exeunt.sources.slack import decode
from exeunt.sources.slack.instants import at_seconds
from exeunt.sources.slack.limits import Unreadable
from exeunt.sources.slack.wire import Profile, User

SLACKBOT = "USLACKBOT"
_EMPTY = Profile()


class People:
    """Who is known. `names` holds a display name for each listed user and grows with nothing else."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.bots: set[str] = set()
        self.by_bot_id: dict[str, str] = {}
        self._unlisted: dict[str, str] = {}

    def row(self, raw: Raw | bytes) -> UserRow | None:
        """The row of one listed user; None for one that was listed before."""
        user, _ = decode.read(decode.without_nul(raw), User)
        if not user.id:
            raise Unreadable("it has no id")
        if user.id in self.names:
            return None
        profile = user.profile or _EMPTY
        real_name = profile.real_name or user.real_name or ""
        username = user.name or user.id
        display_name = profile.display_name or real_name or username
        is_bot = bool(user.is_bot) or user.id == SLACKBOT
        self.names[user.id] = display_name
        if is_bot:
            self.bots.add(user.id)
        if profile.bot_id:
            self.by_bot_id[profile.bot_id] = user.id
        return UserRow(
            id=user.id,
            username=username,
            display_name=display_name,
            real_name=real_name,
            first_name=profile.first_name or "",
            last_name=profile.last_name or "",
            email=profile.email or "",
            title=profile.title or "",
            phone=profile.phone or "",
            kind="bot" if is_bot else "person",
            is_admin=bool(user.is_admin),
            is_owner=bool(user.is_owner or user.is_primary_owner),
            is_guest=bool(user.is_restricted or user.is_ultra_restricted),
            is_disabled=bool(user.deleted),
            time_zone=user.tz or "",
            avatar_url=profile.image_original or profile.image_512 or profile.image_192 or profile.image_72 or "",
            updated_at=at_seconds(user.updated),
            raw=decode.text(raw)[0],
        )

    def slackbot(self) -> list[UserRow]:
        """Slackbot speaks in every workspace; exports do not always list it."""
        if SLACKBOT in self.names:
            return []
        self.names[SLACKBOT] = "Slackbot"
        self.bots.add(SLACKBOT)
        return [UserRow(id=SLACKBOT, username="slackbot", display_name="Slackbot", real_name="Slackbot", kind="bot")]

    def author_of_bot(self, bot_id: str, user_id: str, name: str) -> str:
        """Who wrote what a bot posted: its own user where one is listed, else the bot itself, which gets a row."""
        author = user_id or self.by_bot_id.get(bot_id) or bot_id
        if author not in self.names and not self._unlisted.get(author):
            self._unlisted[author] = name
        return author

    def unlisted_bots(self) -> Iterator[UserRow]:
        """A row for each bot that wrote and that no listing has."""
        for bot_id, name in self._unlisted.items():
            yield UserRow(id=bot_id, username=name or bot_id, display_name=name or bot_id, kind="bot")
