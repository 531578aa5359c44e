"""What the planner is to expect of a tenant.

A statement that is prepared once serves all tenants, and its general plan is made for one of average size: all rows by the number
of tenants. Where one company is large and many are small, that average is a handful of rows, and the planner takes a walk through
all of a tenant's rows for as good as a look-up. Told that there are few tenants, it expects many rows of each, and takes the index
that leads to the row. Small companies lose nothing by it.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

EXPECTED_TENANTS = 20


def upgrade() -> None:
    # Whatever tables the migrations before this one have made.
    op.execute(f"""
DO $$
DECLARE name text;
BEGIN
  FOR name IN SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
              WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') LOOP
    EXECUTE format('ALTER TABLE %I ALTER COLUMN tenant_id SET (n_distinct = {EXPECTED_TENANTS})', name);
  END LOOP;
END $$
""")
