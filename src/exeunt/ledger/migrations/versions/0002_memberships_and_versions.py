"""The ends of memberships."""

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
