"""What every field type can do, and the registry of them."""

from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import Any, ClassVar, TypeVar

from tenants.field_types.operators import LIST, Operator, RelativeOperator
from tenants.periods import Clock


class BadValue(ValueError):
    """A value does not fit its field type. ``code`` names the sentence in ``tenants.messages``."""

    def __init__(self, code: str, **data: Any) -> None:
        super().__init__(code)
        self.code = code
        self.data = data


class FieldType(ABC):
    """A kind of value: how it is read in, kept, compared, shown and typed in GraphQL.

    ``graphql`` names the scalar of inputs and outputs (for a select field the tenant's own enum takes its place);
    ``sql`` is the PostgreSQL type of the comparable expression; ``operators`` are those its filter offers. Types that stand in
    time also have ``relative`` ones, which compare with the moment of the call as ``clock`` tells it.
    """

    key: ClassVar[str]
    graphql: ClassVar[str]
    sql: ClassVar[str]
    operators: ClassVar[tuple[Operator, ...]]
    relative: ClassVar[tuple[RelativeOperator, ...]] = ()
    clock: ClassVar[type[Clock] | None] = None
    many: ClassVar[bool] = False
    has_options: ClassVar[bool] = False
    configurable: ClassVar[bool] = True

    @abstractmethod
    def parse(self, value: Any, options: Collection[str] = ()) -> Any:
        """The Python value of an input: a GraphQL value, stored JSON, or a cell of a table. Raises :class:`BadValue`."""

    def store(self, value: Any) -> Any:
        """The JSON value kept in a ``custom`` column."""
        return value

    def stored_sql(self, column: str, key: str) -> str:
        """The comparable SQL expression for a value kept in a ``custom`` column; ``key`` is a checked identifier."""
        return f"({column}->>'{key}')::{self.sql}"

    def json_sql(self, expression: str) -> str:
        """The SQL expression that becomes the JSON value of the answer."""
        return expression

    @property
    def sortable(self) -> bool:
        return not self.many

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
