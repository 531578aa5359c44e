"""Of which records a right is: in words, and asked of single records."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tenants.access.rules import Right
from tenants.conditions import parse_condition
from tenants.conditions.row_tests import RowTests
from tenants.config.condition_words import condition_words
from tenants.config.definitions import RowScope
from tenants.config.snapshot import TenantConfig
from tenants.messages import render
from tenants.occasion import Occasion
from tenants.records import REGISTRY
from tenants.row_rights import CUSTOMER, OWN, SHARED, TEAM, Rows
from tenants.transaction import Transaction


def scope_words(scope: RowScope, language: str) -> str:
    """The records of a scope, such as *their own*."""
    if scope == OWN:
        return render("access.rows_own", language, {})
    if scope == TEAM:
        return render("access.rows_team", language, {})
    if scope == SHARED:
        return render("access.rows_shared", language, {})
    if scope == CUSTOMER:
        return render("access.rows_customer", language, {})
    if isinstance(scope, str):
        return render("access.rows_team_tree", language, {})
    return render("access.rows_where", language, {"condition": condition_words(scope.where, language)})


def rows_words(rows: Rows, language: str) -> str:
    """The records of a right that is not of all of them."""
    within, without = (
        render("access.rows_or", language, {}).join(scope_words(scope, language) for scope in scopes)
        for scopes in (rows.within, rows.without)
    )
    if rows.is_all:
        return render(
            "access.rows_but", language, {"rows": render("access.rows_all", language, {}), "without": without}
        )
    return render("access.rows_but", language, {"rows": within, "without": without}) if without else within


def rows_of_all_words(rows: Sequence[Rows], language: str) -> str:
    """The records that are among all of these, such as those of a field that may be read of some and written in others."""
    return render("access.rows_and", language, {}).join(rows_words(each, language) for each in rows)


async def matching(
    tx: Transaction, right: Right, scopes: Sequence[RowScope], record_id: UUID, member_id: UUID
) -> list[bool] | None:
    """Whether the record is one of each scope of the member; None where it is not there, or not for the caller to see."""
    if right.object not in REGISTRY or not tx.access.allows(f"{right.object}.read"):
        return None
    table = REGISTRY[right.object].table
    seen = _statement(tx, right.object, table, "read", tx.access.rows.get(f"{right.object}.read"), tx.caller.member_id)
    asked = [
        _statement(tx, right.object, table, right.action, Rows(False, (scope,), ()), member_id) for scope in scopes
    ]
    visible, *found = await tx.fetch_each(*((sql, {**values, "record": record_id}) for sql, values in (seen, *asked)))
    return [bool(rows) for rows in found] if visible else None


def _statement(
    tx: Transaction, name: str, table: str, action: str, rows: Rows | None, member_id: UUID | None
) -> tuple[str, Mapping[str, Any]]:
    found = f"SELECT 1 AS found FROM {table} t0 WHERE t0.tenant_id = %(tenant)s AND t0.id = %(record)s"  # noqa: S608  (SQL of ours; values are parameters)
    if rows is None:
        return found, {}
    right = f"{name}.{action}"
    tests = row_test(tx.config, {right: rows})
    return f"{found} AND {tests.test(right, 't0')}", tests.values(Occasion(tx.now, member_id))


def row_test(config: TenantConfig, rows: Mapping[str, Rows]) -> RowTests:
    """The tests of rows that are asked of anybody's records, not only of the caller's."""
    return RowTests(rows, lambda name, tree: parse_condition(REGISTRY[name], config, tree))
