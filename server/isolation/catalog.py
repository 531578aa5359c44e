"""What the database's catalog must say of a house whose tenants cannot meet (RELIABILITY T3).

:func:`breaches` reads the catalog and names everything that is not as it must be; a list, so that one look tells all.
"""

from typing import Any

import psycopg
from psycopg.rows import dict_row

from tenants.models.tables import SHARED_TABLES, TENANT_TABLES

TENANT_NAMES = frozenset(table.name for table in TENANT_TABLES)
KNOWN_TABLES = TENANT_NAMES | set(SHARED_TABLES) | {"alembic_version"}
CURRENT_TENANT = "( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS \"nullif\")"
CURRENT_USER = "( SELECT (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid AS \"nullif\")"
OWN_ROWS = f"(tenant_id = {CURRENT_TENANT})"
OWN_TENANT = f"(id = {CURRENT_TENANT})"
# Command, who may see, what may be written; "*" is every command.
ISOLATION = ("*", OWN_ROWS, OWN_ROWS)
OTHER_POLICIES = {
    ("members", "own_memberships"): ("r", f"(user_id = {CURRENT_USER})", None),
    ("tenants", "found_by_all"): ("r", "true", None),
    ("tenants", "founded"): ("a", None, OWN_TENANT),
    ("tenants", "changed_from_within"): ("w", OWN_TENANT, None),
}
_MATCHES = "(text ~~ ( SELECT COALESCE(NULLIF(current_setting('app.search_%d'::text, true), ''::text), '%%'::text) AS \"coalesce\"))"
# Narrows what the policy beside it shows: only what is searched for, so that an index can serve the search.
RESTRICTIVE_POLICIES = {
    ("search_texts", "searched"): ("r", "(" + " AND ".join(_MATCHES % n for n in (1, 2, 3)) + ")", None)
}
# People are known to all tenants; nothing of a tenant hangs on the key.
PLAIN_FOREIGN_KEYS = {"members_user_id_fkey"}
RIGHTS = {"SELECT", "INSERT", "UPDATE", "DELETE"}
APPEND_ONLY = {"events", "change_sets"}
# The last is the measuring device of benchmarks and operators; it shows statements, never values.
EXTENSIONS = ["plpgsql", "pg_trgm", "btree_gin", "pg_stat_statements"]

_TABLES = """
SELECT relname, relkind, relrowsecurity AS enabled, relforcerowsecurity AS forced
FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind NOT IN ('i', 'I', 'c', 't')
AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = c.oid AND deptype = 'e')
"""
_POLICIES = """
SELECT c.relname, p.polname, p.polcmd::text AS command, p.polpermissive AS permissive, p.polroles = '{0}' AS for_all,
       pg_get_expr(p.polqual, p.polrelid) AS using, pg_get_expr(p.polwithcheck, p.polrelid) AS checked
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
"""
_KEYS = """
SELECT k.conname, k.contype::text AS kind, c.relname, r.relname AS target,
       (SELECT attname FROM pg_attribute WHERE attrelid = c.oid AND attnum = k.conkey[1]) AS first,
       (SELECT attname FROM pg_attribute WHERE attrelid = r.oid AND attnum = k.confkey[1]) AS target_first
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_class r ON r.oid = k.confrelid
WHERE c.relnamespace = 'public'::regnamespace AND k.contype IN ('p', 'u', 'f', 'x')
"""
_UNIQUE_INDEXES = """
SELECT i.relname AS name, c.relname,
       (SELECT attname FROM pg_attribute WHERE attrelid = c.oid AND attnum = x.indkey[0]) AS first
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
WHERE c.relnamespace = 'public'::regnamespace AND x.indisunique
"""
_ROLE = """
SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication,
       has_schema_privilege(oid, 'public', 'CREATE') AS creates,
       EXISTS (SELECT 1 FROM pg_auth_members WHERE member = r.oid) AS belongs,
       EXISTS (SELECT 1 FROM pg_shdepend WHERE refobjid = r.oid AND deptype = 'o') AS owns
FROM pg_roles r WHERE rolname = %(role)s
"""
_OUTSIDE = """
SELECT 'SECURITY DEFINER function ' || proname AS found FROM pg_proc
WHERE prosecdef AND pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
UNION ALL
SELECT 'extension ' || extname FROM pg_extension WHERE NOT extname = ANY(%(extensions)s)
UNION ALL
SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal
UNION ALL
SELECT 'rule ' || rulename FROM pg_rewrite WHERE ev_class >= 16384 AND rulename <> '_RETURN'
UNION ALL
SELECT 'schema ' || nspname FROM pg_namespace
WHERE nspname NOT IN ('public', 'information_schema') AND nspname NOT LIKE 'pg\\_%%'
"""
_GRANTS = """
SELECT c.relname, coalesce(g.rolname, 'PUBLIC') AS role, a.privilege_type AS privilege
FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a LEFT JOIN pg_roles g ON g.oid = a.grantee
WHERE c.relnamespace = 'public'::regnamespace AND a.grantee <> c.relowner
AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = c.oid AND deptype = 'e')
"""


def breaches(connection: psycopg.Connection[Any], app_role: str) -> list[str]:
    """Everything that is not as it must be, each with its place."""

    def rows(sql: str) -> list[dict[str, Any]]:
        return (
            connection.cursor(row_factory=dict_row)
            .execute(sql, {"role": app_role, "extensions": EXTENSIONS})
            .fetchall()
        )

    found = [*_tables(rows(_TABLES)), *_policies(rows(_POLICIES)), *_keys(rows(_KEYS))]
    found += [
        f"unique index {row['name']} of {row['relname']} does not begin with tenant_id"
        for row in rows(_UNIQUE_INDEXES)
        if row["relname"] in TENANT_NAMES and row["first"] != "tenant_id"
    ]
    (role,) = rows(_ROLE)
    found += [f"the application role: {name}" for name, has in role.items() if has]
    found += [row["found"] for row in rows(_OUTSIDE)]
    return found + _grants(rows(_GRANTS), app_role)


def _tables(rows: list[dict[str, Any]]) -> list[str]:
    found = [
        f"{row['relname']} is neither a tenant's table nor a known shared one"
        for row in rows
        if row["relname"] not in KNOWN_TABLES
    ]
    found += [f"{row['relname']} is no plain table" for row in rows if row["relkind"] != "r"]
    guarded = {row["relname"] for row in rows if row["enabled"] and row["forced"]}
    return found + [f"{name} has no forced row security" for name in sorted({*TENANT_NAMES, "tenants"} - guarded)]


def _policies(rows: list[dict[str, Any]]) -> list[str]:
    there = {(row["relname"], row["polname"]): (row["command"], row["using"], row["checked"]) for row in rows}
    wanted = {(name, "tenant_isolation"): ISOLATION for name in TENANT_NAMES} | OTHER_POLICIES | RESTRICTIVE_POLICIES
    found = [
        f"policy {place} is {there.get(place)}"
        for place in sorted({*there, *wanted})
        if there.get(place) != wanted.get(place)
    ]
    return found + [
        f"policy {row['polname']} of {row['relname']} is for some roles only, or restrictive, or should be"
        for row in rows
        if row["permissive"] == ((row["relname"], row["polname"]) in RESTRICTIVE_POLICIES) or not row["for_all"]
    ]


def _keys(rows: list[dict[str, Any]]) -> list[str]:
    found = []
    for row in rows:
        inside = row["relname"] in TENANT_NAMES or row["target"] in TENANT_NAMES
        if inside and row["first"] != "tenant_id" and row["conname"] not in PLAIN_FOREIGN_KEYS:
            found.append(f"key {row['conname']} does not begin with tenant_id")
        if row["target"] in TENANT_NAMES and row["target_first"] != "tenant_id":
            found.append(f"foreign key {row['conname']} points past the tenant")
    with_primary = {row["relname"] for row in rows if row["kind"] == "p"}
    anchored = {row["relname"] for row in rows if row["target"] == "tenants" and row["first"] == "tenant_id"}
    found += [f"{name} has no primary key" for name in sorted(TENANT_NAMES - with_primary)]
    return found + [f"{name} does not end with its tenant" for name in sorted(TENANT_NAMES - anchored)]


def _grants(rows: list[dict[str, Any]], app_role: str) -> list[str]:
    found = []
    for row in rows:
        allowed = RIGHTS - ({"UPDATE", "DELETE"} if row["relname"] in APPEND_ONLY else set())
        if row["role"] != app_role or row["privilege"] not in allowed:
            found.append(f"{row['role']} has {row['privilege']} on {row['relname']}")
    return found
