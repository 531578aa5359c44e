"""Of how many records rights would be: counted among those that the asker may read, and by what they could count by themselves."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from tenants.access.rules import Right
from tenants.access.scopes import row_test
from tenants.conditions import parse_condition
from tenants.conditions.parser import row_tests
from tenants.conditions.row_tests import RowTests
from tenants.conditions.tree import SqlContext
from tenants.config.definitions import RowScope
from tenants.config.snapshot import TenantConfig
from tenants.field_rights import READ
from tenants.occasion import Occasion
from tenants.permissions import Access
from tenants.problems import InvalidInput, NotAllowed
from tenants.reading.plan import Parameters
from tenants.records import REGISTRY
from tenants.row_rights import CUSTOMER, OWN, SHARED, TEAM, TEAM_TREE
from tenants.transaction import Transaction

# So many different counts are made.
MOST_COUNTS = 40
# Records are counted up to this, and beyond it are more than this.
MOST_RECORDS = 10_000
# Rights to what is not there yet.
OF_NO_RECORD = frozenset({"create"})
# The field by which the records of a scope can be told from others.
_TOLD_BY = {OWN: "owner", TEAM: "owner", TEAM_TREE: "owner", SHARED: "shares", CUSTOMER: "customer"}

Statement = tuple[str, Mapping[str, Any]]


class Held(NamedTuple):
    """A right of a member with some roles under a configuration."""

    config: TenantConfig
    access: Access
    right: Right
    member_id: UUID


async def counts(tx: Transaction, wanted: Sequence[Held]) -> list[int | None]:
    """Of how many records each of the rights is that the asker may read, in one round trip; None where that is not counted: beyond
    :data:`MOST_COUNTS`, of what is not there yet, and where the asker could not count so by a list's filter."""
    own = row_tests(tx.config, tx.access)
    statements = [_statement(tx, held, own) for held in wanted]
    # The parameters count as well: conditions are alike but for their values.
    keys = [None if found is None else repr(found) for found in statements]
    asked: dict[str, Statement] = {}
    for key, found in zip(keys, statements, strict=True):
        if key is not None and found is not None and len(asked) < MOST_COUNTS:
            asked[key] = found
    answers = await tx.fetch_each(*asked.values()) if asked else []
    known = {key: rows[0]["found"] for key, rows in zip(asked, answers, strict=True)}
    return [
        known.get(key) if key is not None else (None if held.access.allows(held.right.name) else 0)
        for held, key in zip(wanted, keys, strict=True)
    ]


def _statement(tx: Transaction, held: Held, own: RowTests | None) -> Statement | None:
    """What counts; None where nothing is to be counted, or may be."""
    name, right = held.right.object, held.right.name
    may_count = tx.access.allows(f"{name}.{READ}") and held.right.action not in OF_NO_RECORD
    if not may_count or not held.access.allows(right):
        return None
    rows = held.access.rows.get(right)
    if rows and not all(_is_open(tx, held.config, name, scope) for scope in (*rows.within, *rows.without)):
        return None
    values: dict[str, Any] = {}
    tests = ["t0.tenant_id = %(tenant)s"]
    if rows:
        of_member = row_test(held.config, {right: rows})
        tests.append(of_member.test(right, "t0"))
        values |= of_member.values(Occasion(tx.now, held.member_id))
    if own and (seen := own.test(f"{name}.{READ}", "t0")):
        mine = own.values(Occasion(tx.now, tx.caller.member_id))
        for parameter in mine:
            # The other test has parameters of these names.
            seen = seen.replace(f"%({parameter})s", f"%(own_{parameter})s")
        tests.append(seen)
        values |= {f"own_{parameter}": value for parameter, value in mine.items()}
    table, where = REGISTRY[name].table, " AND ".join(tests)
    sql = f"SELECT count(*) AS found FROM (SELECT FROM {table} t0 WHERE {where} LIMIT {MOST_RECORDS + 1}) c"  # noqa: S608  (SQL of ours; values are parameters)
    return sql, {parameter: value for parameter, value in values.items() if f"%({parameter})s" in sql}


def _is_open(tx: Transaction, config: TenantConfig, name: str, scope: RowScope) -> bool:
    """Whether the asker could filter a list by the scope, and be shown as many: else the count would tell what is closed to them."""
    if isinstance(scope, str):
        return name == scope or tx.access.has_field(name, READ, _TOLD_BY[scope])
    record = REGISTRY[name]
    try:
        texts = [
            parse_condition(record, config, scope.where, access).sql("t0", SqlContext(Parameters("w"), prefix="w"))
            for access in (None, tx.access)
        ]
    except (NotAllowed, InvalidInput):
        return False
    # Where a right of theirs is of some records alone, the same condition is another one.
    return texts[0] == texts[1]
