"""Row security on every tenant table, and the application role with just the rights it needs."""

from alembic import op

from migrations.security import (
    CURRENT_TENANT,
    CURRENT_USER,
    app_role,
    create_app_role,
    force_row_security,
    grant,
    protect,
)

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# History is only ever added to: the application can neither change nor delete it.
APPEND_ONLY = ("events", "change_sets")
CHANGEABLE = (
    "definitions",
    "members",
    "customers",
    "contact_points",
    "addresses",
    "products",
    "orders",
    "order_lines",
    "counters",
    "idempotency_keys",
    "automation_runs",
    "notifications",
    "deliveries",
)


def upgrade() -> None:
    create_app_role()
    op.execute(f"GRANT USAGE ON SCHEMA public TO {app_role()}")
    for table in (*APPEND_ONLY, *CHANGEABLE):
        protect(table)
    for table in APPEND_ONLY:
        grant(table, "SELECT", "INSERT")
    for table in CHANGEABLE:
        grant(table)
    # At sign-in a person sees their own memberships, in whatever company.
    op.execute(f"CREATE POLICY own_memberships ON members FOR SELECT USING (user_id = {CURRENT_USER})")
    # A company is found by its slug before it is entered, but changes only from within.
    force_row_security("tenants")
    op.execute("CREATE POLICY found_by_all ON tenants FOR SELECT USING (true)")
    op.execute(f"CREATE POLICY founded ON tenants FOR INSERT WITH CHECK (id = {CURRENT_TENANT})")
    op.execute(f"CREATE POLICY changed_from_within ON tenants FOR UPDATE USING (id = {CURRENT_TENANT})")
    grant("tenants", "SELECT", "INSERT", "UPDATE")
    grant("users", "SELECT", "INSERT", "UPDATE")
    grant("sessions")
    grant("jobs")
    grant("alembic_version", "SELECT")
