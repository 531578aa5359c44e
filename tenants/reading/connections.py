"""A Relay connection as SQL: the rows of a page, their cursors, and whether there are more before and behind them."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from tenants.reading.json_sql import TYPENAME, json_object
from tenants.reading.pages import PageArguments, bind_cursor, cursor_sql
from tenants.reading.plan import Parameters
from tenants.reading.ranges import AFTER, BEFORE, Walk
from tenants.reading.selection import Leaf, Selected
from tenants.records import RecordType


class Compiler(Protocol):
    """What a connection needs of the compiler whose statement it is part of."""

    parameters: Parameters

    def record(self, record: RecordType, alias: str, fields: Iterable[Selected]) -> str: ...


def needs_more_than_rows(selected: Selected) -> bool:
    """Whether a connection tells how many rows there are, or what lies on the far side of a cursor."""
    bounded = any(selected.arguments.get(name) for name in (AFTER, BEFORE))
    return any(field.name == "totalCount" or (field.name == "pageInfo" and bounded) for field in selected.fields)


class Connection:
    """One connection of a statement: the page of its rows, in order, and what is said about the page."""

    def __init__(
        self,
        compiler: Compiler,
        record: RecordType,
        walk: Walk,
        where: str,
        arguments: PageArguments,
        selected: Selected,
    ) -> None:
        self.compiler = compiler
        self.record = record
        self.walk = walk
        self.alias = walk.alias
        self.base = where
        self.arguments = arguments
        self.selected = selected
        self.columns: list[str] = []
        wanted = {(field.name, part.name) for field in selected.fields for part in field.fields}
        more = ("pageInfo", "hasPreviousPage" if arguments.backward else "hasNextPage")
        self.looks_ahead = more in wanted
        self.needs_cursor = not wanted.isdisjoint(
            {("edges", "cursor"), ("pageInfo", "startCursor"), ("pageInfo", "endCursor")}
        )
        self.bounds = self._bounds()

    def _bounds(self) -> dict[str, Sequence[str]]:
        cursors = {AFTER: self.arguments.after, BEFORE: self.arguments.before}
        return {
            name: bind_cursor(self.walk.terms, cursor, self.compiler.parameters, name)
            for name, cursor in cursors.items()
            if cursor
        }

    def sql(self) -> str:
        counts = {"totalCount", TYPENAME}
        # Bound even where no row is asked for: a size that is none is refused.
        size = self.compiler.parameters.bind(self.arguments.size, self.arguments.read_size, "integer")
        if all(field.name in counts for field in self.selected.fields):
            return json_object([(field.key, self._field(field, "")) for field in self.selected.fields])
        pairs = [(field.key, self._field(field, size)) for field in self.selected.fields]
        columns = list(self.columns)
        if self.needs_cursor:
            columns.append(f"{cursor_sql(self.walk.terms, self.alias)} AS cursor")
        if self.looks_ahead or self.arguments.backward or self.needs_cursor:
            columns.append("row_number() OVER () AS place")
        limit = f"{size} + 1" if self.looks_ahead else size
        rows = self.walk.rows(self.base, self.bounds, limit, backward=self.arguments.backward)
        return f"(SELECT {json_object(pairs)} FROM (SELECT {', '.join(columns) or '1'} FROM ({rows}) {self.alias}) p GROUP BY ())"

    def _field(self, field: Selected, size: str) -> str:
        match field.name:
            case "nodes":
                return self._aggregate(self._node(field.fields), size)
            case "edges":
                return self._aggregate(self._edge(field.fields), size)
            case "pageInfo":
                return json_object([(part.key, self._page_info(part.name, size)) for part in field.fields])
            case "totalCount":
                estimate = field.arguments.get("estimate")
                is_estimate = isinstance(estimate, Leaf) and estimate.value
                return self.walk.estimate(self.base) if is_estimate else self.walk.count(self.base)
        return f"'{self.record.graphql}Connection'"

    def _node(self, fields: Sequence[Selected]) -> str:
        name = f"n{len(self.columns)}"
        self.columns.append(f"{self.compiler.record(self.record, self.alias, fields)} AS {name}")
        return f"p.{name}"

    def _edge(self, fields: Sequence[Selected]) -> str:
        pairs = []
        for field in fields:
            if field.name == "node":
                pairs.append((field.key, self._node(field.fields)))
            elif field.name == "cursor":
                pairs.append((field.key, "p.cursor"))
            else:
                pairs.append((field.key, f"'{self.record.graphql}Edge'"))
        return json_object(pairs)

    def _aggregate(self, expression: str, size: str) -> str:
        order = " ORDER BY p.place DESC" if self.arguments.backward else ""
        return f"coalesce(json_agg({expression}{order}){self._within(size)}, '[]'::json)"

    def _within(self, size: str) -> str:
        return f" FILTER (WHERE p.place <= {size})" if self.looks_ahead else ""

    def _page_info(self, name: str, size: str) -> str:
        backward = self.arguments.backward
        match name:
            case "hasNextPage" | "hasPreviousPage":
                ahead = (name == "hasPreviousPage") == backward
                side = BEFORE if name == "hasNextPage" else AFTER
                tests = [f"count(*) > {size}"] if ahead else []
                if side in self.bounds:
                    tests.append(self.walk.any_outside(self.base, side, self.bounds[side]))
                return " OR ".join(tests) or "FALSE"
            case "startCursor" | "endCursor":
                direction = "DESC" if (name == "startCursor") == backward else "ASC"
                return f"(array_agg(p.cursor ORDER BY p.place {direction}){self._within(size)})[1]"
        return "'PageInfo'"
