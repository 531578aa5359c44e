"""One static schema, seen through each company's own fields (FLD): typed, at once, in every process, and for nobody else."""

import asyncio
import gc
import tracemalloc
from typing import Any

import orjson
import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLObjectType, print_schema

from schema.execution import DOCUMENTS, OVERLAYS, SCHEMA, House, Operation, execute
from schema.lens import CLEAR, looking_through
from schema.overlays import INPUTS, Overlays
from tenants.callers import Callers
from tests.conftest import NewCompany
from tests.documents import DEFINE_FIELD, REMOVE_DEFINITION, an_order, done, refused
from tests.examples import FIELDS, define_fields
from tests.harness import Client, Company, Row

pytestmark = pytest.mark.anyio

LOOK = """
{
  output: __type(name: "OrderCustom") { fields { name type { name kind ofType { name ofType { name } } } } }
  input: __type(name: "OrderCustomInput") { inputFields { name } }
  filter: __type(name: "OrderCustomFilter") { inputFields { name type { name } } }
  order: __type(name: "OrderCustomOrderBy") { inputFields { name type { name } } }
  holder: __type(name: "Order") { fields { name } }
  create: __type(name: "CreateOrderInput") { inputFields { name } }
}
"""
NO_CUSTOM = "Cannot query field 'custom' on type 'Order'. Did you mean 'customer'?"
DEFINE = {"object": "order", "label": {"en": "Score", "zh": "评分"}}
USE = """
query ($least: Decimal) {
  orders(where: {custom: {score: {gte: $least}}}, orderBy: [{custom: {score: DESC}}]) { nodes { custom { score } } }
}
"""


async def test_a_new_field_is_typed_in_the_very_next_request(
    company: Company, client: Client, callers: Callers
) -> None:
    """FLD-1: output, input, filter, ordering, introspection and SDL, in this process and in one that has not heard of it."""
    other_process = House(company.database, Callers(company.database))

    async def elsewhere(document: str, variables: Row | None = None) -> Row:
        operation = Operation(document, None, variables)
        answer = await execute(other_process, operation, token=company.owner.token, language="en", request_id="r")
        found: Row = orjson.loads(answer.body)
        return found

    # Both processes know the company without the field.
    for ask in (company.graphql, elsewhere):
        assert (await ask(LOOK))["data"]["output"] is None
        assert (await ask(USE))["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    await done(company, DEFINE_FIELD, key="score", type="decimal", **DEFINE)
    for ask in (elsewhere, company.graphql):
        assert (await ask(USE, {"least": "1"})) == {"data": {"orders": {"nodes": []}}}
    for score in ("1.5", "0.5", "10"):
        await an_order(company, custom={"score": score})
    for ask in (elsewhere, company.graphql):
        nodes = [{"custom": {"score": "10"}}, {"custom": {"score": "1.5"}}]
        assert (await ask(USE, {"least": "1"})) == {"data": {"orders": {"nodes": nodes}}}
        found = (await ask(LOOK))["data"]
        decimal = {"name": "Decimal", "kind": "SCALAR", "ofType": None}
        assert found["output"] == {"fields": [{"name": "score", "type": decimal}]}
        assert found["input"] == {"inputFields": [{"name": "score"}]}
        assert found["filter"] == {"inputFields": [{"name": "score", "type": {"name": "DecimalFilter"}}]}
        assert found["order"] == {"inputFields": [{"name": "score", "type": {"name": "SortDirection"}}]}
        assert {"name": "custom"} in found["holder"]["fields"]
        assert {"name": "custom"} in found["create"]["inputFields"]
    answer = await company.graphql(DEFINE_ORDER, {"input": {"lines": [], "custom": {"colour": 1}}})
    assert answer["errors"][0]["message"] == (
        "Variable '$input' has invalid value at .custom: Expected value of type 'OrderCustomInput' not to include unknown"
        " field 'colour', found: {'colour': 1}."
    )


DEFINE_ORDER = "mutation ($input: CreateOrderInput!) { createOrder(input: $input) { __typename } }"


async def test_a_process_without_news_validates_anew(company: Company, client: Client) -> None:
    """A document that this process has refused is accepted once the field exists, and refused again once it is gone."""
    document = "{ orders { nodes { custom { score } } } }"
    assert "errors" in await company.graphql(document)
    await done(company, DEFINE_FIELD, key="score", type="decimal", **DEFINE)
    await an_order(company, custom={"score": "1"})
    assert (await company.data(document))["orders"]["nodes"] == [{"custom": {"score": "1"}}]
    await done(company, REMOVE_DEFINITION, kind="field", key="order.score")
    answer = await company.graphql(document)
    assert [error["message"] for error in answer["errors"]] == [NO_CUSTOM]
    assert (await company.data(LOOK))["output"] is None
    # The values are kept: the field can come back.
    assert (await company.rows("SELECT custom FROM orders"))[0]["custom"] == {"score": "1"}


async def test_other_companies_see_nothing(company: Company, client: Client, new_company: NewCompany) -> None:
    """Neither in validation nor in introspection, input or suggestions."""
    other = await new_company()
    await define_fields(company, {"order.secret_plan": {"type": "select", "options": ["attack"]}})
    document = "{ orders { nodes { custom { secret_plan } } } }"
    await company.data(document)
    assert [error["message"] for error in (await other.graphql(document))["errors"]] == [NO_CUSTOM]
    whole = await other.data("{ __schema { types { name fields { name } inputFields { name } enumValues { name } } } }")
    assert "secret_plan" not in str(whole)
    assert "attack" not in str(whole)
    whole = await company.data("{ __schema { types { name enumValues { name } } } }")
    assert {"name": "OrderField_secret_plan", "enumValues": [{"name": "attack"}]} in whole["__schema"]["types"]
    problem = await other.graphql(DEFINE_ORDER, {"input": {"lines": [], "custom": {"secret_plan": "attack"}}})
    (error,) = problem["errors"]
    assert error["message"] == (
        "Variable '$input' has invalid value: Expected value of type 'CreateOrderInput' not to include unknown field"
        " 'custom'. Did you mean 'customer'? Found: {'lines': [], 'custom': {'secret_plan': 'attack'}}."
    )


async def test_one_key_of_two_types_at_the_same_time(company: Company, client: Client, new_company: NewCompany) -> None:
    """Two companies whose field has one key and two types, 200 requests interleaved: each is typed and answered as its own."""
    other = await new_company()
    await define_fields(company, {"order.grade": {"type": "integer"}})
    await define_fields(other, {"order.grade": {"type": "select", "options": ["A", "B"]}})
    await an_order(company, custom={"grade": 7})
    await an_order(other, custom={"grade": "B"})
    document = '{ __type(name: "OrderCustom") { fields { type { name } } } orders { nodes { custom { grade } } } }'
    filtered = "query ($w: OrderFilter) { orders(where: $w) { totalCount } }"

    async def ask(asked: Company, place: int) -> Row:
        if place % 4 < 2:
            return await asked.graphql(document)
        right: Any = 7 if asked is company else "B"
        wrong: Any = "B" if asked is company else 7
        return await asked.graphql(filtered, {"w": {"custom": {"grade": {"eq": right if place % 4 == 2 else wrong}}}})

    companies = (company, other)
    answers = await asyncio.gather(*(ask(companies[place % 2], place // 2) for place in range(200)))
    for place, answer in enumerate(answers):
        name, value = (("Int", 7), ("OrderField_grade", "B"))[place % 2]
        match place // 2 % 4:
            case 0 | 1:
                fields = {"fields": [{"type": {"name": name}}]}
                assert answer == {"data": {"__type": fields, "orders": {"nodes": [{"custom": {"grade": value}}]}}}
            case 2:
                assert answer == {"data": {"orders": {"totalCount": 1}}}
            case 3:
                assert "data" not in answer
                assert name in answer["errors"][0]["message"]


async def test_select_fields_are_enums(company: Company, client: Client) -> None:
    """Options are enum values with their labels; an archived one is deprecated, still read, and not to be chosen anew."""
    options: list[Row] = [{"key": "red", "label": {"en": "Red"}}, {"key": "blue", "label": {"en": "Blue"}}]
    field: Row = {"object": "order", "key": "colour", "type": "select", "label": {"en": "Colour"}}
    await done(company, DEFINE_FIELD, **field, options=options, help={"en": "Of the case."})
    order = await an_order(company, custom={"colour": "blue"})
    options[1]["archived"] = True
    await done(company, DEFINE_FIELD, **field, options=options)
    found = await company.data(
        '{ __type(name: "OrderField_colour") { kind description'
        " enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } } }"
    )
    reason = "Archived: kept by old records, not to be chosen anew."
    assert found["__type"] == {
        "kind": "ENUM",
        "description": "Colour",
        "enumValues": [
            {"name": "red", "description": "Red", "isDeprecated": False, "deprecationReason": None},
            {"name": "blue", "description": "Blue", "isDeprecated": True, "deprecationReason": reason},
        ],
    }
    assert await company.data(
        "{ orders(where: {custom: {colour: {eq: blue}}}) { nodes { id custom { colour } } } }"
    ) == {"orders": {"nodes": [{"id": order["id"], "custom": {"colour": "blue"}}]}}
    create = (
        'mutation { result: createOrder(input: {lines: [{name: "x", unitPrice: "1"}], custom: {colour: blue}})'
        " { __typename ... on InvalidInput { errors { path message } } } }"
    )
    assert await company.data(create) == {
        "result": {
            "__typename": "InvalidInput",
            "errors": [{"path": ["custom", "colour"], "message": "blue is not one of the options: red."}],
        }
    }


async def test_the_printed_schema_follows_the_company(company: Company, client: Client) -> None:
    """The SDL under a company's lens holds its fields, and only there; the static schema is never touched."""
    before = print_schema(SCHEMA)
    await define_fields(company, {"product.shelf": {"type": "text", "help": {"en": "Where it lies."}}})
    lens = OVERLAYS.lens((await company.caller()).config)
    with looking_through(lens):
        seen = print_schema(SCHEMA)
    assert 'type ProductCustom {\n  """product.shelf: Where it lies."""\n  shelf: String\n}' in seen
    assert "shelf" not in before
    assert print_schema(SCHEMA) == before


async def test_validation_is_remembered_per_lens(company: Company, client: Client, new_company: NewCompany) -> None:
    """Companies without fields share one validated document; a company with fields has its own, for each version."""
    other = await new_company()
    document = "{ orders { nodes { id } } } # remembered"
    plain = OVERLAYS.lens((await other.caller()).config)
    assert plain is CLEAR is OVERLAYS.lens(None)
    await define_fields(company, {"order.a": {"type": "text"}})
    first = OVERLAYS.lens((await company.caller()).config)
    assert OVERLAYS.lens((await company.caller()).config) is first is not CLEAR
    await define_fields(company, {"order.b": {"type": "text"}})
    second = OVERLAYS.lens((await company.caller()).config)
    documents = {}
    for lens in (plain, first, second):
        with looking_through(lens):
            documents[lens] = DOCUMENTS.validated(document, lens)
            assert DOCUMENTS.validated(document, lens) is documents[lens]
    assert len({id(found) for found in documents.values()}) == 3
    assert len({id(found.node) for found in documents.values()}) == 1


async def test_fifty_fields_cost_kilobytes(company: Company) -> None:
    """DESIGN 5: a tenant's lens with 50 fields of all types, links with their other sides among them, stays under 200 KB."""
    plain = [
        {"type": key} for key in ("long_text", "email", "phone", "url", "percent", "time", "duration", "json", "money")
    ]
    links = [{"type": "member"}, {"type": "address"}, *({"type": key, "target": "order"} for key in ("link", "links"))]
    kinds = [*FIELDS.values(), *plain, *links]
    fields: dict[str, Row] = {f"order.field_{place}": dict(kinds[place % len(kinds)]) for place in range(45)}
    for place, body in enumerate([body for body in fields.values() if "target" in body]):
        body["reverse"] = {"key": f"other_{place}", "label": {"en": "Other side"}}
    await define_fields(company, fields)
    config = (await company.caller()).config
    assert len(config.own["order"]) == 49
    overlays = Overlays(SCHEMA.type_map)
    gc.collect()
    tracemalloc.start()
    lens = overlays.lens(config)
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(lens.types["OrderCustom"].fields) == 49  # type: ignore[attr-defined]
    assert size < 200_000


async def test_every_place_that_takes_own_fields_shows_them(company: Company) -> None:
    """Whatever type has a ``custom`` in the product gets the company's own, under all record types that can have fields."""
    await define_fields(company, {f"{name}.extra": {"type": "text"} for name in ("order", "customer", "product")})
    lens = OVERLAYS.lens((await company.caller()).config)
    with looking_through(lens):
        for name, record in INPUTS.items():
            made = SCHEMA.get_type(name)
            assert isinstance(made, GraphQLInputObjectType)
            assert str(made.fields["custom"].type) == f"{record.title()}CustomInput"
        for record in ("Order", "Customer", "Product"):
            shown = SCHEMA.get_type(record)
            assert isinstance(shown, GraphQLObjectType)
            assert str(shown.fields["custom"].type) == f"{record}Custom!"
    for name in (*INPUTS, "Order", "Customer", "Product", "OrderFilter", "OrderOrderBy"):
        assert "custom" not in SCHEMA.type_map[name].fields  # type: ignore[attr-defined]
    assert not any(isinstance(made, GraphQLEnumType) and "Field_" in made.name for made in SCHEMA.type_map.values())


async def test_keys_that_would_break_the_schema_are_refused(company: Company, client: Client) -> None:
    """Names that GraphQL or filters need for themselves."""
    for key in ("__typename", "9lives", "a-b", "not", "and", "true", "x" * 41, ""):
        problem = await refused(company, DEFINE_FIELD, key=key, type="text", object="order", label={"en": "x"})
        assert problem["__typename"] == "InvalidInput", key
        assert len(problem["errors"]) == 1
