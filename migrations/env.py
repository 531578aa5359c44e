"""Alembic's environment: one connection as the owner, with time-outs that keep a migration from stopping the house."""

from typing import Any

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from tenants.models.tables import ALL_TABLES

TIMEOUTS = "-c lock_timeout=5s -c statement_timeout=300s -c search_path=public"


def _ours(_object: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """Leave alone what the models do not describe, so that no table of another program is proposed for dropping."""
    return not (reflected and compare_to is None and kind in ("table", "index") and name not in ALL_TABLES.tables)


url = make_url(context.config.attributes["owner_url"]).set(drivername="postgresql+psycopg")
engine = create_engine(url, poolclass=NullPool, connect_args={"options": TIMEOUTS, "connect_timeout": 5})
with engine.connect() as connection:
    # Two processes may migrate at once; the second waits and finds nothing left to do.
    connection.execute(text("SELECT pg_advisory_lock(7311470000)"))
    connection.commit()
    context.configure(connection=connection, target_metadata=ALL_TABLES, include_object=_ours, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()
