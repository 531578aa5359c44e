"""A second, independent reading of GraphQL documents: graphql-core's own execution over plain rows.

The rows come from ``SELECT *``; relations, filters, orders and pages are computed in Python, field by field, and nothing of
the product's reader is called. The schema is the tenant's, printed through its lens and built anew from that text, so it holds
no resolver and no class of the product. Cursors are opaque: the book is told which one stands for which row in which order.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cmp_to_key
from typing import Any
from uuid import UUID

from graphql import ExecutionResult, GraphQLEnumType, GraphQLResolveInfo, GraphQLSchema, execute, get_named_type, parse

from tenants.config.snapshot import Tenant, TenantConfig
from tests.plain_conditions import holds
from tests.plain_fields import SPECIAL, moment, snake
from tests.plain_own_fields import own_values

Row = Mapping[str, Any]
TABLES = {
    "Order": "orders",
    "OrderLine": "order_lines",
    "Customer": "customers",
    "ContactPoint": "contact_points",
    "Address": "addresses",
    "Product": "products",
    "Member": "members",
    "Team": "teams",
    "TeamMembership": "team_members",
    "RecordShare": "record_shares",
    "Notification": "notifications",
    "HistoryEntry": "events",
    "AutomationRun": "automation_runs",
    "Delivery": "deliveries",
    "ChangeSet": "change_sets",
    "ConfigurationDraft": "configuration_drafts",
    "File": "stored_files",
    "AuditEntry": "events",
    "ApiKey": "api_keys",
}
USUAL: Mapping[str, tuple[str, str]] = {
    "File": ("createdAt", "ASC"),
    "Order": ("orderedAt", "DESC"),
    "OrderLine": ("position", "ASC"),
    "Member": ("name", "ASC"),
    "Team": ("name", "ASC"),
    "TeamMembership": ("createdAt", "ASC"),
    "RecordShare": ("createdAt", "ASC"),
    "HistoryEntry": ("version", "ASC"),
    "ChangeSet": ("version", "DESC"),
    "AuditEntry": ("at", "DESC"),
}
NEWEST = ("createdAt", "DESC")
# Fields whose column is not the field's name in snake case.
COLUMNS = {
    ("HistoryEntry", "version"): "record_version",
    ("AuditEntry", "aboutType"): "record_type",
    ("AuditEntry", "aboutId"): "record_id",
}
DEFAULT_SIZE = 20


def mark(kind: str, order: Any) -> str:
    """Tells one order of one type from all others."""
    return f"{kind} {order}"


@dataclass(frozen=True)
class Record:
    """One row of a type."""

    type: str
    row: Row

    @property
    def id(self) -> UUID:
        found: UUID = self.row["id"]
        return found


@dataclass(frozen=True)
class Page:
    """A window of a list, with what its page info says."""

    type: str
    order: str
    records: Sequence[Record]
    total: int
    has_next: bool
    has_previous: bool


@dataclass
class Book:
    """All rows of a company by type, and the cursors that have been handed out: by order and row, and back."""

    tenant: Tenant
    viewer: UUID
    rights: Sequence[str]
    records: dict[str, list[Record]]
    cursors: dict[tuple[str, UUID], str] = field(default_factory=dict)
    by_id: dict[tuple[str, UUID], Record] = field(init=False)

    @property
    def config(self) -> TenantConfig:
        return self.tenant.config

    def __post_init__(self) -> None:
        self.by_id = {(name, record.id): record for name, found in self.records.items() for record in found}

    def find(self, name: str, record_id: UUID | None) -> Record | None:
        return None if record_id is None else self.by_id.get((name, record_id))

    def all(self, name: str, **columns: Any) -> list[Record]:
        return [
            record
            for record in self.records[name]
            if all(record.row[column] == value for column, value in columns.items())
        ]

    def answer(
        self, schema: GraphQLSchema, document: str, variables: Mapping[str, Any], root: Any = None
    ) -> dict[str, Any]:
        """The data of an operation that has no errors."""
        result = execute(
            schema,
            parse(document),
            root or {},
            variable_values=dict(variables),
            field_resolver=self._resolve,
            type_resolver=_type_of,
        )
        assert isinstance(result, ExecutionResult)
        assert not result.errors, result.errors
        assert result.data is not None
        return result.data

    def _resolve(self, source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        if isinstance(source, Mapping) and info.field_name in source:
            found = source[info.field_name]
            return found(arguments) if callable(found) else found
        if isinstance(source, Page):
            return self._of_page(source, info.field_name)
        if isinstance(source, Record):
            value = self.value(source, info.field_name)
            if callable(value):
                return value(arguments)
            return _shown(value, info)
        return self._root(info.field_name, arguments)

    def _root(self, name: str, arguments: Row) -> Any:
        if name == "viewer":
            tenant = {
                "id": str(self.tenant.id),
                "slug": self.tenant.slug,
                "name": self.tenant.name,
                "language": self.config.language,
                "timeZone": self.config.time_zone,
                "currency": self.config.currency,
                "configVersion": self.tenant.version,
            }
            return {"member": self.find("Member", self.viewer), "tenant": tenant, "rights": self.rights}
        if name == "configuration":
            return {"version": self.tenant.version}
        if name == "node":
            return next((found for kind in ROOTS.values() if (found := self._by(kind, "id", arguments["id"]))), None)
        if name in LISTS:
            return self.page(LISTS[name], self._own(LISTS[name]), arguments)
        ((key, value),) = ((key, value) for key, value in arguments.items() if value is not None)
        return self._by(ROOTS[name], key, value)

    def _by(self, kind: str, key: str, value: str) -> Record | None:
        return next((record for record in self._own(kind) if str(record.row[snake(key)]) == value), None)

    def _own(self, kind: str) -> list[Record]:
        return self.all(kind, member_id=self.viewer) if kind == "Notification" else self.records[kind]

    # ---- records

    def value(self, record: Record, name: str) -> Any:
        """What a field holds: a plain value, a record, a list, or a function of the arguments that gives a page."""
        special = SPECIAL.get((record.type, name))
        if special is not None:
            return special(self, record.row)
        if name == "custom":
            return own_values(self, record)
        value = record.row[COLUMNS.get((record.type, name), snake(name))]
        return {"amount": value, "currency": record.row["currency"]} if _is_money(record, name, value) else value

    def paged(self, kind: str, records: Sequence[Record]) -> Callable[[Row], Page]:
        return lambda arguments: self.page(kind, records, arguments)

    # ---- pages

    def page(self, kind: str, records: Sequence[Record], arguments: Row) -> Page:
        """The Relay window of a list (https://relay.dev/graphql/connections.htm)."""
        chosen = list(records)
        if arguments.get("where") is not None:
            chosen = [record for record in chosen if holds(self, record, arguments["where"])]
        voided = arguments.get("voided") or "EXCLUDE"
        if kind == "Order" and voided != "INCLUDE":
            chosen = [record for record in chosen if (record.row["voided_at"] is not None) == (voided == "ONLY")]
        order = self.terms(kind, arguments.get("orderBy"))
        compare = self._comparison(order)
        ordered = sorted(chosen, key=cmp_to_key(compare))
        after, before = (self._row_of(kind, order, arguments.get(name)) for name in ("after", "before"))
        behind = [record for record in ordered if after is None or compare(record, after) > 0]
        window = [record for record in behind if before is None or compare(record, before) < 0]
        earlier = len(behind) < len(ordered)
        later = any(before is not None and compare(record, before) >= 0 for record in ordered)
        last = arguments.get("last")
        if last is not None:
            start = max(0, len(window) - last)
            shown = window[start:]
            return Page(kind, mark(kind, order), shown, len(ordered), later, earlier or start > 0)
        first = arguments.get("first")
        size = DEFAULT_SIZE if first is None else first
        return Page(kind, mark(kind, order), window[:size], len(ordered), later or len(window) > size, earlier)

    def terms(self, kind: str, entries: Sequence[Row] | None) -> tuple[tuple[tuple[str, ...], str], ...]:
        """An order as paths with directions, ending in the id."""
        found = [_path(entry) for entry in entries or [dict([USUAL.get(kind, NEWEST)])]]
        if kind in ("ContactPoint", "Address") and not entries:
            found = [(("position",), "ASC")]
        return (*found, (("id",), found[-1][1]))

    def _comparison(self, order: Iterable[tuple[tuple[str, ...], str]]) -> Callable[[Record, Record], int]:
        def compare(one: Record, other: Record) -> int:
            for path, direction in order:
                a, b = self.sort_value(one, path), self.sort_value(other, path)
                if a == b:
                    continue
                if a is None or b is None:
                    return 1 if a is None else -1
                return -1 if (a < b) == (direction == "ASC") else 1
            return 0

        return compare

    def sort_value(self, record: Record | None, path: Sequence[str]) -> Any:
        """The comparable value at a path; statuses and reasons by their place in the configuration."""
        if record is None:
            return None
        name, *rest = path
        if name in ("status", "voidReason") and record.type == "Order":
            known = list(self.config.all_statuses if name == "status" else self.config.all_void_reasons)
            key = record.row[snake(name)]
            return known.index(key) if key in known else None
        value = self.value(record, name)
        if name == "custom":
            value, rest = value[rest[0]], rest[1:]
        if isinstance(value, Record) or rest:
            return self.sort_value(value, rest)
        return value["amount"] if isinstance(value, Mapping) else value

    def _row_of(self, kind: str, order: Any, cursor: str | None) -> Record | None:
        if cursor is None:
            return None
        for (known_order, record_id), known in self.cursors.items():
            if known == cursor and known_order == mark(kind, order):
                return self.by_id[kind, record_id]
        raise AssertionError(f"no cursor of this order: {cursor}")

    def _of_page(self, page: Page, name: str) -> Any:
        if name == "nodes":
            return page.records
        if name == "totalCount":
            return page.total
        if name == "edges":
            return [{"node": record, "cursor": self.cursors.get((page.order, record.id))} for record in page.records]
        ends = [self.cursors.get((page.order, record.id)) for record in page.records]
        return {
            "hasNextPage": page.has_next,
            "hasPreviousPage": page.has_previous,
            "startCursor": ends[0] if ends else None,
            "endCursor": ends[-1] if ends else None,
        }


def _path(entry: Row) -> tuple[tuple[str, ...], str]:
    ((name, inner),) = entry.items()
    if isinstance(inner, str):
        return (name,), inner
    path, direction = _path(inner)
    return (name, *path), direction


def _is_money(record: Record, name: str, value: Any) -> bool:
    rates = ("taxRate", "discountRate", "quantity")
    return isinstance(value, Decimal) and name not in rates


def _shown(value: Any, info: GraphQLResolveInfo[Any]) -> Any:
    """A value as the API writes it, inside structures too."""
    named = get_named_type(info.return_type)
    if isinstance(value, str) and isinstance(named, GraphQLEnumType):
        return value.upper() if value.upper() in named.values else value
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value) if isinstance(value, UUID | date) else value


def _type_of(value: Any, info: GraphQLResolveInfo[Any], _abstract: Any) -> str:
    name: str = value.type if isinstance(value, Record) else value["__typename"]
    return name


ROOTS = {
    "order": "Order",
    "customer": "Customer",
    "product": "Product",
    "member": "Member",
    "team": "Team",
    "notification": "Notification",
    "automationRun": "AutomationRun",
    "delivery": "Delivery",
    "changeSet": "ChangeSet",
    "configurationDraft": "ConfigurationDraft",
    "auditEntry": "AuditEntry",
    "apiKey": "ApiKey",
}
LISTS = {
    f"{name[:-1]}ies" if name.endswith("y") and name != "apiKey" else f"{name}s": kind for name, kind in ROOTS.items()
}
