"""Documents: parsed, bounded and validated once, then remembered with the plans made for them.

Limits come before work: length and tokens before parsing ends, depth and size (fragments followed) before validation.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Visitor,
    get_variable_values,
    parse,
    validate,
    visit,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource

from schema.coercion import Read, ReadArguments, arguments_of, reader_of
from schema.costs import Prices
from schema.lens import Lens, document_weight
from schema.scanning import MOST_ALIASES, MOST_FIELDS, MOST_TOKENS, bound, check_tokens
from tenants.remembering import Remembered

LONGEST = 200_000
MOST_PARSED = 2_000
ROOM_FOR_PARSED = 16 * 2**20
DEEPEST = 24
DEEPEST_VARIABLES = 50
MOST_VALUES = 20_000
MOST_ROOT_FIELDS = 20
MOST_ERRORS = 20
MOST_VARIABLE_ERRORS = 50
# Arguments that shape a statement not only by being there, but by what they say.
SHAPING = frozenset({"view", "groupBy"})
_NUL = re.compile(r"\x00|\\u(?:0000|\{0+\})")


@dataclass(eq=False)
class Document:
    """A parsed document and what is wrong with it; compared by identity."""

    text: str
    node: DocumentNode
    fragments: Mapping[str, FragmentDefinitionNode]
    errors: tuple[GraphQLError, ...] = ()
    prices: Prices | None = None
    # The variables that fields of it use, by the identity of their nodes.
    used: dict[tuple[int, ...], frozenset[str]] = field(default_factory=dict)
    _root_names: dict[int, frozenset[str]] = field(default_factory=dict)
    _readers: dict[int, list[tuple[GraphQLVariableSignature, Read]]] = field(default_factory=dict)
    _arguments: dict[int, ReadArguments] = field(default_factory=dict)

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation to run. Raises ``GraphQLError`` when the name does not choose exactly one."""
        chosen = self.operations.get(name)
        if chosen is None:
            raise refused(
                "Unknown operation." if name else "Give operationName: the document has several operations or none."
            )
        return chosen

    @cached_property
    def operations(self) -> Mapping[str | None, OperationDefinitionNode]:
        """The operations by name; a lone one is found without its name too."""
        found = [node for node in self.node.definitions if isinstance(node, OperationDefinitionNode)]
        named: dict[str | None, OperationDefinitionNode] = {}
        for node in found:
            named.setdefault(node.name.value if node.name else None, node)
        if len(found) == 1:
            named[None] = found[0]
        else:
            named.pop(None, None)
        return named

    @cached_property
    def shaping_arguments(self) -> tuple[ArgumentNode, ...]:
        """The arguments whose very values shape a statement, wherever they stand: names of views, and what lists are grouped by."""
        found: list[ArgumentNode] = []

        class Collector(Visitor):
            def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
                if node.name.value in SHAPING:
                    found.append(node)

        visit(self.node, Collector())
        return tuple(found)

    def variables(
        self, schema: GraphQLSchema, operation: OperationDefinitionNode, given: Mapping[str, Any]
    ) -> VariableValues | list[GraphQLError]:
        """The coerced variables of an operation, or what is wrong with those that were given.

        graphql-core looks the types of the variables up for each call; here that is remembered.
        """
        definitions = operation.variable_definitions or ()
        readers = self._readers.get(id(operation))
        if readers is None:
            found = [get_variable_signature(schema, definition) for definition in definitions]
            readers = self._readers[id(operation)] = [
                (one, reader_of(one.type)) for one in found if isinstance(one, GraphQLVariableSignature)
            ]
        values = VariableValues({}, {})
        try:
            for one, read in readers:
                values.sources[one.name] = VariableValueSource(one, given[one.name])
                values.coerced[one.name] = read(given[one.name])
        except Exception:  # noqa: BLE001  (scalars raise what they like)
            # Defaults, what may be left out, and what does not fit, take longer to tell apart.
            return get_variable_values(schema, definitions, dict(given), MOST_VARIABLE_ERRORS)
        return values

    def arguments(self, field: GraphQLField, node: FieldNode, variables: VariableValues) -> dict[str, Any]:
        """The coerced arguments of a field of the document. Raises ``GraphQLError`` for a value that is none of its type."""
        read = self._arguments.get(id(node))
        if read is None:
            read = self._arguments[id(node)] = arguments_of(field, node)
        return read(variables)

    def root_names(self, operation: OperationDefinitionNode) -> frozenset[str]:
        """The names of all root fields of an operation, fragments followed."""
        key = id(operation)
        if key not in self._root_names:
            self._root_names[key] = _root_names(self.fragments, operation.selection_set)
        return self._root_names[key]


def refused(message: str, code: str = "BAD_REQUEST") -> GraphQLError:
    return GraphQLError(message, extensions={"code": code})


class Documents:
    """The documents of one process."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self.parsed: Remembered[str, Document] = Remembered(MOST_PARSED, ROOM_FOR_PARSED, document_weight)

    def parse(self, text: str) -> Document:
        """The document without its validation. Raises ``GraphQLError`` when it cannot be parsed or breaks a limit."""
        known = self.parsed.get(text)
        if known is not None:
            return known
        if len(text) > LONGEST:
            raise refused(f"The document has {len(text)} characters; at most {LONGEST} are allowed.", "LIMIT_EXCEEDED")
        _refuse_nul(_NUL.search(text) is not None)
        check_tokens(text)
        try:
            node = parse(text, max_tokens=MOST_TOKENS, allow_empty_selection_sets=False)
        except GraphQLError as error:
            code = "LIMIT_EXCEEDED" if "Parsing aborted" in error.message else "GRAPHQL_PARSE_FAILED"
            error.extensions = {"code": code}
            raise
        fragments = {
            definition.name.value: definition
            for definition in node.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        document = Document(text, node, fragments)
        _Limits(document).check()
        return self.parsed.put(text, document)

    def validated(self, text: str, lens: Lens) -> Document:
        """The document as the lens in force sees it, with its errors. Raises as :meth:`parse` does."""
        known: Document | None = lens.documents.get(text)
        if known is not None:
            return known
        parsed = self.parse(text)
        errors = validate(self.schema, parsed.node, max_errors=MOST_ERRORS)
        for error in errors:
            # Comparing fields of equal names may cost their number squared; graphql-core gives up beyond a budget.
            aborted = error.message == "Validation aborted."
            error.extensions = {"code": "LIMIT_EXCEEDED" if aborted else "GRAPHQL_VALIDATION_FAILED"}
            if aborted:
                error.message = "The document selects the same fields too often to be checked. Ask for less at once."
        prices = None if errors else Prices(self.schema, parsed.node)
        document = Document(text, parsed.node, parsed.fragments, tuple(errors), prices=prices)
        lens.documents.put(text, document)
        return document


class _Limits:
    """One walk over a document that follows fragments without repeating them."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._known: dict[str, tuple[int, int, int]] = {}
        self._known_roots: dict[str, int] = {}
        self._open: set[str] = set()

    def check(self) -> None:
        for operation in self.document.node.definitions:
            if not isinstance(operation, OperationDefinitionNode):
                continue
            depth, count, aliases = self._measure(operation.selection_set)
            bound("levels", depth, DEEPEST)
            bound("fields", count, MOST_FIELDS)
            bound("aliases", aliases, MOST_ALIASES)
            bound("root fields", self._roots(operation.selection_set), MOST_ROOT_FIELDS)

    def _measure(self, selection_set: SelectionSetNode | None) -> tuple[int, int, int]:
        """Depth, fields and aliases below a selection set."""
        depth = count = aliases = 0
        for node in selection_set.selections if selection_set else ():
            if isinstance(node, FragmentSpreadNode):
                inner = self._fragment(node.name.value)
                own = 0
            else:
                inner = self._measure(getattr(node, "selection_set", None))
                own = int(isinstance(node, FieldNode))
                aliases += int(isinstance(node, FieldNode) and node.alias is not None)
            depth = max(depth, own + inner[0])
            count += own + inner[1]
            aliases += inner[2]
            bound("fields", count, MOST_FIELDS)
        return depth, count, aliases

    def _fragment(self, name: str) -> tuple[int, int, int]:
        if name in self._known:
            return self._known[name]
        fragment = self.document.fragments.get(name)
        if fragment is None or name in self._open:
            # Unknown and circular fragments are for validation to name.
            return 0, 0, 0
        self._open.add(name)
        self._known[name] = self._measure(fragment.selection_set)
        self._open.discard(name)
        return self._known[name]

    def _roots(self, selection_set: SelectionSetNode) -> int:
        return sum(1 if isinstance(node, FieldNode) else self._measure_roots(node) for node in selection_set.selections)

    def _measure_roots(self, node: Any) -> int:
        if not isinstance(node, FragmentSpreadNode):
            return self._roots(node.selection_set)
        name = node.name.value
        if name not in self._known_roots:
            # A circle counts nothing; it is for validation to name.
            self._known_roots[name] = 0
            fragment = self.document.fragments.get(name)
            self._known_roots[name] = self._roots(fragment.selection_set) if fragment else 0
        return self._known_roots[name]


def check_variables(variables: Mapping[str, Any]) -> None:
    """Raise ``GraphQLError`` for variables that are nested deeper than anything here can mean, or hold a NUL."""
    level: list[Any] = [variables]
    texts: list[str] = []
    for _ in range(DEEPEST_VARIABLES + 1):
        below: list[Any] = []
        if len(level) > MOST_VALUES:
            raise refused(f"The variables hold more than {MOST_VALUES} values.", "LIMIT_EXCEEDED")
        for value in level:
            if isinstance(value, str):
                texts.append(value)
            elif isinstance(value, dict):
                texts.extend(value)
                below.extend(value.values())
            elif isinstance(value, list):
                below.extend(value)
        if not below:
            _refuse_nul("\x00" in "".join(texts))
            return
        level = below
    raise refused("The variables are nested too deeply.", "LIMIT_EXCEEDED")


def _refuse_nul(found: bool) -> None:
    """PostgreSQL cannot keep NUL characters, wherever they are."""
    if found:
        raise refused("A text holds the character NUL (U+0000), which cannot be stored. Remove it.", "BAD_USER_INPUT")


def _root_names(fragments: Mapping[str, FragmentDefinitionNode], selection_set: SelectionSetNode) -> frozenset[str]:
    names: set[str] = set()
    seen: set[str] = set()
    todo = [selection_set]
    while todo:
        for node in todo.pop().selections:
            if isinstance(node, FieldNode):
                names.add(node.name.value)
            elif isinstance(node, InlineFragmentNode):
                todo.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                fragment = fragments.get(node.name.value)
                if fragment is not None:
                    todo.append(fragment.selection_set)
    return frozenset(names)
