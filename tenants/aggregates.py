"""What is saved together: the kinds of record that people change, and a record as it stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from tenants.problems import FieldError
from tenants.rules.claims import Claim

Row = dict[str, Any]
CREATED, UPDATED, STATUS_CHANGED, VOIDED = "created", "updated", "status_changed", "voided"


@dataclass(frozen=True, slots=True)
class Child:
    """A table whose rows belong to a record: where they hang, and under which name the history speaks of them."""

    name: str
    table: str
    parent: str


@dataclass(frozen=True, slots=True)
class Aggregate:
    """What is saved together: a record's row and its children. ``standing`` are the columns that tell where the record stands,
    which is all that a step of its life looks at and changes."""

    record_type: str
    table: str
    children: tuple[Child, ...] = ()
    standing: tuple[str, ...] = ()


ORDER = Aggregate(
    "order",
    "orders",
    (Child("lines", "order_lines", "order_id"),),
    (
        *("id", "version", "status", "status_reason", "life_cycle", "life_cycle_version"),
        *("voided_at", "voided_by_id", "void_reason", "void_note"),
    ),
)
CUSTOMER = Aggregate(
    "customer",
    "customers",
    (Child("contacts", "contact_points", "customer_id"), Child("addresses", "addresses", "customer_id")),
)
PRODUCT = Aggregate("product", "products")


@dataclass(slots=True)
class Record:
    """A record as it stands: its row, and the rows of its children by child name; of either, what was loaded."""

    row: Row
    children: dict[str, list[Row]] = field(default_factory=dict)

    @property
    def id(self) -> UUID:
        return cast(UUID, self.row["id"])

    def copy(self) -> "Record":
        return Record(dict(self.row), {name: [dict(row) for row in rows] for name, rows in self.children.items()})


@dataclass(frozen=True, slots=True)
class UniqueValues:
    """The values that a record is to claim under a rule, and whether it ``had`` others until then."""

    rule: str
    had: bool
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """A change that may be written: its values are checked and every rule has been judged. Only
    :func:`tenants.rules.settling.settle` makes one. ``before`` is None for a new record; ``unique`` is what it claims anew. ``in_part`` are the rights to fields of some
    records alone by which values were given: the record must be one of these when it is written, and what is wrong where it is not."""

    aggregate: Aggregate
    before: Record | None
    after: Record
    unique: tuple[UniqueValues, ...] = ()
    in_part: Mapping[str, Sequence[FieldError]] = field(default_factory=dict)
