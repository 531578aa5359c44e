"""What an operation may cost, known from its document and variables before anything of it runs.

A **point** stands for a tenth of a millisecond of database time, were every page full. The estimate adds, in microseconds:

* a statement 300, each further table that it looks for an id in 50, a mutation or its preview 5,000, introspection 20,000, any other
  root field 1,000; each list item or thousand characters that is handed to one of the last three 500;
* a root page 100, its filter 4,000 and 4,000 for each comparison in it, its ordering 40,000, its search 50,000, its
  ``totalCount`` 20,000, and groups as much as a count; 160,000 more for each related record that is sorted or grouped by;
* a page inside a record 50, its filter 100 and 20 for each comparison, its ordering 50 and 100 for a related record's, its
  search 1,000, its ``totalCount`` 200;
* a comparison that looks into texts counts as 5, a relation in a filter as 15, any, none or all of many as 30, an aggregate as 70,
  and all of them twice where a page is both listed and counted; what is asked of many records counts as 5 times as much where
  the way there led to many before and back to one;
* a view what its filter, ordering and search would cost if they were given beside it;
* a record 10, a field of it 1, a list without pages as ten records.

A page multiplies what is inside it by its size: ``first`` or ``last``, else the view's size, else 20; 200 at most. Fields that are
skipped cost nothing, fields that are merged cost once. The sum, divided by 100 and rounded up, is the cost in points.

Statements are counted as well: two for each read (one enters the tenant), and at most :data:`MOST_STATEMENTS` for a query. To look
up one's own views is one read more, whatever their number.

An estimate is made once for each document, as a small tree over the variables that it depends on, and evaluated for each call.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from types import MappingProxyType
from typing import Any, Protocol, cast

from graphql import (
    BooleanValueNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    value_from_ast_untyped,
    visit,
)
from graphql.language.visitor import Visitor

from schema.measures import Variables, Views, handed, page_size
from schema.rates import INNER, ROOT, Estimate, Rates, chosen
from tenants.database import Caller
from tenants.problems import LimitExceeded
from tenants.records import REGISTRY

POINT = 100
MOST_STATEMENTS = 50
NO_VIEWS: Views = MappingProxyType({})

STATEMENT = 300
LOOK = 50
STATEMENTS_OF_A_READ = 2
MUTATION = 5_000
INTROSPECTION = 20_000
OTHER = 1_000
ITEM = 500
RECORD = 10
FIELD = 1
UNPAGED = 10
# A field of these types tries a change out: it costs what the change would.
REHEARSED = frozenset({"Preview", "StepPreview"})


@dataclass(frozen=True, slots=True)
class Price:
    """What one operation of a document costs."""

    estimate: Estimate
    statements: int

    def points(self, variables: Variables, views: Views) -> int:
        """The cost of a call in points. Raises :class:`LimitExceeded` for too many statements."""
        if self.statements > MOST_STATEMENTS:
            raise LimitExceeded("limit.statements", statements=self.statements, most=MOST_STATEMENTS)
        return -(-self.estimate.of(variables, views) // POINT)


@dataclass(frozen=True, slots=True)
class Budget:
    """What an operation costs in points, what one may cost, and the member's bucket: what is left, its rate and its size."""

    requested: int
    limit: int
    available: int
    rate: int
    size: int

    @property
    def shown(self) -> dict[str, int]:
        """``extensions.cost`` of an answer."""
        return {
            "requested": self.requested,
            "limit": self.limit,
            "available": self.available,
            "restoreRate": self.rate,
        }

    @property
    def headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """What https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ names: the quota, and what is left."""
        window, full = self.size // self.rate, -(-(self.size - self.available) // self.rate)
        return (
            (b"ratelimit-policy", b'"member";q=%d;w=%d' % (self.size, window)),
            (b"ratelimit", b'"member";r=%d;t=%d' % (self.available, full)),
        )


class RateLimited(LimitExceeded):
    """The company or the member has asked for too much lately; ``retry_after`` is in whole seconds."""

    def __init__(self, seconds: float) -> None:
        self.retry_after = max(1, ceil(seconds))
        super().__init__("limit.rate", retryAfter=self.retry_after)


class Meter(Protocol):
    """Judges and counts what callers spend, in points."""

    def spend(self, caller: Caller, cost: int, paid: int | None = None) -> Budget:
        """Take the cost, less what the same operation has ``paid`` before.

        Raises :class:`LimitExceeded` for an operation that may never run, and :class:`RateLimited` for one too soon.
        """
        ...

    def charge(self, caller: Caller, cost: int) -> None:
        """Take a cost that cannot be refused any more."""
        ...


class Prices:
    """The prices of one document's operations; kept with the document, and made under the lens it was validated under."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        flags = _Flags()
        visit(document, flags)
        self._flags = tuple(sorted(flags.names))
        self._defaults: dict[int, dict[str, Any]] = {}
        self._known: dict[tuple[Any, ...], Price] = {}

    def of(self, operation: OperationDefinitionNode, variables: Variables, views: Views = NO_VIEWS) -> int:
        """The cost of a call in points; ``variables`` as they came, ``views`` as far as they are known.

        Raises :class:`LimitExceeded` as :class:`Price` does.
        """
        defaults = self._defaults.get(id(operation))
        if defaults is None:
            defaults = self._defaults[id(operation)] = _defaults(operation)
        if defaults:
            variables = {**defaults, **variables}
        # What is no flag is refused when the variables are coerced, before anything runs.
        key = (id(operation), *[variables.get(name) is True for name in self._flags])
        price = self._known.get(key)
        if price is None:
            price = self._known[key] = _Estimator(self._schema, self._fragments, variables).price(operation)
        return price.points(variables, views)


class _Flags(Visitor):
    """Collects the variables that decide ``@skip`` and ``@include``."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: Any, *_: Any) -> None:
        if node.name.value in ("skip", "include"):
            values = [argument.value for argument in node.arguments or ()]
            self.names.update(value.name.value for value in values if isinstance(value, VariableNode))


def _defaults(operation: OperationDefinitionNode) -> dict[str, Any]:
    return {
        definition.variable.name.value: value_from_ast_untyped(definition.default_value)
        for definition in operation.variable_definitions or ()
        if definition.default_value is not None
    }


class _Estimator:
    """Walks one operation under the lens in force; ``variables`` decide what is skipped, and nothing else."""

    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], variables: Variables
    ) -> None:
        self.schema = schema
        self.fragments = fragments
        self.variables = variables
        self.records = {record.graphql for record in REGISTRY.values()}
        self.statements = 0
        self.names_views = False

    def price(self, operation: OperationDefinitionNode) -> Price:
        root = cast(GraphQLObjectType, self.schema.get_root_type(operation.operation))
        total = Estimate()
        for nodes in self._collected([operation.selection_set], root).values():
            total += self._root_field(nodes, root, operation.operation)
        reads = operation.operation is OperationType.QUERY
        return Price(total, self.statements if reads else 0)

    def _root_field(self, nodes: Sequence[FieldNode], root: GraphQLObjectType, kind: OperationType) -> Estimate:
        name = nodes[0].name.value
        if name == "__typename":
            return Estimate(FIELD)
        if name.startswith("__"):
            return Estimate(INTROSPECTION)
        field = root.fields[name]
        target = get_named_type(field.type)
        if _is_page(field, target):
            self._count_reads(1)
            return Estimate(STATEMENT) + self._page(nodes, target, ROOT)
        if "groupBy" in field.args:
            self._count_reads(1)
            return (
                Estimate(STATEMENT + ROOT.count)
                + self._chosen(nodes, ROOT, grouped=True)
                + self._value(nodes, field, target)
            )
        if target.name in self.records or isinstance(target, GraphQLInterfaceType):
            # Whose type an id is of, is found out by looking for it in each.
            kinds = len(self.schema.get_possible_types(target)) if is_abstract_type(target) else 1
            self._count_reads(1)
            return Estimate(STATEMENT + LOOK * (kinds - 1)) + self._value(nodes, field, target)
        is_change = kind is OperationType.MUTATION or target.name in REHEARSED
        base = MUTATION if is_change else OTHER
        self._count_reads(1)
        sizes = [Estimate(ITEM).times(handed(argument.value)) for argument in nodes[0].arguments or ()]
        return sum(sizes, Estimate(base)) + self._value(nodes, field, target)

    def _chosen(self, nodes: Sequence[FieldNode], rates: Rates, *, looks: int = 1, grouped: bool = False) -> Estimate:
        arguments = _arguments(nodes)
        if "view" in arguments and not self.names_views:
            self.names_views = True
            self._count_reads(1)
        return chosen(arguments, rates, looks=looks, grouped=grouped)

    def _count_reads(self, count: int) -> None:
        self.statements += STATEMENTS_OF_A_READ * count

    def _value(self, nodes: Sequence[FieldNode], field: Any, target: Any) -> Estimate:
        """A field that is no page, with what is selected of it."""
        own = Estimate(RECORD if target.name in self.records else FIELD)
        inside = [node.selection_set for node in nodes if node.selection_set]
        if not inside:
            return own
        kinds = self.schema.get_possible_types(target) if is_abstract_type(target) else (target,)
        for kind in kinds:
            own += self._fields(inside, cast(GraphQLObjectType, kind))
        is_list = isinstance(get_nullable_type(field.type), GraphQLList)
        return own.times(UNPAGED) if is_list else own

    def _fields(self, selections: Sequence[SelectionSetNode], parent: GraphQLObjectType) -> Estimate:
        total = Estimate()
        for nodes in self._collected(selections, parent).values():
            name = nodes[0].name.value
            if name == "__typename":
                total += Estimate(FIELD)
                continue
            field = parent.fields[name]
            target = get_named_type(field.type)
            if _is_page(field, target):
                total += self._page(nodes, target, INNER)
            else:
                if target.name in self.records and not self._is_in_record(parent):
                    self._count_reads(1)
                total += self._value(nodes, field, target)
        return total

    def _is_in_record(self, parent: GraphQLObjectType) -> bool:
        """Whether the fields of a type come with a record, in its one statement."""
        return parent.name.removesuffix("Custom") in self.records or parent.name.endswith(("Edge", "Connection"))

    def _page(self, nodes: Sequence[FieldNode], connection: Any, rates: Rates) -> Estimate:
        arguments = _arguments(nodes)
        total = Estimate(rates.page)
        each, counted, listed = Estimate(RECORD), False, False
        for parts in self._collected([node.selection_set for node in nodes if node.selection_set], connection).values():
            name = parts[0].name.value
            inside = [node.selection_set for node in parts if node.selection_set]
            if name == "totalCount":
                counted = True
                total += Estimate(rates.count)
            elif name in ("nodes", "edges"):
                listed = True
                each += self._fields(inside, get_named_type(connection.fields[name].type))
            else:
                total += Estimate(rates.page)
        # The records are looked for and counted, each with the filter.
        total += self._chosen(nodes, rates, looks=2 if counted and listed else 1)
        return total + each.times(page_size(arguments))

    def _collected(
        self, selections: Iterable[SelectionSetNode], parent: GraphQLObjectType
    ) -> dict[str, list[FieldNode]]:
        """The fields that apply to ``parent`` by response key, fragments followed, what is skipped left out."""
        found: dict[str, list[FieldNode]] = {}
        for selection in selections:
            self._collect(selection, parent, found)
        return found

    def _collect(
        self, selection: SelectionSetNode, parent: GraphQLObjectType, found: dict[str, list[FieldNode]]
    ) -> None:
        for node in selection.selections:
            if not self._is_included(node):
                continue
            if isinstance(node, FieldNode):
                found.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
                continue
            inner = self.fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
            assert isinstance(inner, FragmentDefinitionNode | InlineFragmentNode)
            condition = inner.type_condition
            if condition is None or self._applies(condition.name.value, parent):
                self._collect(inner.selection_set, parent, found)

    def _applies(self, name: str, parent: GraphQLObjectType) -> bool:
        if name == parent.name:
            return True
        kind = self.schema.get_type(name)
        return isinstance(kind, GraphQLInterfaceType | GraphQLUnionType) and self.schema.is_sub_type(kind, parent)

    def _is_included(self, node: Any) -> bool:
        for directive in node.directives or ():
            name = directive.name.value
            if name in ("skip", "include") and directive.arguments:
                value = directive.arguments[0].value
                if self._flag(value) == (name == "skip"):
                    return False
        return True

    def _flag(self, value: ValueNode) -> bool:
        if isinstance(value, VariableNode):
            return self.variables.get(value.name.value) is True
        return isinstance(value, BooleanValueNode) and value.value


def _arguments(nodes: Sequence[FieldNode]) -> dict[str, ValueNode]:
    return {argument.name.value: argument.value for argument in nodes[0].arguments or ()}


def _is_page(field: Any, target: Any) -> bool:
    return "first" in field.args and target.name.endswith("Connection")
