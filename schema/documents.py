"""Documents: parsed, bounded and validated once, then remembered with the plans made for them.

Limits come before work: length and tokens before parsing ends, depth and size (fragments followed) before validation.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
    validate,
)

from schema.lens import Lens
from tenants.callers import Remembered

LONGEST = 200_000
MOST_TOKENS = 10_000
DEEPEST = 24
DEEPEST_VARIABLES = 50
MOST_FIELDS = 3_000
MOST_ROOT_FIELDS = 20
MOST_ALIASES = 200
MOST_OPERATIONS = 20
MOST_ERRORS = 20


@dataclass(eq=False)
class Document:
    """A parsed document, what is wrong with it, and its plans; compared by identity."""

    node: DocumentNode
    fragments: Mapping[str, FragmentDefinitionNode]
    errors: tuple[GraphQLError, ...] = ()
    plans: dict[Any, Any] = field(default_factory=dict)

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation to run. Raises ``GraphQLError`` when the name does not choose exactly one."""
        operations = [node for node in self.node.definitions if isinstance(node, OperationDefinitionNode)]
        if name is None and len(operations) == 1:
            return operations[0]
        for operation in operations:
            if name is not None and operation.name and operation.name.value == name:
                return operation
        raise refused(
            "Unknown operation." if name else "Give operationName: the document has several operations or none."
        )


def refused(message: str, code: str = "BAD_REQUEST") -> GraphQLError:
    return GraphQLError(message, extensions={"code": code})


class Documents:
    """The documents of one process."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self._parsed: Remembered[str, Document] = Remembered(2_000)
        self._validated: Remembered[tuple[str, Lens], Document] = Remembered(5_000)

    def parse(self, text: str) -> Document:
        """The document without its validation. Raises ``GraphQLError`` when it cannot be parsed or breaks a limit."""
        known = self._parsed.get(text)
        if known is not None:
            return known
        if len(text) > LONGEST:
            raise refused(f"The document has {len(text)} characters; at most {LONGEST} are allowed.", "LIMIT_EXCEEDED")
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
        document = Document(node, fragments)
        _Limits(document).check()
        return self._parsed.put(text, document)

    def validated(self, text: str, lens: Lens) -> Document:
        """The document as the lens in force sees it, with its errors. Raises as :meth:`parse` does."""
        key = (text, lens)
        known = self._validated.get(key)
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
        return self._validated.put(key, Document(parsed.node, parsed.fragments, tuple(errors)))


class _Limits:
    """One walk over a document that follows fragments without repeating them."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._known: dict[str, tuple[int, int, int]] = {}
        self._known_roots: dict[str, int] = {}
        self._open: set[str] = set()

    def check(self) -> None:
        operations = [node for node in self.document.node.definitions if isinstance(node, OperationDefinitionNode)]
        _bound("operations", len(operations), MOST_OPERATIONS)
        for operation in operations:
            depth, count, aliases = self._measure(operation.selection_set)
            _bound("levels", depth, DEEPEST)
            _bound("fields", count, MOST_FIELDS)
            _bound("aliases", aliases, MOST_ALIASES)
            _bound("root fields", self._roots(operation.selection_set), MOST_ROOT_FIELDS)
            _bound("variables", len(operation.variable_definitions or ()), MOST_ALIASES)

    def _measure(self, selection_set: SelectionSetNode | None) -> tuple[int, int, int]:
        """Depth, fields and aliases below a selection set."""
        depth = count = aliases = 0
        for node in selection_set.selections if selection_set else ():
            _bound("directives on one field", len(node.directives or ()), 10)
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
            _bound("fields", count, MOST_FIELDS)
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


def _bound(what: str, found: int, most: int) -> None:
    if found > most:
        raise refused(f"The document has too many {what}: {found} of at most {most}.", "LIMIT_EXCEEDED")


def check_variables(variables: Mapping[str, Any]) -> None:
    """Raise ``GraphQLError`` for variables that are nested deeper than anything here can mean."""
    level: list[Any] = list(variables.values())
    for _ in range(DEEPEST_VARIABLES):
        level = [item for value in level if isinstance(value, dict | list) for item in _items(value)]
        if not level:
            return
    raise refused("The variables are nested too deeply.", "LIMIT_EXCEEDED")


def _items(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


def root_names(document: Document, selection_set: SelectionSetNode) -> set[str]:
    """The names of all root fields of an operation, fragments followed."""
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
                fragment = document.fragments.get(node.name.value)
                if fragment is not None:
                    todo.append(fragment.selection_set)
    return names
