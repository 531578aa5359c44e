"""Providers of SAML; messages of providers that count once; sessions know that of the provider in which they were opened."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.security import grant, protect

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

PROVIDERS = "identity_providers"


def upgrade() -> None:
    texts = {"kind": "openid_connect", "sign_in_url": "", "metadata_url": "", "email_claim": "", "name_claim": ""}
    for name, default in texts.items():
        op.add_column(PROVIDERS, sa.Column(name, sa.Text(), server_default=default, nullable=False))
    certificates: sa.Column[list[str]] = sa.Column(
        "certificates", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False
    )
    op.add_column(PROVIDERS, certificates)
    op.create_check_constraint(op.f(f"{PROVIDERS}_kind_check"), PROVIDERS, "kind IN ('openid_connect', 'saml')")
    for table in ("sessions", "single_sign_on_ends", "sign_in_challenges"):
        op.add_column(table, sa.Column("provider_session", sa.Text(), nullable=True))
    op.create_table(
        "taken_messages",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("message_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("taken_messages_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "message_hash", name=op.f("taken_messages_pkey")),
    )
    op.execute("ALTER TABLE taken_messages ALTER COLUMN tenant_id SET (n_distinct = 20)")
    protect("taken_messages")
    grant("taken_messages")
