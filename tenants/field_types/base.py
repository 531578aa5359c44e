"""What every field type can do, and the registry of them."""

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from tenants.field_types.operators import LIST, Operator, RelativeOperator
from tenants.periods import Clock

if TYPE_CHECKING:
    from tenants.config.definitions import CustomField
    from tenants.imports.formats import FileFormat

# Index tables by how values compare: each customisable record type has one of each, such as ``order_texts``.
TEXTS, NUMBERS, DATES, TIMES, FLAGS, OPTIONS, LINKS = "texts", "numbers", "dates", "times", "flags", "options", "links"
# Of these a record has one row for each value that it has, and none for no value; of the others one row for each field.
SETS = frozenset({OPTIONS, LINKS})


class BadValue(ValueError):
    """A value does not fit its field type. ``code`` names the sentence in ``tenants.messages``."""

    def __init__(self, code: str, **data: Any) -> None:
        super().__init__(code)
        self.code = code
        self.data = data


@dataclass(frozen=True, slots=True)
class Settings:
    """What parsing may depend on beside the value: the keys of the ``options`` that may be given; the ``region`` (ISO 3166) of
    telephone numbers without a country code; the ``currency`` of amounts without one; the record type that is the ``target`` of
    links."""

    options: Collection[str] = ()
    region: str = ""
    currency: str = ""
    target: str = ""


PLAIN = Settings()


class FieldType(ABC):
    """A kind of value: how it is read in, kept, compared, shown and typed in GraphQL.

    ``graphql`` names the scalar of inputs and outputs (for a select field the tenant's own enum takes its place),
    ``graphql_input`` that of inputs where it is another, None where nobody gives such values; ``filter`` names the input of its
    ``operators``, which types with the same ones share; ``sql`` is the PostgreSQL type of the comparable expression. Types that
    stand in time also have ``relative`` operators, which compare with the moment of the call as ``clock`` tells it.

    ``shape`` is the kind of attribute that its fields are: a ``column``, ``money``, a ``structure``, another ``record``, several
    ``records``, or ``computed`` from other fields. ``takes`` names the settings that its fields have beside those of all fields.

    Values are indexed in the table that ``index`` names, which is None where they cannot be; those of an ``always_indexed`` type
    whether or not the field is marked. ``cursor`` is how PostgreSQL writes
    them as text, in a session whose zone is UTC; None is any text. There is a sum and an average of ``additive`` values, a
    smallest and a largest of ``ranged`` ones, and lists are put in groups by ``groupable`` ones.
    """

    key: ClassVar[str]
    graphql: ClassVar[str]
    graphql_input: ClassVar[str | None] = ""
    filter: ClassVar[str]
    sql: ClassVar[str]
    operators: ClassVar[tuple[Operator, ...]]
    relative: ClassVar[tuple[RelativeOperator, ...]] = ()
    clock: ClassVar[type[Clock] | None] = None
    shape: ClassVar[str] = "column"
    takes: ClassVar[frozenset[str]] = frozenset()
    index: ClassVar[str | None] = None
    always_indexed: ClassVar[bool] = False
    cursor: ClassVar[re.Pattern[str] | None] = None
    additive: ClassVar[bool] = False
    ranged: ClassVar[bool] = False
    groupable: ClassVar[bool] = True
    sortable: ClassVar[bool] = True
    many: ClassVar[bool] = False
    has_options: ClassVar[bool] = False
    configurable: ClassVar[bool] = True

    @abstractmethod
    def parse(self, value: Any, settings: Settings = PLAIN) -> Any:
        """The Python value of an input: a GraphQL value, stored JSON, or a cell of a table. Raises :class:`BadValue`."""

    def sought(self, value: Any, settings: Settings = PLAIN) -> Any:
        """The value that an operator compares with, which may be but a part of one. Raises :class:`BadValue`."""
        return self.parse(value, settings)

    def from_text(self, text: str, form: "FileFormat", date_format: str | None) -> Any:
        """The text of a cell as :meth:`parse` takes it. Raises :class:`BadValue`."""
        return text

    def store(self, value: Any) -> Any:
        """The JSON value kept in a ``custom`` column."""
        return value

    def stored_sql(self, column: str, key: str) -> str:
        """The comparable SQL expression for a value kept in a ``custom`` column; ``key`` is a checked identifier."""
        return f"({column}->>'{key}')::{self.sql}"

    def json_sql(self, expression: str) -> str:
        """The SQL expression that becomes the JSON value of the answer."""
        return expression

    def comparable(self, value: Any) -> Any:
        """What is compared of a parsed value."""
        return value

    def indexed(self, stored: Any) -> Any:
        """What the index table holds for a stored value."""
        return stored

    def indexed_sql(self, expression: str) -> str:
        """The same for an expression of the type's own SQL type."""
        return expression

    def all_indexed_sql(self, array: str) -> str:
        """The same for each value of an array."""
        return array

    def group_sql(self, expression: str, zone: str) -> str:
        """The group that a value is in, as text that a filter takes; ``zone`` is the SQL of the company's time zone."""
        return f"({expression})::text"

    def fits_cursor(self, text: str) -> bool:
        """Whether PostgreSQL writes values of the type like this text, which comes from a client."""
        return self.cursor is None or self.cursor.fullmatch(text) is not None

    def words(self, stored: Any, definition: "CustomField") -> Iterator[str]:
        """What free text finds a stored value by."""
        if isinstance(stored, str | int) and not isinstance(stored, bool):
            yield str(stored)

    @property
    def operator_by_name(self) -> dict[str, Operator]:
        return {operator.name: operator for operator in self.operators}

    def parameter_type(self, operator: Operator) -> str:
        """The PostgreSQL type that a bound parameter of this operator is cast to."""
        return f"{self.sql}[]" if operator.argument == LIST and not self.many else self.sql


REGISTRY: dict[str, FieldType] = {}
Registered = TypeVar("Registered", bound=type[FieldType])


def register(kind: Registered) -> Registered:
    """Class decorator that adds one instance of the type to the registry."""
    REGISTRY[kind.key] = kind()
    return kind


def field_type(key: str) -> FieldType:
    """The type of that key. Raises ``KeyError`` for an unknown one."""
    return REGISTRY[key]
