"""What the scopes of rights mean: a test of each row, as SQL that goes into the statement itself.

The members of the reader's teams are looked up by the statement, so a change of teams holds at once. A list of members is looked up once
for a statement and not for each row.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from tenants.conditions.tree import Condition, SqlContext
from tenants.config.definitions import RowScope
from tenants.config.snapshot import TenantConfig
from tenants.field_rights import FieldRows
from tenants.occasion import Occasion
from tenants.permissions import Access
from tenants.reading.plan import Binding, Parameters
from tenants.records import REGISTRY, RecordType, Relation
from tenants.records.customers import MY_CUSTOMER
from tenants.records.teams import MY_TEAMS
from tenants.row_rights import CUSTOMER, OWN, SCOPED, SHARED, TEAM, TEAM_TREE, Rows, is_outside

ME = "%(member)s::uuid"
_MATES = f"SELECT wa.member_id FROM team_members wa WHERE wa.tenant_id = %(tenant)s AND wa.team_id IN ({MY_TEAMS})"
_BELOW = (
    "SELECT wa.member_id FROM team_members wa JOIN teams wb ON wb.tenant_id = wa.tenant_id AND wb.id = wa.team_id"
    f" WHERE wa.tenant_id = %(tenant)s AND wb.archived_at IS NULL AND wb.path && ARRAY({MY_TEAMS})"
)
# What is no change of a record: a share to read is enough for it.
_READING = frozenset({"read", "export"})
# Records that are parts of another: its type, and the column that names it.
_PARENTS = {"order_line": ("order", "order_id"), "contact_point": ("customer", "customer_id")}
_PARENTS["address"] = _PARENTS["contact_point"]
# Records about others of any type.
_ABOUT = frozenset({"history_entry", "automation_run", "file"})
_RUN = "automation_run"
# What whoever is a person at a customer is told of the history of records.
_TOLD_OUTSIDE = "'created', 'status_changed', 'voided'"
Parse = Callable[[str, Mapping[str, Any]], Condition]


class RowTests:
    """The tests of rows for a set of roles, and of the rows whose fields they may read and write in part alone. ``parse`` reads a condition
    over a record type."""

    def __init__(self, rows: Mapping[str, Rows], parse: Parse, field_rows: FieldRows = MappingProxyType({})) -> None:
        self._rows = {**{right: (held,) for right, held in rows.items()}, **field_rows}
        self._is_outside = is_outside(rows)
        self._parse = parse
        self._parameters = Parameters("w")
        # Nothing else may be called as the tables inside of a condition of a scope.
        self._context = SqlContext(self._parameters, prefix="w")
        self._templates: dict[str, str] = {}

    def test(self, right: str, alias: str) -> str:
        """Whether a row called ``alias`` is one of the right's; nothing where all are."""
        if right not in self._rows:
            return ""
        if right not in self._templates:
            self._templates[right] = " AND ".join(self._template(right, rows) for rows in self._rows[right])
        return self._templates[right].replace("{t}", alias)

    def reading(self, record: RecordType, alias: str, via: str = "") -> str:
        """Whether a row may be read, of whatever record type; nothing where all may. ``via`` is the type of the record that led to it."""
        if record.name in SCOPED:
            return self.test(f"{record.name}.read", alias)
        if record.name in _PARENTS:
            parent, key = _PARENTS[record.name]
            return "" if via == parent else self._exists(f"{parent}.read", f"{alias}.{key}")
        if record.name in _ABOUT:
            told = [f"{alias}.kind IN ({_TOLD_OUTSIDE})"] if self._is_outside and record.name == "history_entry" else []
            return " AND ".join((*self._about(alias, via), *told))
        if record.name == "delivery":
            run = self.reading(REGISTRY[_RUN], "wr")
            found = f"SELECT FROM automation_runs wr WHERE wr.tenant_id = %(tenant)s AND wr.id = {alias}.run_id"
            return f"({alias}.run_id IS NULL OR EXISTS ({found} AND {run}))" if run else ""
        return ""

    def _about(self, alias: str, via: str) -> Iterator[str]:
        """Whether the record that a row is about may be read; nothing where that is the one that led to it."""
        for name in () if via in (*SCOPED, _RUN) else SCOPED:
            if test := self._exists(f"{name}.read", f"{alias}.record_id"):
                yield f"({alias}.record_type IS DISTINCT FROM '{name}' OR {test})"

    def of_field(self, record: RecordType, right: str) -> str:
        """Whether the row ``{t}`` is one of which the right to a field is; that of a line is of its order."""
        parent = _PARENTS.get(record.name)
        return self._exists(right, f"{{t}}.{parent[1]}") if parent else f"({self.test(right, '{t}')})"

    def related(self, relation: Relation, via: RecordType) -> Relation:
        """The relation to those that may be read."""
        test = self.reading(REGISTRY[relation.target], "{x}", via.name)
        return replace(relation, join=f"{relation.join} AND {test}") if test else relation

    def used(self, sql: str) -> list[Binding]:
        """The parameters of the tests that a statement holds."""
        return [binding for binding in self._parameters.bindings if f"%({binding.name})s" in sql]

    def values(self, occasion: Occasion) -> Mapping[str, Any]:
        """All parameters of the tests, for a statement that is run once."""
        return self._parameters.values(occasion)

    @property
    def depends_on_values(self) -> bool:
        return self._parameters.depends_on_values

    def _exists(self, right: str, record_id: str) -> str:
        test = self.test(right, "wp")
        table = REGISTRY[right.partition(".")[0]].table
        found = f"SELECT FROM {table} wp WHERE wp.tenant_id = %(tenant)s AND wp.id = {record_id} AND {test}"
        return f"EXISTS ({found})" if test else ""

    def _template(self, right: str, rows: Rows) -> str:
        name, action = right.split(".")[:2]
        within, without = (
            " OR ".join(f"({self._scope(name, action, scope)})" for scope in _widest(scopes))
            for scopes in (rows.within, rows.without)
        )
        tests = ([] if rows.is_all else [f"({within})"]) + ([f"NOT coalesce({without}, FALSE)"] if without else [])
        return f"({' AND '.join(tests)})"

    def _scope(self, name: str, action: str, scope: RowScope) -> str:
        if scope == OWN:
            return f"{{t}}.owner_id = {ME}"
        if scope in (TEAM, TEAM_TREE):
            mates = _MATES if scope == TEAM else _BELOW
            return f"{{t}}.owner_id = ANY (ARRAY(SELECT {ME} UNION {mates}))"
        if scope == SHARED:
            changes = "" if action in _READING else " AND ws.may_change"
            return (
                "{t}.id IN (SELECT ws.record_id FROM record_shares ws WHERE ws.tenant_id = %(tenant)s"
                f" AND ws.record_type = '{name}' AND (ws.ends_at IS NULL OR ws.ends_at > now()){changes}"
                f" AND (ws.member_id = {ME} OR ws.team_id IN ({MY_TEAMS})))"
            )
        if scope == CUSTOMER:
            return f"{{t}}.{'id' if name == 'customer' else 'customer_id'} = {MY_CUSTOMER}"
        assert not isinstance(scope, str)
        return self._parse(name, scope.where).sql("{t}", self._context)


def _widest(scopes: Sequence[RowScope]) -> list[RowScope]:
    """The scopes without those that others contain: each test of a row that is not made makes lists faster."""
    contained = {OWN, TEAM} if TEAM_TREE in scopes else {OWN} if TEAM in scopes else set[str]()
    return [scope for scope in scopes if not (isinstance(scope, str) and scope in contained)]


Known = dict[tuple[str, ...], RowTests]


def known_tests(config: TenantConfig, access: Access, parse: Parse) -> RowTests:
    """The tests for the reader's roles, remembered with the configuration."""
    known: Known = config.derived("row tests", lambda _config: {})
    if access.roles not in known:
        known[access.roles] = RowTests(access.rows, parse, access.field_rows)
    return known[access.roles]
