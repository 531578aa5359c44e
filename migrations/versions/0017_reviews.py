"""Review and schedule of configuration drafts, and who wrote and approved what was applied."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

DRAFTS = "configuration_drafts"


def upgrade() -> None:
    op.add_column(DRAFTS, sa.Column("writers", JSONB, server_default=sa.text("'[]'::jsonb"), nullable=False))
    op.add_column(DRAFTS, sa.Column("state", sa.Text, server_default="open", nullable=False))
    for name in ("reviewer_name", "review_comment", "problem"):
        op.add_column(DRAFTS, sa.Column(name, sa.Text, nullable=True))
    for name in ("reviewed_at", "apply_at", "problem_at"):
        op.add_column(DRAFTS, sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    for name in ("scheduled_by", "job_id"):
        op.add_column(DRAFTS, sa.Column(name, sa.UUID, nullable=True))
    op.add_column(DRAFTS, sa.Column("reverts", sa.BigInteger, nullable=True))
    for name in ("written_by", "approved_by"):
        op.add_column("change_sets", sa.Column(name, sa.Text, nullable=True))
