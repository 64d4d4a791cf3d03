"""Every table of the ledger; the migrations lead here from every release."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
)

from exeunt.ledger.database import Instant

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

BigId = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit key that SQLite also counts up by itself."""

settings = Table(
    "settings",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", Text, nullable=False),
)

counters = Table(
    "counters",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

workspaces = Table(
    "workspaces",
    metadata,
    Column("id", String, primary_key=True),
    Column("number", BigInteger, nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("external_of", String, ForeignKey("workspaces.id"), nullable=True),
    Column("created_at", Instant, nullable=False),
    Column("snapshot", Integer, nullable=False, default=0),
    Column("imports", Integer, nullable=False, default=0),
    Column("quota_running", Integer, nullable=True),
    Column("quota_bytes", BigInteger, nullable=True),
)

# --- the catalog of the lake -------------------------------------------------------------------------------------

leases = Table(
    "leases",
    metadata,
    Column("workspace_id", String, ForeignKey("workspaces.id"), primary_key=True),
    Column("holder", String, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

imports = Table(
    "imports",
    metadata,
    Column("workspace_id", String, ForeignKey("workspaces.id"), primary_key=True),
    Column("import_no", Integer, primary_key=True),
    Column("source", String, nullable=False),
    Column("source_name", String, nullable=False),
    Column("as_of", Instant, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("committed_at", Instant, nullable=False),
    Column("snapshot", Integer, nullable=False),
    Column("report", Text, nullable=False),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("workspace_id", String, ForeignKey("workspaces.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("created_at", Instant, nullable=False),
    Column("reason", String, nullable=False),
)

segments = Table(
    "segments",
    metadata,
    Column("id", String, primary_key=True),
    Column("workspace_id", String, ForeignKey("workspaces.id"), nullable=False),
    Column("kind", String, nullable=False),
    Column("key", String, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", LargeBinary(32), nullable=False),
    Column("begin_snapshot", Integer, nullable=False),
    Column("end_snapshot", Integer, nullable=True),
    Column("first_at", Instant, nullable=True),
    Column("last_at", Instant, nullable=True),
    Index("ix_segments_by_snapshot", "workspace_id", "kind", "begin_snapshot"),
)

segment_groups = Table(
    "segment_groups",
    metadata,
    Column("segment_id", String, ForeignKey("segments.id", ondelete="CASCADE"), primary_key=True),
    Column("room_number", BigInteger, primary_key=True),
    Column("month", Integer, primary_key=True),
    Column("rows", BigInteger, nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
)

# --- projections of the newest snapshot: all that an API may read of the content ----------------------------------

_revision = (
    ("number", BigInteger),
    ("revision", Integer),
    ("content_hash", BigInteger),
    ("seen_at", Instant),
)


def _projected() -> list[Column[object]]:
    return [Column(name, kind, nullable=False) for name, kind in _revision]


users = Table(
    "users",
    metadata,
    Column("workspace_id", String, ForeignKey("workspaces.id"), primary_key=True),
    Column("id", String, primary_key=True),
    *_projected(),
    Column("username", String, nullable=False),
    Column("display_name", String, nullable=False),
    Column("real_name", String, nullable=False),
    Column("first_name", String, nullable=False),
    Column("last_name", String, nullable=False),
    Column("email", String, nullable=False),
    Column("title", String, nullable=False),
    Column("department", String, nullable=False),
    Column("location", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("is_admin", Boolean, nullable=False),
    Column("is_owner", Boolean, nullable=False),
    Column("is_guest", Boolean, nullable=False),
    Column("is_disabled", Boolean, nullable=False),
    Column("joined_at", Instant, nullable=True),
    Column("disabled_at", Instant, nullable=True),
    Column("updated_at", Instant, nullable=True),
    Index("ix_users_number", "number", unique=True),
)
Index("ix_users_email", users.c.workspace_id, func.lower(users.c.email))

rooms = Table(
    "rooms",
    metadata,
    Column("workspace_id", String, ForeignKey("workspaces.id"), primary_key=True),
    Column("id", String, primary_key=True),
    *_projected(),
    Column("name", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("topic", String, nullable=False),
    Column("description", String, nullable=False),
    Column("is_archived", Boolean, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("is_shared", Boolean, nullable=False),
    Column("creator_id", String, nullable=False),
    Column("created_at", Instant, nullable=True),
    Column("updated_at", Instant, nullable=True),
    Column("archived_at", Instant, nullable=True),
    Column("parent_id", String, nullable=False),
    Column("messages", BigInteger, nullable=False, default=0),
    Column("last_message_at", Instant, nullable=True),
    Column("members_as_of", Instant, nullable=True),
    Index("ix_rooms_number", "number", unique=True),
    Index("ix_rooms_created", "workspace_id", "created_at"),
    Index("ix_rooms_updated", "workspace_id", "updated_at"),
    Index("ix_rooms_spoken", "workspace_id", "last_message_at"),
)

memberships = Table(
    "memberships",
    metadata,
    Column("workspace_id", String, ForeignKey("workspaces.id"), primary_key=True),
    Column("room_id", String, primary_key=True),
    Column("user_id", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("content_hash", BigInteger, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("role", String, nullable=False),
    Column("joined_at", Instant, nullable=True),
    Column("ended_at", Instant, nullable=True),
    Index("ix_memberships_user", "workspace_id", "user_id"),
)

files = Table(
    "files",
    metadata,
    Column("workspace_id", String, ForeignKey("workspaces.id"), primary_key=True),
    Column("id", String, primary_key=True),
    *_projected(),
    Column("version_number", BigInteger, nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("title", String, nullable=False),
    Column("description", String, nullable=False),
    Column("room_id", String, nullable=False),
    Column("uploader_id", String, nullable=False),
    Column("media_type", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("uploaded_at", Instant, nullable=False),
    Column("deleted_at", Instant, nullable=True),
    Column("storage", String, nullable=False),
    Column("storage_type", String, nullable=False),
    Column("url", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("sha256", String, nullable=False),
    Column("md5", String, nullable=False),
    Column("crc32", BigInteger, nullable=False),
    Index("ix_files_number", "number", unique=True),
    Index("ix_files_room", "workspace_id", "room_id"),
)

# every version of a file by its number, for links that name one: who uploaded it and where is said by `files`
file_versions = Table(
    "file_versions",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("workspace_id", String, ForeignKey("workspaces.id"), nullable=False),
    Column("file_id", String, nullable=False),
    Column("import_no", Integer, nullable=True),
    Column("name", String, nullable=False),
    Column("description", String, nullable=False),
    Column("media_type", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("uploaded_at", Instant, nullable=False),
    Column("storage", String, nullable=False),
    Column("url", String, nullable=False),
    Column("sha256", String, nullable=False),
    Column("crc32", BigInteger, nullable=False),
    Index("ix_file_versions_file", "workspace_id", "file_id"),
)

# --- access -------------------------------------------------------------------------------------------------------

accounts = Table(
    "accounts",
    metadata,
    Column("id", String, primary_key=True),
    Column("email", String, nullable=False, unique=True),
    Column("password_hash", String, nullable=True),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant, nullable=True),
)

roles = Table(
    "roles",
    metadata,
    Column("account_id", String, ForeignKey("accounts.id"), primary_key=True),
    Column("workspace_id", String, ForeignKey("workspaces.id"), primary_key=True),
    Column("role", String, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", String, primary_key=True),
    Column("hash", LargeBinary(32), nullable=False, unique=True),
    Column("account_id", String, ForeignKey("accounts.id"), nullable=False),
    Column("workspace_id", String, ForeignKey("workspaces.id"), nullable=False),
    Column("api", String, nullable=False),
    Column("scopes", String, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=True),
    Column("revoked_at", Instant, nullable=True),
)

rate_counts = Table(
    "rate_counts",
    metadata,
    Column("key", String, primary_key=True),
    Column("window_ends_at", Instant, nullable=False),
    Column("count", Integer, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("workspace_id", String, nullable=True),
    Column("account_id", String, nullable=True),
    Column("token_id", String, nullable=True),
    Column("actor", String, nullable=False),
    Column("api", String, nullable=False),
    Column("action", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("client", String, nullable=False),
    Column("request_id", String, nullable=False),
    Column("detail", Text, nullable=False),
    Index("ix_audit_workspace", "workspace_id", "id"),
)

# --- exports ------------------------------------------------------------------------------------------------------

exports = Table(
    "exports",
    metadata,
    Column("id", String, primary_key=True),
    Column("sequence", BigInteger, nullable=False, unique=True),
    Column("workspace_id", String, ForeignKey("workspaces.id"), nullable=False),
    Column("api", String, nullable=False),
    Column("layout", String, nullable=False),
    Column("selection", Text, nullable=False),
    Column("options", Text, nullable=False),
    Column("requested_by", String, ForeignKey("accounts.id"), nullable=True),
    Column("requested_by_name", String, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("started_at", Instant, nullable=True),
    Column("updated_at", Instant, nullable=False),
    Column("finished_at", Instant, nullable=True),
    Column("deadline_at", Instant, nullable=False),
    Column("keep_seconds", BigInteger, nullable=False),
    Column("expires_at", Instant, nullable=True),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("workflow_started", Boolean, nullable=False, default=False),
    Column("error", Text, nullable=True),
    Column("counts", Text, nullable=False, default="{}"),
    Column("shards_total", Integer, nullable=True),
    Column("shards_done", Integer, nullable=False, default=0),
    Column("messages_total", BigInteger, nullable=True),
    Column("messages_done", BigInteger, nullable=False, default=0),
    Column("bytes_done", BigInteger, nullable=False, default=0),
    Column("purged_at", Instant, nullable=True),
    Index("ix_exports_workspace", "workspace_id", "sequence"),
    Index("ix_exports_state", "state"),
)

export_pins = Table(
    "export_pins",
    metadata,
    Column("export_id", String, ForeignKey("exports.id", ondelete="CASCADE"), primary_key=True),
    Column("workspace_id", String, ForeignKey("workspaces.id"), primary_key=True),
    Column("snapshot", Integer, nullable=False),
)

export_shards = Table(
    "export_shards",
    metadata,
    Column("export_id", String, ForeignKey("exports.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("plan", LargeBinary, nullable=False),
    Column("pack_sha256", LargeBinary(32), nullable=True),
    Column("pack_size", BigInteger, nullable=True),
    Column("messages", BigInteger, nullable=False, default=0),
    Column("done_at", Instant, nullable=True),
    Column("runs", Integer, nullable=False, default=0),
)

slots = Table(
    "slots",
    metadata,
    Column("name", String, primary_key=True),
    Column("export_id", String, ForeignKey("exports.id", ondelete="CASCADE"), nullable=False),
)

archives = Table(
    "archives",
    metadata,
    Column("id", String, primary_key=True),
    Column("export_id", String, ForeignKey("exports.id", ondelete="CASCADE"), nullable=False),
    Column("part", Integer, nullable=False),
    Column("role", String, nullable=False),
    Column("name", String, nullable=False),
    Column("content_type", String, nullable=False),
    Column("length", BigInteger, nullable=False),
    Column("etag", String, nullable=False),
    Column("crc32", BigInteger, nullable=False),
    Column("members", Integer, nullable=False),
    Column("index_key", String, nullable=False),
    Column("sha256", LargeBinary(32), nullable=True),
    Column("sealed_at", Instant, nullable=False),
    Column("damaged", Text, nullable=True),
    UniqueConstraint("export_id", "part"),
)

links = Table(
    "links",
    metadata,
    Column("id", String, primary_key=True),
    Column("archive_id", String, ForeignKey("archives.id", ondelete="CASCADE"), nullable=False),
    Column("form", String, nullable=False),
    Column("path", String, nullable=False, unique=True),
    Column("key_id", String, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("ended_at", Instant, nullable=True),
    Column("cut", Boolean, nullable=False, default=False),
)

downloads = Table(
    "downloads",
    metadata,
    Column("id", String, primary_key=True),
    Column("archive_id", String, nullable=False),
    Column("link_id", String, nullable=True),
    Column("account_id", String, nullable=True),
    Column("client", String, nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("requests", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("ranges", Text, nullable=False),
    Column("outcome", String, nullable=False),
    Index("ix_downloads_archive", "archive_id"),
)

# --- mail ---------------------------------------------------------------------------------------------------------

mails = Table(
    "mails",
    metadata,
    Column("id", String, primary_key=True),
    Column("key", String, nullable=False, unique=True),
    Column("workspace_id", String, ForeignKey("workspaces.id"), nullable=True),
    Column("export_id", String, ForeignKey("exports.id", ondelete="CASCADE"), nullable=True),
    Column("recipients", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("mail", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("created_at", Instant, nullable=False),
    Column("next_at", Instant, nullable=True),
    Column("sent_at", Instant, nullable=True),
    Column("error", Text, nullable=True),
    Index("ix_mails_due", "state", "next_at"),
)
