"""All tables, as SQLAlchemy Core describes them: the single source of columns, keys and indexes.

Alembic compares them with the database; the run-time SQL names the same columns. Two kinds of table exist:

* tenant tables (``tenant_table``): ``tenant_id`` leads the primary key, every unique key and every foreign key, and
  row security is forced on them;
* the tables of :data:`SHARED_TABLES`, of no tenant, each for its reason: most must be readable before the tenant of a call is known.
"""

from tenants.columns import metadata
from tenants.models import (
    backfills,
    book,
    configuration,
    conversions,
    documents,
    exports,
    field_values,
    files,
    following,
    identity,
    isolation,
    keys,
    life_cycles,
    people,
    search,
    sign_in,
    single_sign_on,
    teams,
    unique_values,
    usage,
)

SHARED_TABLES = {
    "tenants": "found by slug at sign-in; its policies let a tenant change only its own row",
    "users": "one person may belong to several tenants, and signs in before one is chosen",
    "sessions": "a token names its tenant; only the SHA-256 of the token is kept",
    "recovery_codes": "of a person, as the password is",
    "devices": "of a person; asked before the person is known",
    "sign_in_challenges": "between the password and the code nobody has entered a tenant",
    "sign_in_tries": "counted for addresses of which it is not told whether they are anybody's",
    "single_sign_on_starts": "whoever comes back from a provider has no tenant yet; only hashes are kept",
    "single_sign_on_ends": "whoever fetches their session has no tenant yet; only hashes are kept",
    "proofs": "whoever has the secret that was mailed has no tenant yet; only its SHA-256 is kept",
    "shared_documents": "registered by the operator for all companies; holds nothing of any",
    "isolation_proofs": "made of the instance as a whole, and told to every company; holds nothing of any",
    "jobs": "the relay drains the work of all tenants in one statement; rows hold ids and times only",
}

# Migrations and tests take the description of the tables from here, where all of them are known.
ALL_TABLES = metadata
TENANT_TABLES = tuple(table for table in metadata.tables.values() if table.name not in SHARED_TABLES)

__all__ = [
    "ALL_TABLES",
    "SHARED_TABLES",
    "TENANT_TABLES",
    "backfills",
    "book",
    "configuration",
    "conversions",
    "documents",
    "exports",
    "field_values",
    "files",
    "following",
    "identity",
    "isolation",
    "keys",
    "life_cycles",
    "people",
    "search",
    "sign_in",
    "single_sign_on",
    "teams",
    "unique_values",
    "usage",
]
