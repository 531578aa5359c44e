"""The kinds of attribute a record type is made of.

SQL fragments name their own table as ``{t}``; a relation names the related one as ``{x}``. Attribute names are those of
GraphQL. The reader, the filters, the orderings, the history and the GraphQL schema all follow from these descriptions.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tenants.field_types import PLAIN, FieldType, Settings, field_type
from tenants.names import snake
from tenants.occasion import Occasion

if TYPE_CHECKING:
    from tenants.config.snapshot import TenantConfig
    from tenants.permissions import Access


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    name: str
    description: str
    nullable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Attribute):
    """A value that can be read, compared and sorted by.

    ``sql`` is the comparable expression, ``source`` the key of the value in a row of the table (what :meth:`value` reads;
    empty for computed columns, which ``reads`` gives where the row alone decides). ``indexed`` columns have an index with the rows of a tenant in their order, and then that of the
    id. ``rank`` is SQL that never falls where the value rises, and that an index serves where it cannot
    serve the value: under row security PostgreSQL looks up nothing by the comparison of ``numeric``, which is not leakproof. ``choices`` are the legal values of an enumerated column, shown in upper case as a GraphQL
    enum called ``enum``.
    """

    type: FieldType
    sql: str
    source: str = ""
    enum: str = ""
    choices: tuple[str, ...] = ()
    filterable: bool = True
    sortable: bool = True
    indexed: bool = False
    options: Callable[["TenantConfig"], Collection[str]] | None = None
    rank: str = ""
    reads: Callable[[Mapping[str, Any]], Any] | None = None

    @property
    def is_local(self) -> bool:
        """Whether :meth:`value` tells it from the row of the table alone."""
        return bool(self.source) or self.reads is not None

    def rank_expression(self, alias: str) -> str:
        return self.rank.replace("{t}", alias)

    def expression(self, alias: str) -> str:
        return self.sql.replace("{t}", alias)

    def json_expression(self, alias: str) -> str:
        expression = self.type.json_sql(self.expression(alias))
        return f"upper({expression})" if self.choices else expression

    def parse(self, value: Any, config: "TenantConfig") -> Any:
        """The comparable value of a filter's argument. Raises ``BadValue``."""
        if self.choices:
            return field_type("select").parse(
                value.lower() if isinstance(value, str) else value, Settings(self.choices)
            )
        return self.type.parse(value, Settings(self.options(config)) if self.options else PLAIN)

    def value(self, row: Mapping[str, Any], _occasion: Occasion) -> Any:
        return row.get(self.source) if self.reads is None else self.reads(row)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomColumn(Column):
    """A tenant's own field, kept under ``source`` in the row's ``custom`` object, or a ``part`` of its value.

    ``index`` names the table that holds its values as well, one row for each record; empty where there is none, or not yet.
    """

    settings: Settings = PLAIN
    part: str = ""
    index: str = ""

    def parse(self, value: Any, config: "TenantConfig") -> Any:
        return self.type.sought(value, self.settings)

    def value(self, row: Mapping[str, Any], _occasion: Occasion) -> Any:
        stored = row["custom"].get(self.source)
        if self.part and stored is not None:
            stored = stored.get(self.part)
        return None if stored is None else self.type.parse(stored, self.settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Me(Column):
    """Whether a member's row is that of whoever asks; false for everybody when an automation or the system asks."""

    type: FieldType = field(default_factory=lambda: field_type("boolean"))
    # Never NULL, and yet a plain comparison, which leads PostgreSQL to the rows by index.
    sql: str = "({t}.id = %(member)s::uuid AND %(member)s::uuid IS NOT NULL)"
    sortable: bool = False
    source: str = "id"

    def value(self, row: Mapping[str, Any], occasion: Occasion) -> Any:
        return row["id"] == occasion.member_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Money(Attribute):
    """An exact amount with its currency; filtered and sorted by the amount."""

    amount: Column
    currency: str

    def currency_expression(self, alias: str) -> str:
        return self.currency.replace("{t}", alias)

    def currency_value(self, row: Mapping[str, Any]) -> str | None:
        """The same of a row in Python; absent where a company's own field is."""
        held = row["custom"].get(self.amount.source) if isinstance(self.amount, CustomColumn) else row
        return held["currency"] if held is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure(Attribute):
    """An object made of columns of the same row; null when ``present`` is false."""

    graphql: str
    members: tuple[Attribute, ...]
    present: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Items(Attribute):
    """A list of small objects computed from the row. ``source`` is a FROM item that names each as ``{x}``; it may use the reader's
    ``{language}``."""

    graphql: str
    members: tuple[Column | Money, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup(Attribute):
    """An object of the configuration that the row names by key, such as its status.

    ``entries`` gives for each key its members by name, in the reader's language; with ``many`` a list of them. Members map to
    GraphQL types as text. ``key`` is the column that names the entry; without it the lookup can be neither filtered nor
    sorted by. Where it is ``indexed``, an index has the records of each key in their usual order. ``right`` is that which the entries
    depend on, where it may be one to some records alone.
    """

    graphql: str
    members: Mapping[str, str]
    by: str
    entries: Callable[["TenantConfig", "Access", str], Mapping[str, Any]]
    many: bool = False
    key: Column | None = None
    position: Callable[["TenantConfig"], list[str]] | None = None
    indexed: bool = False
    right: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps(Attribute):
    """The next steps of a record's life cycle: a list of objects whose ``members`` map to scalars as text, and whose ``lists`` are of
    objects of a type of their own, given with its members. Their conditions are judged where the record is read."""

    graphql: str
    members: Mapping[str, str]
    lists: Mapping[str, tuple[str, Mapping[str, str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions(Attribute):
    """What the reader may do with the record: the actions of its type, judged where the record is read."""

    name: str = "permissions"
    description: str = "What your rights let you do with it, such as update, void or transition.confirm; nextSteps tells what its state lets you do."


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditWords(Attribute):
    """An entry of the audit log in words: the name of what it is about, or what it says. They are in the reader's language, and made where
    the entry is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation(Attribute):
    """Another record, or a page of them. ``join`` relates ``{x}``, the other, to ``{t}``; the tenant is added by the reader.

    ``many`` without ``paged`` is a plain list that the save path keeps short. ``follows`` is the field of the others whose links lead
    here, where it is the other side of one.
    """

    target: str
    join: str
    many: bool = False
    paged: bool = True
    follows: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Custom(Attribute):
    """The tenant's own fields of this record type."""


# Of the newest customers, so many: where more of them hold some words, the orders of all who do are too many to look up and sort
# for a page.
NEWEST_CUSTOMERS = 500
MANY_CUSTOMERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Free text finds a record by its own ``search_text``, and by that of its customer where ``with_customer``.

    Whoever may not read customers may not find out their names by searching either. ``patterns`` and ``words`` are SQL
    expressions of what `tenants.search.parse_query` gives.
    """

    with_customer: bool = False

    def found(self, record: "RecordType", alias: str, patterns: str, words: str, access: "Access") -> str:
        """The test that the index of search is asked for: all records of the tenant that hold the words, looked up once."""
        customers = "TRUE" if self._reads_customer(access) else "FALSE"
        asked = f"SELECT search_records('{record.name}', {patterns}, {words}, {customers})"
        return f"{alias}.id = ANY (ARRAY({asked}))"

    def holds(self, alias: str, patterns: str, access: "Access", seen: str = "") -> str:
        """The test of one row by itself, which no index can serve; ``seen`` says of a customer ``s`` whether they are for the reader."""
        own = f"{alias}.search_text LIKE ALL ({patterns})"
        if not self._reads_customer(access):
            return own
        customer = (
            f"SELECT s.search_text FROM customers s WHERE s.tenant_id = %(tenant)s AND s.id = {alias}.customer_id{seen}"
        )
        # No word reaches from one text into the other: each begins with a blank, and no pattern has one but at its beginning.
        return f"({own} OR ({alias}.search_text || ({customer})) LIKE ALL ({patterns}))"

    def is_common(self, patterns: str, access: "Access") -> str | None:
        """Whether the texts of very many customers hold the words, and with them those of even more records, as far as the newest
        customers tell; None where no customer counts."""
        if not self._reads_customer(access):
            return None
        newest = (
            "SELECT s.search_text FROM customers s WHERE s.tenant_id = %(tenant)s"
            f" ORDER BY s.created_at DESC, s.id DESC LIMIT {NEWEST_CUSTOMERS}"
        )
        return f"(SELECT count(*) FROM ({newest}) s WHERE s.search_text LIKE ALL ({patterns})) > {MANY_CUSTOMERS}"

    def _reads_customer(self, access: "Access") -> bool:
        return self.with_customer and access.allows("customer.read")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordType:
    """One kind of record: what can be read of it, and by which right.

    ``singular`` and ``plural`` name it in GraphQL and in errors; ``by`` lists the columns that find one record besides its
    id; ``own`` is a predicate that limits it to the reader's own rows (``%(member)s``); ``search`` says how free text finds it;
    ``voidable`` records leave lists when void.
    """

    name: str
    graphql: str
    plural: str
    table: str
    description: str
    right: str
    attributes: tuple[Attribute, ...]
    order: tuple[tuple[str, bool], ...] = (("createdAt", True),)
    by: tuple[str, ...] = ()
    root: bool = True
    own: str = ""
    search: "Search | None" = None
    voidable: bool = False
    by_name: dict[str, Attribute] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {attribute.name: attribute for attribute in self.attributes})

    @property
    def customisable(self) -> bool:
        return "custom" in self.by_name

    def __hash__(self) -> int:
        return hash(self.name)


def column(name: str, type_key: str, description: str, *, sql: str = "", **more: Any) -> Column:
    """A column whose database name is the snake case of its GraphQL name, unless ``sql`` says otherwise."""
    source = snake(name)
    return Column(
        name=name,
        # An enumerated column compares and lists its choices as a select field does.
        type=field_type("select" if "choices" in more else type_key),
        description=description,
        sql=sql or f"{{t}}.{source}",
        source="" if sql else source,
        **more,
    )


def money(name: str, description: str, *, nullable: bool = False, **more: Any) -> Money:
    amount = column(name, "decimal", description, nullable=nullable, **more)
    return Money(name=name, description=description, nullable=nullable, amount=amount, currency="{t}.currency")
