"""People who come and go: invitations, and what is handed over from one member to another."""

from sqlalchemy import CheckConstraint, Index, text

from tenants.columns import (
    belongs_to,
    count_column,
    tenant_table,
    text_column,
    texts_column,
    time_column,
    uuid_column,
)

# An invitation is in force while it is open and not expired. Its secret is that of a proof, which is made anew with each message.
invitations = tenant_table(
    "invitations",
    text_column("email"),
    text_column("name", default=""),
    texts_column("roles"),
    text_column("language"),
    uuid_column("invited_by_id"),
    uuid_column("proof_id"),
    text_column("state"),
    count_column("messages"),
    uuid_column("member_id", nullable=True),
    uuid_column("customer_id", nullable=True),
    time_column("created_at"),
    time_column("sent_at"),
    time_column("expires_at"),
    belongs_to("members", "invited_by_id"),
    belongs_to("customers", "customer_id"),
    belongs_to("members", "member_id"),
    CheckConstraint("state IN ('open', 'accepted', 'withdrawn', 'expired')", name="state"),
    # Nobody has two invitations that are in force.
    Index("invitations_email_idx", "tenant_id", "email", unique=True, postgresql_where=text("state = 'open'")),
)

# ``things`` are still to be handed over, the first of them from the record after ``through`` on.
hand_overs = tenant_table(
    "hand_overs",
    uuid_column("from_id"),
    uuid_column("to_id"),
    texts_column("things"),
    texts_column("fields"),
    uuid_column("through", nullable=True),
    text_column("author_name"),
    text_column("state"),
    count_column("total"),
    count_column("done"),
    count_column("kept"),
    time_column("created_at"),
    time_column("finished_at", nullable=True),
    belongs_to("members", "from_id"),
    belongs_to("members", "to_id"),
    CheckConstraint("state IN ('running', 'done', 'stopped')", name="state"),
)
