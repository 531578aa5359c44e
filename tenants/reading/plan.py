"""A compiled statement and the recipe for its parameters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from tenants.occasion import Occasion
from tenants.reading.selection import Leaf, Source, Variables
from tenants.wire import Bound, Statement, bind, statement


@dataclass(frozen=True, slots=True)
class Binding:
    """One parameter: where its value comes from, and how it becomes what PostgreSQL is sent.

    One that ``is_relative`` depends on the moment of the call as well, such as the beginning of this week: ``convert`` is given
    the value and that moment.
    """

    name: str
    source: Source
    convert: Callable[..., Any]
    is_relative: bool = False

    def value(self, variables: Variables, now: datetime) -> Any:
        given = self.source(variables)
        return self.convert(given, now) if self.is_relative else self.convert(given)


@dataclass(frozen=True, slots=True)
class Plan:
    """One SQL statement that answers a selection, reusable for all variables of the same shape.

    How it is best run ``depends_on_values``: PostgreSQL then plans it for each call's own.
    """

    sql: str
    bindings: tuple[Binding, ...]
    depends_on_values: bool = False
    statement: Statement = field(init=False, repr=False)

    def __post_init__(self) -> None:
        found = statement(self.sql)
        if self.depends_on_values:
            found = replace(found, is_planned=False)
        object.__setattr__(self, "statement", found)

    def bound(self, variables: Variables, tenant_id: UUID, member_id: UUID | None) -> Bound:
        """The statement with its parameters. Raises as :meth:`parameters` does."""
        return bind(self.statement, self.parameters(variables, tenant_id, member_id))

    def parameters(self, variables: Variables, tenant_id: UUID, member_id: UUID | None) -> dict[str, Any]:
        """The statement's parameters. Raises :class:`InvalidInput` for bad values."""
        found: dict[str, Any] = {"tenant": tenant_id, "member": member_id}
        now = datetime.now(UTC)
        for binding in self.bindings:
            found[binding.name] = binding.value(variables, now)
        return found


class Parameters:
    """Collects the bindings of a statement while it is compiled, and whether how it is best run ``depends_on_values``.

    Names begin with ``prefix``, so that what is compiled apart can be put into one statement.
    """

    def __init__(self, prefix: str = "p") -> None:
        self._prefix = prefix
        self.bindings: list[Binding] = []
        self.depends_on_values = False

    def bind(self, leaf: Leaf, convert: Callable[[Any], Any], sql_type: str) -> str:
        """A placeholder for the leaf's value, cast to ``sql_type``."""
        name = f"{self._prefix}{len(self.bindings)}"
        self.bindings.append(Binding(name, leaf.source, convert))
        return f"%({name})s::{sql_type}"

    def bind_to_moment(self, leaf: Leaf, convert: Callable[[Any, datetime], Any], sql_type: str) -> str:
        """A placeholder for what the leaf's value means at the moment of the call, cast to ``sql_type``."""
        name = f"{self._prefix}{len(self.bindings)}"
        self.bindings.append(Binding(name, leaf.source, convert, is_relative=True))
        return f"%({name})s::{sql_type}"

    def values(self, occasion: Occasion) -> Mapping[str, Any]:
        """The parameters, for a statement that is compiled to be run once."""
        found = {binding.name: binding.value({}, occasion.now) for binding in self.bindings}
        return {"member": occasion.member_id, **found}
