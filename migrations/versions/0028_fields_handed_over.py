"""Which fields of the company's own a hand-over is about."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "hand_overs", sa.Column("fields", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False)
    )
