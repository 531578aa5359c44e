"""Files."""

import sqlalchemy as sa
from alembic import op

from migrations.security import grant, protect

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

EXPECTED_TENANTS = 20


def upgrade() -> None:
    op.create_table(
        "stored_files",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=True),
        sa.Column("created_by_id", sa.UUID(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("record_type", sa.Text(), nullable=True),
        sa.Column("record_id", sa.UUID(), nullable=True),
        sa.Column("place", sa.Text(), server_default="", nullable=False),
        sa.Column("loose_since", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("stored_files_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "created_by_id"],
            ["members.tenant_id", "members.id"],
            name=op.f("stored_files_tenant_id_created_by_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("stored_files_pkey")),
    )
    op.create_index(
        "stored_files_record_id_idx", "stored_files", ["tenant_id", "record_type", "record_id", "created_at", "id"]
    )
    op.create_index("stored_files_created_at_idx", "stored_files", ["tenant_id", "created_at"])
    op.create_index(
        "stored_files_loose_since_idx",
        "stored_files",
        ["tenant_id", "loose_since"],
        postgresql_where=sa.text("loose_since IS NOT NULL"),
    )
    op.create_table(
        "file_chunks",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("file_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("file_chunks_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "file_id"],
            ["stored_files.tenant_id", "stored_files.id"],
            name=op.f("file_chunks_tenant_id_file_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "file_id", "position", name=op.f("file_chunks_pkey")),
    )
    for table in ("stored_files", "file_chunks"):
        protect(table)
        grant(table)
        op.execute(f"ALTER TABLE {table} ALTER COLUMN tenant_id SET (n_distinct = {EXPECTED_TENANTS})")
    # What is packed already gains nothing by being packed again, and reading a part of it would unpack it.
    op.execute("ALTER TABLE file_chunks ALTER COLUMN content SET STORAGE EXTERNAL")
