"""The words that the tables are written in: columns of the few kinds we use, and keys that hold tenants apart."""

from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Computed,
    DateTime,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy import text as sql_text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)


def uuid_column(name: str, *args: Any, nullable: bool = False) -> Column[Any]:
    return Column(name, UUID(as_uuid=True), *args, nullable=nullable)


def text_column(name: str, *, nullable: bool = False, default: str | None = None) -> Column[Any]:
    return Column(name, Text, nullable=nullable, server_default=default)


def time_column(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def number_column(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, Numeric, nullable=nullable)


def rank_column(name: str) -> Column[Any]:
    """A number's order as a float, kept by PostgreSQL: never falls where the number rises, and is compared by a leakproof operator."""
    return Column(f"{name}_rank", Double, Computed(f"({name})::double precision", persisted=True))


def flag_column(name: str, default: bool) -> Column[Any]:
    return Column(name, Boolean, nullable=False, server_default=sql_text(str(default).lower()))


def count_column(name: str, default: int = 0, *, nullable: bool = False) -> Column[Any]:
    return Column(name, Integer, nullable=nullable, server_default=sql_text(str(default)))


def json_column(name: str, default: str | None = "{}", *, nullable: bool = False) -> Column[Any]:
    server_default = None if default is None else sql_text(f"'{default}'::jsonb")
    return Column(name, JSONB, nullable=nullable, server_default=server_default)


def texts_column(name: str) -> Column[Any]:
    return Column(name, ARRAY(Text), nullable=False, server_default=sql_text("'{}'::text[]"))


def tenant_table(name: str, *parts: Any, key: tuple[str, ...] = ("id",)) -> Table:
    """A table that row security guards: adds ``tenant_id``, ``id`` where it is the key, and the composite primary key."""
    identity = [uuid_column("id")] if key == ("id",) else []
    return Table(
        name,
        metadata,
        uuid_column("tenant_id", ForeignKey("tenants.id", ondelete="CASCADE")),
        *identity,
        *parts,
        PrimaryKeyConstraint("tenant_id", *key),
    )


def belongs_to(table: str, column: str, *, ondelete: str | None = None, later: bool = False) -> ForeignKeyConstraint:
    """A foreign key that cannot point into another tenant: PostgreSQL checks foreign keys past row security. ``later`` is one of two tables
    that point to each other."""
    there = [f"{table}.tenant_id", f"{table}.id"]
    return ForeignKeyConstraint(["tenant_id", column], there, ondelete=ondelete, use_alter=later)


def unique(*columns: str) -> UniqueConstraint:
    return UniqueConstraint("tenant_id", *columns)
