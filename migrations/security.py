"""The statements that put a table under row security and give the application role what it needs, for use in migrations."""

from alembic import context, op
from sqlalchemy import text

CURRENT_TENANT = "(SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)"
CURRENT_USER = "(SELECT nullif(current_setting('app.user_id', true), '')::uuid)"
ALL = ("SELECT", "INSERT", "UPDATE", "DELETE")


def app_role() -> str:
    """The application role of this migration run, quoted."""
    name = str(context.config.attributes["app_role"])
    return '"' + name.replace('"', '""') + '"'


def create_app_role() -> None:
    """Make the role that serves: it owns nothing and bypasses nothing. An existing one only gets its password anew."""
    password = context.config.attributes["app_password"]
    name = str(context.config.attributes["app_role"])
    connection = op.get_bind()
    if connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": name}).scalar() is None:
        op.execute(f"CREATE ROLE {app_role()} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS")
    if password is not None:
        quoted = "'" + str(password).replace("'", "''") + "'"
        op.execute(f"ALTER ROLE {app_role()} PASSWORD {quoted}")


def force_row_security(table: str) -> None:
    """Row security that binds the table's owner too."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def protect(table: str) -> None:
    """Show and take only rows of the tenant that the transaction has entered; without one, none."""
    force_row_security(table)
    test = f"tenant_id = {CURRENT_TENANT}"
    op.execute(f"CREATE POLICY tenant_isolation ON {table} USING ({test}) WITH CHECK ({test})")


def grant(table: str, *rights: str) -> None:
    op.execute(f"GRANT {', '.join(rights or ALL)} ON {table} TO {app_role()}")
