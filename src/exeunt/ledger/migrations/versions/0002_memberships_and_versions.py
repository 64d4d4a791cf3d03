"""The ends of memberships, and every version of a file by its number."""

import sqlalchemy as sa
from alembic import op

from exeunt.ledger.database import Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("memberships", sa.Column("ended_at", Instant(), nullable=True))
    op.add_column("rooms", sa.Column("members_as_of", Instant(), nullable=True))

    op.create_table(
        "file_versions",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("file_id", sa.String(), nullable=False),
        sa.Column("import_no", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("uploaded_at", Instant(), nullable=False),
        sa.Column("storage", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("crc32", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_file_versions_workspace_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_file_versions")),
    )
    op.create_index("ix_file_versions_file", "file_versions", ["workspace_id", "file_id"], unique=False)
    # which import brought a version was not written down before
    op.execute(
        "INSERT INTO file_versions (number, workspace_id, file_id, import_no, name, description, media_type, size, "
        "uploaded_at, storage, url, sha256, crc32) SELECT version_number, workspace_id, id, NULL, name, description, "
        "media_type, size, uploaded_at, storage, url, sha256, crc32 FROM files"
    )
