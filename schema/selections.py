"""From a query's syntax to the selection that the reader compiles.

Fragments are followed, ``@skip`` and ``@include`` decided, fields of the same response key merged, and every scalar argument
becomes a leaf that knows where a later call with other variables finds its value.
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, cast

from graphql import (
    BooleanValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    SelectionNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
    value_from_ast,
)

from tenants.reading.selection import Leaf, Selected, Source, Variables, constant

Fragments = Mapping[str, FragmentDefinitionNode]


def shape(value: Any) -> Any:
    """What of a variable's value can change a statement: structure, presence, flags and enum values, but not scalars."""
    if isinstance(value, dict):
        return tuple((key, shape(item)) for key, item in value.items())
    if isinstance(value, list):
        return tuple(shape(item) for item in value) if value and isinstance(value[0], dict | list | Enum) else "list"
    if value is None or isinstance(value, bool | Enum):
        return value
    return "scalar"


class Selections:
    """Reads the selections of one operation, with its fragments and coerced variables."""

    def __init__(self, schema: GraphQLSchema, fragments: Fragments, variables: Variables) -> None:
        self.schema = schema
        self.fragments = fragments
        self.variables = variables

    def of(self, nodes: Sequence[FieldNode], parent: GraphQLObjectType) -> Selected:
        """The merged selection of field nodes that share a response key on ``parent``."""
        first = nodes[0]
        name = first.name.value
        key = first.alias.value if first.alias else name
        if name == "__typename":
            return Selected(key, name)
        field = parent.fields[name]
        target = get_named_type(field.type)
        inner: tuple[Selected, ...] = ()
        if isinstance(target, GraphQLObjectType):
            inner = self.fields(_inside(nodes), target)
        by_type = (
            {kind.name: self.fields(_inside(nodes), kind) for kind in self.schema.get_possible_types(target)}
            if is_abstract_type(target)
            else {}
        )
        arguments = {
            argument.name.value: value
            for argument in first.arguments or ()
            if (value := self._value(argument.value, field.args[argument.name.value].type)) is not Undefined
        }
        return Selected(key, name, arguments, inner, by_type)

    def fields(self, selections: Sequence[Sequence[SelectionNode]], parent: GraphQLObjectType) -> tuple[Selected, ...]:
        """All fields that apply to ``parent``, in the order of their response keys' first appearance."""
        return tuple(self.of(nodes, parent) for nodes in self.groups(selections, parent).values())

    def groups(
        self, selections: Sequence[Sequence[SelectionNode]], parent: GraphQLObjectType
    ) -> dict[str, list[FieldNode]]:
        """The field nodes that apply to ``parent``, by response key."""
        groups: dict[str, list[FieldNode]] = {}
        for selection in selections:
            self._collect(selection, parent, groups)
        return groups

    def _collect(
        self, selections: Sequence[SelectionNode], parent: GraphQLObjectType, groups: dict[str, list[FieldNode]]
    ) -> None:
        for node in selections:
            if not self._included(node):
                continue
            if isinstance(node, FieldNode):
                groups.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                if condition is None or self._applies(condition.name.value, parent):
                    self._collect(node.selection_set.selections, parent, groups)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self.fragments[node.name.value]
                if self._applies(fragment.type_condition.name.value, parent):
                    self._collect(fragment.selection_set.selections, parent, groups)

    def _applies(self, name: str, parent: GraphQLObjectType) -> bool:
        """Whether a fragment on the type of that name is one on ``parent``: the type, or an interface or a union it belongs to."""
        kind = self.schema.get_type(name)
        return kind is parent or (is_abstract_type(kind) and self.schema.is_sub_type(kind, parent))

    def _included(self, node: SelectionNode) -> bool:
        for directive in node.directives or ():
            name = directive.name.value
            if name in ("skip", "include"):
                value = directive.arguments[0].value if directive.arguments else None
                flag = self._flag(value)
                if flag == (name == "skip"):
                    return False
        return True

    def _flag(self, node: ValueNode | None) -> bool:
        if isinstance(node, VariableNode):
            value = self.variables.get(node.name.value)
            if not isinstance(value, bool):
                # A variable with a default may still be given as null; validation cannot see that.
                message = f"Variable '${node.name.value}' must be true or false, not null."
                raise GraphQLError(message, node, extensions={"code": "BAD_USER_INPUT"})
            return value
        return isinstance(node, BooleanValueNode) and node.value

    def _value(self, node: ValueNode, kind: Any) -> Any:
        """The argument tree of a value in the document."""
        if isinstance(kind, GraphQLNonNull):
            kind = kind.of_type
        if isinstance(node, VariableNode):
            name = node.name.value
            if name not in self.variables:
                return Undefined
            return _variable_tree(self.variables[name], kind, lambda variables: variables[name])
        if isinstance(node, NullValueNode):
            return None
        if isinstance(kind, GraphQLList):
            return self._list(node, kind)
        if isinstance(kind, GraphQLInputObjectType) and isinstance(node, ObjectValueNode):
            found = {
                field.name.value: self._value(field.value, kind.fields[field.name.value].type) for field in node.fields
            }
            return {name: value for name, value in found.items() if value is not Undefined}
        value = value_from_ast(node, kind)
        return value.value if isinstance(value, Enum) else constant(value)

    def _list(self, node: ValueNode, kind: GraphQLList[Any]) -> Any:
        nodes = node.values if isinstance(node, ListValueNode) else (node,)
        items = [item for item in (self._value(item, kind.of_type) for item in nodes) if item is not Undefined]
        # An empty list of objects is still a list that shapes the statement, as one in a variable is.
        if not isinstance(get_named_type(kind), GraphQLInputObjectType) and all(
            isinstance(item, Leaf) for item in items
        ):
            sources = [cast(Leaf, item).source for item in items]
            return Leaf(
                [cast(Leaf, item).value for item in items], lambda variables: [source(variables) for source in sources]
            )
        return items


def _inside(nodes: Sequence[FieldNode]) -> list[Sequence[SelectionNode]]:
    return [node.selection_set.selections for node in nodes if node.selection_set]


def _variable_tree(value: Any, kind: Any, source: Source) -> Any:
    """The argument tree of a variable's coerced value."""
    if isinstance(kind, GraphQLNonNull):
        kind = kind.of_type
    if value is None:
        return None
    if isinstance(kind, GraphQLList):
        inner = get_named_type(kind)
        if isinstance(inner, GraphQLInputObjectType):
            return [_variable_tree(item, kind.of_type, _item(source, place)) for place, item in enumerate(value)]
        return Leaf(value, source)
    if isinstance(kind, GraphQLInputObjectType):
        return {name: _variable_tree(item, kind.fields[name].type, _item(source, name)) for name, item in value.items()}
    if isinstance(kind, GraphQLEnumType) and isinstance(value, Enum):
        return value.value
    return Leaf(value, source)


def _item(source: Source, place: str | int) -> Source:
    return lambda variables: source(variables)[place]
