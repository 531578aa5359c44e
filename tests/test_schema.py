"""The printed schema is committed and up to date, and says something about everything in it."""

import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    build_schema,
    is_introspection_type,
    is_specified_scalar_type,
    parse,
    validate_schema,
)

import schema.print
from schema.descriptions import INPUTS_OF, SAID
from schema.execution import SCHEMA

PRINTED = Path(schema.print.__file__).with_name("schema.graphql")
OURS = {
    name: made
    for name, made in SCHEMA.type_map.items()
    if not is_introspection_type(made) and not is_specified_scalar_type(made)
}


def test_the_committed_schema_is_the_one_served() -> None:
    """After a change of the schema: ``python -m schema.print > schema/schema.graphql``."""
    assert PRINTED.read_text() == schema.print.printed()


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    """And nothing else."""
    runpy.run_path(str(PRINTED.with_name("print.py")), run_name="__main__")
    assert capsys.readouterr() == (PRINTED.read_text(), "")


def test_the_printed_schema_is_sound() -> None:
    """Others can build it from the file alone, and it obeys every rule of the language."""
    text = PRINTED.read_text()
    parse(text)
    assert validate_schema(build_schema(text)) == []
    assert validate_schema(SCHEMA) == []


def undescribed() -> Iterator[str]:
    for name, made in OURS.items():
        if not made.description:
            yield name
        if isinstance(made, GraphQLObjectType | GraphQLInterfaceType):
            for field_name, field in made.fields.items():
                if not field.description:
                    yield f"{name}.{field_name}"
                yield from (
                    f"{name}.{field_name}({argument})"
                    for argument, found in field.args.items()
                    if not found.description
                )
        elif isinstance(made, GraphQLInputObjectType):
            yield from (f"{name}.{field_name}" for field_name, found in made.fields.items() if not found.description)
        elif isinstance(made, GraphQLEnumType):
            yield from (f"{name}.{value}" for value, found in made.values.items() if not found.description)


def test_everything_has_a_description() -> None:
    """Types, fields, arguments, inputs and enum values: the explorer and the console show them to people."""
    assert list(undescribed()) == []


def test_no_description_is_for_nothing() -> None:
    """What ``schema.descriptions`` says is said of something that exists."""
    places = {f"{name}.{field}" for name, made in OURS.items() for field in getattr(made, "fields", {})}
    places |= {
        f"{name}.{value}" for name, made in OURS.items() if isinstance(made, GraphQLEnumType) for value in made.values
    }
    arguments = {
        f"{name}.{field_name}.{argument}"
        for name, made in OURS.items()
        if isinstance(made, GraphQLObjectType)
        for field_name, field in made.fields.items()
        for argument in field.args
    }
    known = places | arguments
    last = {place.rpartition(".")[2] for place in known}
    assert [said for said in SAID if said not in (known if "." in said else last)] == []
    assert set(INPUTS_OF) <= set(OURS)


def test_every_mutation_takes_one_input_and_tells_why_not() -> None:
    """DESIGN 10: one ``input``, and a union of the payload and the refusals, each of them a Problem."""
    mutations = SCHEMA.mutation_type
    assert mutations is not None
    for name, field in mutations.fields.items():
        if name in ("signOut", "revokeOtherSessions"):
            continue
        assert [str(argument.type) for argument in field.args.values()] == [f"{name[0].upper()}{name[1:]}Input!"]
        assert list(field.args) == ["input"]
        union = SCHEMA.get_type(str(field.type).rstrip("!"))
        assert isinstance(union, GraphQLUnionType), name
        payload = union.types[0]
        refusals = [member for member in union.types if not member.name.endswith("Payload")]
        assert payload.name.endswith("Payload")
        assert refusals
        assert all([interface.name for interface in refusal.interfaces] == ["Problem"] for refusal in refusals)


def test_every_list_is_a_connection() -> None:
    """Whatever has pages has the same arguments and the same answer, as Relay asks for."""
    connections = 0
    for made in OURS.values():
        for name, field in (made.fields if isinstance(made, GraphQLObjectType) else {}).items():
            if str(field.type).endswith("Connection!"):
                connections += 1
                assert {"where", "orderBy", "first", "after", "last", "before"} <= set(field.args), name
                target = OURS[str(field.type).rstrip("!")]
                assert isinstance(target, GraphQLObjectType)
                assert list(target.fields) == ["edges", "nodes", "pageInfo", "totalCount"]
    assert connections > 10
