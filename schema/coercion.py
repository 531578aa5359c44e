"""Values of variables and arguments as their types read them, by functions that are made once for each type and document.

graphql-core walks types and syntax again for each value (https://spec.graphql.org/draft/#sec-Input-Objects.Input-Coercion). What
does not fit is left to it: it knows how to say what is wrong, and where.
"""

from collections.abc import Callable, Iterator
from typing import Any, cast

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    ListValueNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    coerce_input_literal,
    get_argument_values,
    is_leaf_type,
    is_required_input_field,
)
from graphql.execution.values import VariableValues
from graphql.utilities.coerce_input_value import coerce_default_value

from schema.lens import LensedInput, lens_in_force

Read = Callable[[Any], Any]
ReadArguments = Callable[[VariableValues], dict[str, Any]]
_READER = "orderloom.reader"


class Unfit(Exception):
    """The value is none of the type's."""


def reader_of(kind: Any) -> Read:
    """The function that reads values of an input type, a lensed one under the lens of the call.

    It raises :class:`Unfit`, or whatever a scalar raises, for what is no value of the type.
    """
    if isinstance(kind, GraphQLNonNull):
        return _required(reader_of(kind.of_type))
    if isinstance(kind, GraphQLList):
        return _listed(reader_of(kind.of_type))
    if _READER not in kind.extensions:
        kind.extensions[_READER] = _reader_of_named(kind)
    return cast(Read, kind.extensions[_READER])


def _reader_of_named(kind: Any) -> Read:
    if isinstance(kind, LensedInput):
        return _lensed(kind)
    return _object(kind) if isinstance(kind, GraphQLInputObjectType) else _leaf(kind.coerce_input_value)


def _lensed(kind: LensedInput) -> Read:
    name = kind.name

    def lensed(value: Any) -> Any:
        readers = lens_in_force().readers
        if name not in readers:
            readers[name] = _object(kind)
        return readers[name](value)

    return lensed


def _required(read: Read) -> Read:
    def required(value: Any) -> Any:
        if value is None:
            raise Unfit
        return read(value)

    return required


def _listed(read: Read) -> Read:
    def listed(value: Any) -> Any:
        if value is None:
            return None
        # A single value is a list of one.
        return [read(item) for item in value] if isinstance(value, list) else [read(value)]

    return listed


def _leaf(coerce: Read) -> Read:
    def leaf(value: Any) -> Any:
        return None if value is None else coerce(value)

    return leaf


def _object(kind: GraphQLInputObjectType) -> Read:
    fields: list[tuple[str, str, Read, bool, Any]] = []
    is_one_of, finish = kind.is_one_of, kind.out_type

    def given_object(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise Unfit
        # Not before: types hold one another in circles.
        if not fields:
            fields.extend(_fields(kind))
        known = 0
        found: dict[str, Any] = {}
        for name, out_name, read, is_required, default in fields:
            if name in value:
                known += 1
                found[out_name] = read(value[name])
            elif is_required:
                raise Unfit
            elif default is not Undefined:
                found[out_name] = default
        if known != len(value) or (is_one_of and (known != 1 or None in found.values())):
            raise Unfit
        return finish(found)

    return given_object


def _fields(kind: GraphQLInputObjectType) -> Iterator[tuple[str, str, Read, bool, Any]]:
    """Of each field: its name, that of its value, its reader, whether it must be given, and what it is otherwise."""
    for name, field in kind.fields.items():
        required, default = is_required_input_field(field), coerce_default_value(field)
        yield name, field.out_name or name, reader_of(field.type), required, default


def arguments_of(field: GraphQLField, node: FieldNode) -> ReadArguments:
    """The function that reads the arguments of a field in a document from the variables, as ``get_argument_values`` does; it raises
    ``GraphQLError`` as that does."""
    literals = {argument.name.value: argument.value for argument in node.arguments or ()}
    readers = {
        name: _literal(literals[name], argument.type) for name, argument in field.args.items() if name in literals
    }
    if len(readers) < len(field.args):
        # What is not given may have a default, or be missing.
        return lambda variables: get_argument_values(field, node, variables)

    def read(variables: VariableValues) -> dict[str, Any]:
        found = {name: reader(variables) for name, reader in readers.items()}
        if Undefined in found.values():
            return get_argument_values(field, node, variables)
        return found

    return read


def _literal(node: ValueNode, kind: Any) -> Callable[[VariableValues], Any]:
    """The function that gives the value of a literal; Undefined for what is no value of the type."""
    required = isinstance(kind, GraphQLNonNull)
    inner = kind.of_type if required else kind
    if isinstance(node, VariableNode):
        name = node.name.value

        def variable(variables: VariableValues) -> Any:
            value = variables.coerced.get(name, Undefined)
            return Undefined if required and value is None else value

        return variable
    if isinstance(node, ObjectValueNode) and isinstance(inner, GraphQLInputObjectType) and not inner.is_one_of:
        return _literal_object(node, inner)
    if is_leaf_type(inner) and not isinstance(node, ObjectValueNode | ListValueNode):
        constant = coerce_input_literal(node, kind)
        return lambda _variables: constant
    return lambda variables: coerce_input_literal(node, kind, variables)


def _literal_object(node: ObjectValueNode, kind: GraphQLInputObjectType) -> Callable[[VariableValues], Any]:
    given = {field.name.value: field.value for field in node.fields}
    fields = [
        (
            field.out_name or name,
            _literal(given[name], field.type) if name in given else None,
            _variable_name(given.get(name)),
            is_required_input_field(field),
            coerce_default_value(field),
        )
        for name, field in kind.fields.items()
    ]

    def literal_object(variables: VariableValues) -> Any:
        found: dict[str, Any] = {}
        for out_name, read, variable, is_required, default in fields:
            # A variable that was not given is as good as no field.
            if read is None or (variable is not None and variable not in variables.coerced):
                if is_required:
                    return Undefined
                if default is not Undefined:
                    found[out_name] = default
                continue
            value = read(variables)
            if value is Undefined:
                return Undefined
            found[out_name] = value
        return kind.out_type(found)

    return literal_object


def _variable_name(node: ValueNode | None) -> str | None:
    return node.name.value if isinstance(node, VariableNode) else None
