"""A compiled statement and the recipe for its parameters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tenants.problems import LimitExceeded
from tenants.reading.selection import Leaf, Source, Variables

# Rows that one root field may be asked for: the product of the page sizes along each path, summed.
MOST_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class Binding:
    """One parameter: where its value comes from, and how it becomes what PostgreSQL is sent."""

    name: str
    source: Source
    convert: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """One SQL statement that answers a selection, reusable for all variables of the same shape.

    ``pages`` lists, for each page in the selection, the sizes along the path to it: their product bounds its rows.
    """

    sql: str
    bindings: tuple[Binding, ...]
    pages: tuple[tuple[Source, ...], ...]

    def parameters(self, variables: Variables, tenant_id: UUID, member_id: UUID | None) -> dict[str, Any]:
        """The statement's parameters. Raises :class:`InvalidInput` for bad values, :class:`LimitExceeded` for too many rows."""
        self._check_rows(variables)
        found: dict[str, Any] = {"tenant": tenant_id, "member": member_id}
        for binding in self.bindings:
            found[binding.name] = binding.convert(binding.source(variables))
        return found

    def _check_rows(self, variables: Variables) -> None:
        rows = 0
        for path in self.pages:
            product = 1
            for size in path:
                product *= size(variables)
            rows += product
        if rows > MOST_ROWS:
            raise LimitExceeded("limit.rows", rows=rows, most=MOST_ROWS)


class Parameters:
    """Collects the bindings of a statement while it is compiled."""

    def __init__(self) -> None:
        self.bindings: list[Binding] = []

    def bind(self, leaf: Leaf, convert: Callable[[Any], Any], sql_type: str) -> str:
        """A placeholder for the leaf's value, cast to ``sql_type``."""
        name = f"p{len(self.bindings)}"
        self.bindings.append(Binding(name, leaf.source, convert))
        return f"%({name})s::{sql_type}"

    def values(self) -> Mapping[str, Any]:
        """The parameters, for a statement that is compiled to be run once."""
        return {binding.name: binding.convert(binding.source({})) for binding in self.bindings}
