"""Settings: from the environment, else a TOML file, else the default; `docs/operations.md` has them as one table."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from exeunt.errors import InvalidInput

PREFIX = "EXEUNT_"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every setting, by the name it has in the TOML file; in the environment it is `EXEUNT_` and the name in capitals.

    Sizes are bytes, times are seconds, lists are separated by commas in the environment.
    """

    data: str = "./exeunt-data"
    """The folder that holds everything of an installation that is not in a database or a bucket."""
    database_url: str = ""
    """Where ledger and jobs are: `postgresql://…`; empty for SQLite in the data folder."""
    storage_url: str = ""
    """Where lake and blobs are: `s3://bucket/prefix`; empty for the data folder."""
    storage_endpoint: str = ""
    """The address of an S3 server that is not Amazon's; empty for `AWS_ENDPOINT_URL`, else Amazon's."""
    secret_file: str = ""
    """The file with the signing keys; empty for `secret.key` in the data folder."""
    public_url: str = ""
    """The base of absolute links; empty: scheme and host of the request."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses whose `X-Forwarded-*` headers are believed."""
    host: str = "127.0.0.1"
    """Where the server listens."""
    port: int = 8080
    """Where the server listens; 0 takes a free one."""
    link_seconds: int = 7 * 86_400
    """How long a link lives, 1 minute to 30 days."""
    keep_seconds: int = 30 * 86_400
    """How long the bytes of a finished export are kept, so that links can be renewed."""
    part_bytes: int = 4_000_000_000
    """How large one part of an archive may be."""
    job_timeout_seconds: int = 86_400
    """When an export that does not finish is ended as failed."""
    shard_rows: int = 65_536
    """How many messages a shard aims at: what is rendered at once, and what a killed worker loses at most."""
    worker_shards: int = 2
    """Shards rendered at once by one worker."""
    worker_exports: int = 16
    """Exports planned or assembled at once by one worker."""
    heartbeat_seconds: float = 2.0
    """How often a worker says that it lives."""
    dead_after_seconds: float = 15.0
    """When a silent worker's exports are taken over."""
    min_free_bytes: int = 256 * 1024**2
    """Free space below which no new export or import starts."""
    quota_running: int = 100
    """Unfinished exports one workspace may have."""
    body_bytes: int = 1024**2
    """The largest request body."""
    query_bytes: int = 8192
    """The longest query string."""
    body_seconds: float = 30.0
    """When a request body that does not arrive is given up."""
    max_ranges: int = 64
    """More ranges in one request are ignored."""
    stall_seconds: float = 120.0
    """When a download whose client takes nothing is closed."""
    digest_max_bytes: int = 1024**3
    """Up to this size the SHA-256 of a whole archive part is computed after sealing."""
    yammer_sharepoint: bool = False
    """Whether externally stored files are called SharePoint in Yammer's CSV."""
    mail_transport: Literal["", "none", "smtp", "folder"] = ""
    """How mail leaves: `smtp`, `folder` (one `.eml` a mail) or `none`; empty: `smtp` where there is a server."""
    mail_folder: str = ""
    """Where `folder` puts mails; empty for `mail` in the data folder."""
    smtp_host: str = ""
    """The mail server."""
    smtp_port: int = 0
    """Its port; 0 for the usual one of `smtp_tls`."""
    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"
    """`starttls`, `tls` from the first byte, or `none`."""
    smtp_ca_file: str = ""
    """Certificates that the mail server's is checked against; empty for the system's."""
    smtp_user: str = ""
    """Whom to sign in as at the mail server; empty for nobody."""
    smtp_password_file: str = ""
    """The file with that user's password."""
    smtp_from: str = ""
    """The address that mails come from, with or without a name before it."""
    rocketchat_profile: Literal["3.8", "8"] = "3.8"
    """Which of Rocket.Chat's servers the API behaves like."""
    rocketchat_hosts: tuple[str, ...] = ()
    """Host names that belong to the Rocket.Chat API."""
    rocketchat_url: str = ""
    """What links in its mails begin with; empty: `public_url` and `/rocketchat`."""
    rocketchat_workspace: str = ""
    """The workspace that people sign in to; empty: the first one they have a role in."""
    rocketchat_mail_messages_roles: tuple[str, ...] = ("admin",)
    """Roles that may export rooms: `admin`, `owner`, `moderator`, `leader`, `user`."""
    rocketchat_admin_access_all_rooms: bool = False
    """Whether administrators may export rooms that they are not in."""
    rocketchat_bypass_rate_limit_roles: tuple[str, ...] = ()
    """Roles whose calls are not counted."""
    rocketchat_rate_limit_calls: int = 600
    """Calls of one client and route in one window; 0 counts nothing."""
    rocketchat_rate_limit_ms: int = 60_000
    """How long a window is, in milliseconds."""
    rocketchat_enable_download: bool = True
    """Whether `/data-export` gives archives out."""
    rocketchat_mail_link: Literal["plain", "signed"] = "plain"
    """Whether a mailed link needs a login, or carries its own authority and expires."""
    rocketchat_email_allowed_domains: tuple[str, ...] = ()
    """Domains that messages may be mailed to; empty for any."""
    rocketchat_archive_retention_hours: int = 168
    """How long `/data-export` gives an archive out."""
    rocketchat_data_download_min_hours: int = 24
    """How long the own data is not made again."""
    rocketchat_max_waiting_exports: int = 100
    """Unfinished exports that one person may have."""
    log_format: str = "text"
    """`text` for people, `json` for machines."""

    @property
    def data_path(self) -> Path:
        return Path(self.data)

    @property
    def ledger_url(self) -> str:
        return self._database("ledger.sqlite")

    @property
    def jobs_url(self) -> str:
        return self._database("jobs.sqlite")

    def _database(self, name: str) -> str:
        if not self.database_url:
            return f"sqlite:///{self.data_path.absolute() / name}"
        scheme, colon, rest = self.database_url.partition("://")
        if scheme not in ("postgresql", "postgres", "postgresql+psycopg") or not colon:
            raise InvalidInput("the database URL is not postgresql://USER:PASSWORD@HOST/DATABASE")
        return f"postgresql+psycopg://{rest}"

    @property
    def secret_path(self) -> Path:
        return Path(self.secret_file) if self.secret_file else self.data_path / "secret.key"


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings. `EXEUNT_CONFIG` names the TOML file, by default `exeunt.toml` where it exists.

    Raises `InvalidInput` naming the setting that is wrong.
    """
    values = _from_file(environ)
    for name in Settings.__struct_fields__:
        text = environ.get(PREFIX + name.upper())
        if text is not None:
            values[name] = [part.strip() for part in text.split(",") if part.strip()] if _is_list(name) else text
    try:
        return msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"setting: {error}") from error


def _from_file(environ: Mapping[str, str]) -> dict[str, Any]:
    named = environ.get(PREFIX + "CONFIG")
    path = Path(named or "exeunt.toml")
    if not named and not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise InvalidInput(f"the settings file {path} cannot be read: {error}") from error


def _is_list(name: str) -> bool:
    return isinstance(getattr(_DEFAULTS, name), tuple)


_DEFAULTS = Settings()
