"""Isolation as the live database has it: asked from the catalog, and shown to notice when it is broken (RELIABILITY T3)."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg import errors
from psycopg.rows import dict_row
from sqlalchemy import Index, Table, UniqueConstraint, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from server.embedded import Services
from server.isolation.catalog import breaches
from server.settings import APPLICATION_ROLE, Settings
from tenants.columns import metadata
from tenants.database import ENTER, Database
from tenants.models.tables import SHARED_TABLES, TENANT_TABLES
from tenants.records import REGISTRY, Column, Money, RecordType
from tests.documents import an_order
from tests.harness import Client, Company
from tests.services import fresh_database

pytestmark = pytest.mark.anyio

TEST = "tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)"
SABOTAGES = {
    "a table without tenant": "CREATE TABLE notes (id uuid PRIMARY KEY)",
    "row security off": "ALTER TABLE orders DISABLE ROW LEVEL SECURITY",
    "row security not forced": "ALTER TABLE events NO FORCE ROW LEVEL SECURITY",
    "no policy": "DROP POLICY tenant_isolation ON deliveries",
    "a policy that lets all see": "ALTER POLICY tenant_isolation ON customers USING (true)",
    "a policy that lets all write": "ALTER POLICY tenant_isolation ON customers WITH CHECK (true)",
    "a search that shows more": "DROP POLICY searched ON search_texts; CREATE POLICY searched ON search_texts FOR SELECT USING (true)",
    "a policy beside the policy": "CREATE POLICY support ON orders FOR SELECT USING (true)",
    "a policy for some roles": f"DROP POLICY tenant_isolation ON orders; CREATE POLICY tenant_isolation ON orders TO postgres USING ({TEST}) WITH CHECK ({TEST})",
    "a setting that fails when it is empty": "ALTER POLICY tenant_isolation ON orders USING (tenant_id = (SELECT current_setting('app.tenant_id', true)::uuid))",
    "a foreign key past the tenant": "ALTER TABLE customers ADD UNIQUE (id); ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers (id)",
    "a unique key over all tenants": "ALTER TABLE products ADD UNIQUE (sku)",
    "a unique index over all tenants": "CREATE UNIQUE INDEX ON orders (lower(number))",
    "a primary key without tenant": "ALTER TABLE counters DROP CONSTRAINT counters_pkey, ADD PRIMARY KEY (key, tenant_id)",
    "a table that outlives its tenant": "ALTER TABLE notifications DROP CONSTRAINT notifications_tenant_id_fkey",
    "a role that bypasses": f"ALTER ROLE {APPLICATION_ROLE} BYPASSRLS",
    "a role that owns": f"ALTER TABLE counters OWNER TO {APPLICATION_ROLE}",
    "a role that belongs": f"GRANT pg_read_all_data TO {APPLICATION_ROLE}",
    "a role that may create": f"GRANT CREATE ON SCHEMA public TO {APPLICATION_ROLE}",
    "a function as its owner": "CREATE FUNCTION peek() RETURNS bigint SECURITY DEFINER LANGUAGE sql AS 'SELECT count(*) FROM orders'",
    "a view": "CREATE VIEW all_orders AS SELECT * FROM orders",
    "a materialized view": "CREATE MATERIALIZED VIEW all_orders AS SELECT * FROM orders",
    "history that can be changed": f"GRANT UPDATE ON events TO {APPLICATION_ROLE}",
    "a right for everybody": "GRANT SELECT ON users TO PUBLIC",
    "a right to truncate": f"GRANT TRUNCATE ON orders TO {APPLICATION_ROLE}",
    "a trigger": "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER t AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION nothing()",
}


def owner_url(settings: Settings) -> str:
    assert settings.database_url is not None
    return settings.database_url.get_secret_value()


async def attempt(database: Database, company: Company, *statements: str, **parameters: str) -> int:
    """The rows that the last statement touched, as the company; all in one transaction."""
    touched = 0
    async with database.connection() as connection, connection.transaction():
        await connection.execute(ENTER, {"tenant": company.id})
        for statement in statements:
            touched = (await connection.execute(statement, parameters)).rowcount
    return touched


def test_the_live_database_is_as_it_must_be(settings: Settings) -> None:
    with psycopg.connect(owner_url(settings)) as connection:
        assert breaches(connection, APPLICATION_ROLE) == []


@pytest.fixture(scope="module")
def scratch(services: Services, worker_id: str) -> Iterator[psycopg.Connection[Any]]:
    """A copy of the database, as the superuser; each sabotage is rolled back."""
    name = f"sabotaged_{worker_id}"
    fresh_database(services, name)
    with psycopg.connect(urlsplit(services.superuser_url)._replace(path=f"/{name}").geturl()) as connection:
        yield connection


@pytest.mark.parametrize("sabotage", SABOTAGES.values(), ids=SABOTAGES.keys())
def test_sabotage_is_noticed(scratch: psycopg.Connection[Any], sabotage: str) -> None:
    """Each way in which isolation could be lost by a migration, alone."""
    assert breaches(scratch, APPLICATION_ROLE) == []
    scratch.execute(sabotage)
    assert breaches(scratch, APPLICATION_ROLE) != []
    scratch.rollback()


def test_models_and_migrations_agree(settings: Settings) -> None:
    """What the models say is what the migrations have made: columns, types, keys, indexes."""
    engine = create_engine(make_url(owner_url(settings)).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()
    assert set(metadata.tables) == {table.name for table in TENANT_TABLES} | set(SHARED_TABLES)


def in_order(record: RecordType, *columns: str) -> bool:
    """Whether an index has the rows of a tenant in the order of these columns and the id, all that are of this type at least; an absent
    value has its place in it."""
    own = {"", record.own.replace("{t}.", "")}
    indexes = [index for index in metadata.tables[record.table].indexes if _only(index) in own]
    return ["tenant_id", *columns, "id"] in [list(index.columns.keys()) for index in indexes]


def _only(index: Index) -> str:
    """The rows that a partial index has."""
    only = index.dialect_options["postgresql"]["where"]
    return "" if only is None else str(only)


def only_by(table: Table, column: str) -> bool:
    """Whether each row of a tenant has a value of its own there, so that the index of the key is in the column's order."""
    keys = [list(key.columns.keys()) for key in table.constraints if isinstance(key, UniqueConstraint)]
    return ["tenant_id", column] in keys and not table.columns[column].nullable


@pytest.mark.parametrize("record", REGISTRY.values(), ids=REGISTRY)
def test_what_is_said_to_be_indexed_is(record: RecordType) -> None:
    """A list is read as ranges of an index by every column that has one in its order, and by no other."""
    table = metadata.tables[record.table]
    columns = [part for part in record.attributes if isinstance(part, Column) and part.source and part.sortable]
    assert {column.name for column in columns if column.indexed} == {
        column.name for column in columns if in_order(record, column.source) or only_by(table, column.source)
    }
    assert {column.source for column in columns if column.nullable} == {
        column.source for column in columns if table.columns[column.source].nullable
    }
    ranked = {part.amount.source: part.amount.rank for part in record.attributes if isinstance(part, Money)}
    assert {name for name, rank in ranked.items() if rank} == {
        name for name in ranked if in_order(record, f"{name}_rank", name)
    }


@pytest.mark.parametrize("tenant", [None, ""])
async def test_without_a_tenant_there_is_nothing(
    company: Company, client: Client, database: Database, tenant: str | None
) -> None:
    """Neither without the setting nor with the empty one, which is what it is after a reset on a pooled connection."""
    await an_order(company, customer={"name": "Li"})
    names = [table.name for table in TENANT_TABLES]
    async with database.connection() as connection, connection.transaction():
        if tenant is not None:
            await connection.execute("SELECT set_config('app.tenant_id', '', true)")
        for name in names:
            cursor = await connection.execute(f"SELECT count(*) AS found FROM {name}")
            assert await cursor.fetchone() == {"found": 0}, name
        for change in ("UPDATE orders SET notes = 'x'", "DELETE FROM order_lines"):
            assert (await connection.execute(change)).rowcount == 0
    assert (await company.rows("SELECT count(*) AS found FROM orders"))[0]["found"] == 1


async def test_nothing_is_left_of_a_tenant_on_a_connection(
    company: Company, client: Client, database: Database
) -> None:
    """The tenant ends with the transaction, also one that failed: the next user of the connection sees nothing."""
    await an_order(company)
    async with database.connection() as connection:
        backend = connection.info.backend_pid
    assert await attempt(database, company, "UPDATE orders SET notes = notes") == 1
    with pytest.raises(errors.DivisionByZero):
        await attempt(database, company, "UPDATE orders SET notes = notes", "SELECT 1 / 0")
    seen = set()
    for _ in range(10):
        async with database.connection() as connection:
            cursor = await connection.execute("SELECT current_setting('app.tenant_id', true) AS tenant")
            assert await cursor.fetchone() in ({"tenant": ""}, {"tenant": None})
            assert await (await connection.execute("SELECT id FROM orders")).fetchall() == []
            seen.add(connection.info.backend_pid)
    assert backend in seen


async def test_rows_cannot_be_put_into_another_tenant(company: Company, database: Database) -> None:
    """WITH CHECK: neither inserted there nor moved there."""
    other = "0198c1a0-0000-7000-8000-000000000000"
    for statement in (
        "INSERT INTO counters (tenant_id, key, value) VALUES (%(other)s, 'x', 1)",
        "UPDATE members SET tenant_id = %(other)s",
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            await attempt(database, company, statement, other=other)


@pytest.mark.parametrize("table", ["events", "change_sets"])
async def test_history_cannot_be_rewritten(company: Company, client: Client, database: Database, table: str) -> None:
    """The application role has no right to change or delete history and change sets at all."""
    await an_order(company)
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET id = id", f"TRUNCATE {table}"):
        with pytest.raises(errors.InsufficientPrivilege):
            await attempt(database, company, statement)


async def test_indexes_serve_the_tenant(company: Company, settings: Settings) -> None:
    """Every index of a tenant's table begins with the tenant, but the one that sign-in needs, and that of search: GIN looks up
    all its columns, in whatever sequence."""
    with psycopg.connect(owner_url(settings), row_factory=dict_row) as connection:
        rows = connection.execute(
            "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
        ).fetchall()
    names = {table.name for table in TENANT_TABLES}
    others = [row["indexname"] for row in rows if row["tablename"] in names and "(tenant_id" not in row["indexdef"]]
    assert sorted(others) == ["members_user_id_idx", "search_texts_text_idx"]
