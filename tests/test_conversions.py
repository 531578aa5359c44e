"""Conversions of fields to other types (X-12), through GraphQL: planned, done at once, told, and taken back."""

from typing import Any

from tenants.transaction import new_id
from tests.documents import (
    DEFINE_FIELD,
    REMOVE_DEFINITION,
    UPDATE_ORDER,
    an_order,
    bad_values,
    done,
    mutation,
    refused,
    unchanged,
)
from tests.harness import Client, Company, Drain, Row, Statements

CONVERSION = "id field fromType toType state total done failed problems reverts comment author version"
CONVERT = mutation("convertField", "FieldConversion", f"conversion {{ {CONVERSION} }}")
REVERT = mutation("revertFieldConversion", "FieldConversion", f"conversion {{ {CONVERSION} }}")
REVERT_CHANGE_SET = mutation("revertChangeSet", "Configuration", "version changes { kind key sentence }")
_PLANNED = """
  records values converted failed failures { recordId record value reason } madeOptions { key label } atOnce
  plan { version changes { kind key sentence dependents { kind key } } problems { path code } }
"""
PLAN = f"query($of: FieldConversionInput!) {{ plan: planFieldConversion(conversion: $of) {{ {_PLANNED} }} }}"
PLAN_BACK = f"query($id: ID!) {{ plan: planFieldConversionRevert(id: $id) {{ {_PLANNED} }} }}"
CONVERSIONS = f"{{ fieldConversions {{ {CONVERSION} finishedAt }} }}"
FAILURES = """
query($id: ID!, $first: Int, $after: ID) {
  failures: fieldConversionFailures(id: $id, first: $first, after: $after) { recordId record value reason }
}
"""


async def plan(company: Company, key: str, to: str, **given: Any) -> Row:
    of = {"object": "order", "key": key, "type": to, **given}
    found: Row = (await company.data(PLAN, {"of": of}))["plan"]
    return found


async def convert(company: Company, key: str, to: str, **given: Any) -> Row:
    return await done(company, CONVERT, object="order", key=key, type=to, **given)


async def a_field(company: Company, key: str, type_: str = "text", **given: Any) -> None:
    await done(company, DEFINE_FIELD, object="order", key=key, type=type_, label={"en": key.title()}, **given)


async def orders_with(company: Company, key: str, *values: Any) -> list[str]:
    return [(await an_order(company, custom={key: value}))["id"] for value in values]


async def values_of(company: Company, key: str, selected: str = "") -> list[Any]:
    """What all orders have, in the order in which they were made."""
    answer = await company.data(
        f"{{ orders(first: 100) {{ nodes {{ number custom {{ value: {key} {selected} }} }} }} }}"
    )
    return [node["custom"]["value"] for node in sorted(answer["orders"]["nodes"], key=lambda node: node["number"])]


async def found_by(company: Company, where: str) -> int:
    answer = await company.data(f"{{ orders(where: {where}) {{ totalCount }} }}")
    count: int = answer["orders"]["totalCount"]
    return count


async def test_a_plan_says_what_a_conversion_does(company: Company, client: Client, work: Drain) -> None:
    """Every value is tried, those that do not fit are named with their record, and the conversion does just that."""
    await a_field(company, "weight")
    ids = await orders_with(company, "weight", "12.5", "7", "about 3", None)
    async with unchanged(company):
        planned = await plan(company, "weight", "decimal")
    assert {name: planned[name] for name in ("records", "values", "converted", "failed", "atOnce")} == {
        "records": 4, "values": 3, "converted": 2, "failed": 1, "atOnce": True,
    }  # fmt: skip
    (failure,) = planned["failures"]
    assert (failure["recordId"], failure["value"]) == (ids[2], "about 3")
    assert (
        failure["reason"] == 'about 3 is not a decimal number. Write it like "1234.50", without thousands separators.'
    )
    assert [change["sentence"] for change in planned["plan"]["changes"]] == [
        "Change field 'order.weight' (Weight): type from 'text' to 'decimal'"
    ]
    async with unchanged(company):
        problem = await refused(company, CONVERT, object="order", key="weight", type="decimal")
    assert bad_values(problem) == {"type": "CONVERSION_REFUSED"}
    begun = await convert(company, "weight", "decimal", otherwise="LEAVE_EMPTY", comment="numbers")
    assert (begun["fromType"], begun["toType"], begun["failed"], begun["total"]) == ("text", "decimal", 1, 4)
    assert await values_of(company, "weight") == ["12.5", "7", None, None]
    assert await found_by(company, '{custom: {weight: {gt: "7"}}}') == 1
    await work()
    ((told),) = (await company.data(CONVERSIONS))["fieldConversions"]
    assert (told["state"], told["comment"], told["author"]) == ("DONE", "numbers", "Olga Owner")
    listed = (await company.data(FAILURES, {"id": told["id"]}))["failures"]
    assert listed == [failure]
    assert (await company.data(FAILURES, {"id": told["id"], "after": ids[2]}))["failures"] == []


async def test_there_and_back(company: Company, client: Client, work: Drain) -> None:
    """The old values are back as they were written, those that could not be converted too; what was written since is converted back."""
    await a_field(company, "weight")
    ids = await orders_with(company, "weight", "12.50 ", "007", "about 3", "9", "10", None)
    begun = await convert(company, "weight", "decimal", otherwise="LEAVE_EMPTY")
    for order, value in ((ids[3], "9.75"), (ids[4], None), (ids[5], "1.5")):
        await done(company, UPDATE_ORDER, id=order, custom={"weight": value})
    await an_order(company, custom={"weight": "4.0"})
    assert await values_of(company, "weight") == ["12.50", "7", None, "9.75", None, "1.5", "4.0"]
    async with unchanged(company):
        planned = (await company.data(PLAN_BACK, {"id": begun["id"]}))["plan"]
    assert (planned["failed"], planned["values"]) == (0, 5)
    back = await done(company, REVERT, id=begun["id"])
    assert (back["reverts"], back["fromType"], back["toType"]) == (begun["id"], "decimal", "text")
    assert await values_of(company, "weight") == ["12.50", "007", "about 3", "9.75", None, "1.5", "4.0"]
    assert await found_by(company, '{custom: {weight: {contains: "bout"}}}') == 1
    await work()
    states = {row["id"]: row["state"] for row in (await company.data(CONVERSIONS))["fieldConversions"]}
    assert states == {begun["id"]: "REVERTED", back["id"]: "DONE"}
    # And there again: the way back can be taken back as any other.
    await done(company, REVERT, id=back["id"], otherwise="LEAVE_EMPTY")
    assert await values_of(company, "weight") == ["12.50", "7", None, "9.75", None, "1.5", "4.0"]


async def test_a_way_back_that_would_lose_a_value(company: Company, client: Client) -> None:
    """Its plan names what was written since and cannot go back; then nothing goes back, unless that is to be left empty."""
    await a_field(company, "extra")
    (order,) = await orders_with(company, "extra", "plain")
    begun = await convert(company, "extra", "json")
    await an_order(company, custom={"extra": {"deep": [1]}})
    planned = (await company.data(PLAN_BACK, {"id": begun["id"]}))["plan"]
    assert (planned["converted"], planned["failed"]) == (1, 1)
    assert [failure["value"] for failure in planned["failures"]] == [{"deep": [1]}]
    async with unchanged(company):
        problem = await refused(company, REVERT, id=begun["id"])
    assert bad_values(problem) == {"type": "CONVERSION_REFUSED"}
    back = await done(company, REVERT, id=begun["id"], otherwise="LEAVE_EMPTY")
    assert back["failed"] == 1
    assert await values_of(company, "extra") == ["plain", None]
    assert (await company.data(FAILURES, {"id": back["id"]}))["failures"] == planned["failures"]
    assert order != planned["failures"][0]["recordId"]


async def test_options_of_the_texts_that_occur(company: Company, client: Client, work: Drain) -> None:
    """A text becomes an option; each text that no option has becomes one; a select may then hold several."""
    await a_field(company, "colour")
    await orders_with(company, "colour", "Red", "red ", "Dark Blue", "红", "red")
    planned = await plan(company, "colour", "select", makeOptions=True)
    assert planned["madeOptions"] == [
        {"key": "dark_blue", "label": "Dark Blue"},
        {"key": "red", "label": "Red"},
        {"key": "option", "label": "红"},
    ]
    assert planned["converted"] == 5
    given = [{"key": "rouge", "label": {"en": "Red", "zh": "红"}}]
    planned = await plan(company, "colour", "select", options=given)
    assert (planned["converted"], planned["failed"]) == (4, 1)
    assert planned["failures"][0]["reason"] == "There is no option 'Dark Blue'."
    assert [problem["code"] for problem in (await plan(company, "colour", "select"))["plan"]["problems"]] == [
        "CONFIG_NO_OPTIONS"
    ]
    await convert(company, "colour", "select", makeOptions=True, options=given)
    assert await values_of(company, "colour") == ["rouge", "rouge", "dark_blue", "rouge", "rouge"]
    assert await found_by(company, "{custom: {colour: {eq: dark_blue}}}") == 1
    await convert(company, "colour", "multi_select")
    await work()
    assert await values_of(company, "colour") == [["rouge"], ["rouge"], ["dark_blue"], ["rouge"], ["rouge"]]
    assert await found_by(company, "{custom: {colour: {containsAny: [dark_blue]}}}") == 1


async def test_names_become_members(company: Company, client: Client, work: Drain) -> None:
    """By name or e-mail address; a name that two have leads to neither."""
    await a_field(company, "buddy")
    await company.add_person("member", name="Twin")
    await company.add_person("member", name="Twin")
    await orders_with(company, "buddy", "max member", company.read_only.email.upper(), "Twin", "Nobody")
    planned = await plan(company, "buddy", "member")
    assert [failure["value"] for failure in planned["failures"]] == ["Twin", "Nobody"]
    begun = await convert(company, "buddy", "member", otherwise="LEAVE_EMPTY")
    assert await values_of(company, "buddy", "{ name }") == [
        {"name": "Max Member"},
        {"name": "Rita Reader"},
        None,
        None,
    ]
    assert await found_by(company, '{custom: {buddy: {name: {eq: "Max Member"}}}}') == 1
    await done(company, REVERT, id=begun["id"])
    assert await values_of(company, "buddy") == ["max member", company.read_only.email.upper(), "Twin", "Nobody"]


async def test_amounts_and_days(company: Company, client: Client) -> None:
    """Decimals become money of a currency, and texts days by their form; what is written with a comma is read so."""
    await a_field(company, "fee")
    await a_field(company, "due")
    await orders_with(company, "fee", "1.234,50", "7")
    await orders_with(company, "due", "31.03.2026", "32.03.2026", "2026-03-31")
    await convert(company, "fee", "decimal", decimalComma=True)
    await convert(company, "fee", "money", currency="USD")
    assert await values_of(company, "fee", "{ amount currency }") == [
        {"amount": "1234.50", "currency": "USD"}, {"amount": "7.00", "currency": "USD"}, None, None, None,
    ]  # fmt: skip
    planned = await plan(company, "due", "date", dateFormat="%d.%m.%Y")
    assert [failure["value"] for failure in planned["failures"]] == ["32.03.2026", "2026-03-31"]
    await convert(company, "due", "date", dateFormat="%d.%m.%Y", otherwise="LEAVE_EMPTY")
    assert await values_of(company, "due") == [None, None, "2026-03-31", None, None]
    assert await found_by(company, '{custom: {due: {lt: "2026-04-01"}}}') == 1
    answer = await refused(company, CONVERT, object="order", key="due", type="text", dateFormat="%Q")
    assert bad_values(answer) == {"dateFormat": "CONVERSION_BAD_DATE_FORMAT"}


async def test_a_type_change_that_loses_data_is_refused(company: Company, client: Client) -> None:
    """By definition, by document and by taking back a change set alike: each says what to do instead."""
    await a_field(company, "weight")
    await orders_with(company, "weight", "12.5")
    for document, given in (
        (DEFINE_FIELD, {"object": "order", "key": "weight", "type": "decimal", "label": {"en": "Weight"}}),
        (CONVERT, {"object": "order", "key": "weight", "type": "address"}),
        (CONVERT, {"object": "order", "key": "weight", "type": "text"}),
        (CONVERT, {"object": "order", "key": "height", "type": "decimal"}),
    ):
        async with unchanged(company):
            await refused(company, document, **given)
    problem = await refused(company, DEFINE_FIELD, object="order", key="weight", type="decimal", label={"en": "Weight"})
    assert "convertField" in problem["errors"][0]["message"]
    begun = await convert(company, "weight", "decimal")
    async with unchanged(company):
        problem = await refused(company, REVERT_CHANGE_SET, version=begun["version"])
    assert bad_values(problem) == {"field.order.weight.type": "CONFIG_TYPE_CHANGE"}
    await convert(company, "weight", "text")
    async with unchanged(company):
        problem = await refused(company, REVERT, id=begun["id"])
    assert problem["code"] == "CONVERSION_NOT_THE_LAST"


async def test_what_depends_on_the_field_is_checked(company: Company, client: Client) -> None:
    """A formula over it that would make no sense, a limit that values break, and a view that would ask for what it no longer has."""
    await a_field(company, "weight", "decimal")
    await done(
        company, DEFINE_FIELD, object="order", key="double", type="formula", label={"en": "Double"},
        expression="custom.weight * 2", indexed=True,
    )  # fmt: skip
    await orders_with(company, "weight", "2.0", "3.5")
    planned = await plan(company, "weight", "text")
    (change,) = planned["plan"]["changes"]
    assert {"kind": "field", "key": "order.double"} in change["dependents"]
    assert [problem["path"][:2] for problem in planned["plan"]["problems"]] == [["field", "order.double"]]
    async with unchanged(company):
        problem = await refused(company, CONVERT, object="order", key="weight", type="text")
    assert problem["__typename"] == "InvalidInput"
    planned = await plan(company, "weight", "integer", maximum=1)
    assert (planned["converted"], planned["failed"]) == (0, 2)
    await convert(company, "weight", "integer", otherwise="LEAVE_EMPTY")
    assert await values_of(company, "weight") == [2, None]
    assert await values_of(company, "double") == ["4", None]
    assert await found_by(company, '{custom: {double: {gt: "3"}}}') == 1


async def test_indexes_rules_search_and_history_follow(company: Company, client: Client, work: Drain) -> None:
    """After the switch an index, a unique rule and free text hold the new values, and the history tells the old ones as they were."""
    await a_field(company, "code", indexed=True, unique=True)
    ids = await orders_with(company, "code", "7", "12")
    await convert(company, "code", "integer")
    assert await company.rows("SELECT field FROM order_texts WHERE tenant_id = %(tenant)s") == []
    kept = await company.rows(
        "SELECT is_unique FROM order_numbers WHERE tenant_id = %(tenant)s AND field = 'code' ORDER BY value"
    )
    assert kept == [{"is_unique": True}, {"is_unique": True}]
    problem = await refused(company, UPDATE_ORDER, id=ids[0], custom={"code": 12})
    assert bad_values(problem) == {"custom.code": "VALUE_TAKEN"}
    answer = await company.data("{ orders(orderBy: [{custom: {code: DESC}}]) { nodes { custom { code } } } }")
    assert [node["custom"]["code"] for node in answer["orders"]["nodes"]] == [12, 7]
    await done(company, UPDATE_ORDER, id=ids[0], custom={"code": 8})
    history = await company.data(
        "query($id: ID!) { order(id: $id) { version history(first: 9) { nodes { changes { field from to } } } } }",
        {"id": ids[0]},
    )
    told = [
        (change["from"], change["to"])
        for node in history["order"]["history"]["nodes"]
        for change in node["changes"]
        if change["field"] == "custom.code"
    ]
    assert sorted(told, key=str) == sorted([(None, "7"), (7, 8)], key=str)
    assert history["order"]["version"] == 2
    await work()
    found = await company.data('{ orders(search: "8") { nodes { id } } }')
    assert ids[0] in [node["id"] for node in found["orders"]["nodes"]]


async def test_rules_follow(company: Company, client: Client) -> None:
    """What a rule keeps apart is kept apart as the new type says it, and its conditions are judged on the new values, by row and by SQL."""
    rule = mutation("defineRule", "Configuration", "version")
    await a_field(company, "code")
    await a_field(company, "limit", "integer")
    _, second = await orders_with(company, "code", "07", "12")
    apart = {"key": "apart", "object": "order", "effect": "UNIQUE", "fields": ["custom.code"]}
    await done(company, rule, **apart)
    await convert(company, "code", "integer")
    problem = await refused(company, UPDATE_ORDER, id=second, custom={"code": 7})
    assert bad_values(problem) == {"custom.code": "RULE_TAKEN"}
    for key, when in (
        ("here", {"custom": {"code": {"gt": 20}}}),
        ("there", {"custom": {"code": {"gt": 30}}, "lines": {"some": {"name": {"eq": "Work"}}}}),
    ):
        body = {"key": key, "object": "order", "effect": "REQUIRE", "when": when}
        await done(company, rule, **body, fields=["notes" if key == "here" else "custom.limit"])
    await done(company, UPDATE_ORDER, id=second, custom={"code": 20})
    problem = await refused(company, UPDATE_ORDER, id=second, custom={"code": 31})
    assert bad_values(problem) == {"notes": "RULE_REQUIRED", "custom.limit": "RULE_REQUIRED"}
    await done(company, UPDATE_ORDER, id=second, custom={"code": 31, "limit": 1}, notes="so be it")
    planned = await plan(company, "code", "text")
    assert {problem["path"][1] for problem in planned["plan"]["problems"]} == {"here", "there"}


async def test_doubles_of_the_new_type_are_told(company: Company, client: Client) -> None:
    """Texts that are different may be the same number: of a unique field that is refused."""
    await a_field(company, "code", indexed=True, unique=True)
    await orders_with(company, "code", "7", "07")
    planned = await plan(company, "code", "integer")
    assert (planned["converted"], planned["failed"]) == (1, 1)
    async with unchanged(company):
        problem = await refused(company, CONVERT, object="order", key="code", type="integer")
    assert bad_values(problem) == {"field.order.code.unique": "CONFIG_NOT_UNIQUE"}
    await convert(company, "code", "integer", unique=False)
    assert await values_of(company, "code") == [7, 7]


async def test_who_may_convert(company: Company, client: Client) -> None:
    """Members may not, nor see the values in a plan; another company's conversion is not there."""
    await a_field(company, "weight")
    begun = await convert(company, "weight", "decimal")
    of = {"object": "order", "key": "weight", "type": "text"}
    async with unchanged(company):
        for document, variables in (
            (PLAN, {"of": of}),
            (PLAN_BACK, {"id": begun["id"]}),
            (FAILURES, {"id": begun["id"]}),
        ):
            answer = await company.graphql(document, variables, person=company.member)
            assert answer["errors"][0]["extensions"]["code"] == "NOT_ALLOWED"
        problem = await refused(company, CONVERT, company.member, **of)
        assert problem["right"] == "configuration.update"
        problem = await refused(company, REVERT, company.member, id=begun["id"])
        assert problem["right"] == "configuration.update"
        missing = "00000000-0000-7000-8000-000000000000"
        assert (await refused(company, REVERT, id=missing))["__typename"] == "NotFound"


async def test_a_company_without_conversions_pays_nothing(
    company: Company, client: Client, statements: Statements
) -> None:
    """A save sends as many statements before a conversion as after it."""
    await a_field(company, "weight")
    (order,) = await orders_with(company, "weight", "1")
    statements.clear()
    await done(company, UPDATE_ORDER, id=order, custom={"weight": "2"})
    before = len(statements.work)
    await convert(company, "weight", "decimal")
    await company.data("{ orders { nodes { custom { weight } } } }")
    statements.clear()
    await done(company, UPDATE_ORDER, id=order, custom={"weight": "3"})
    assert len(statements.work) == before


async def test_an_archived_field_cannot_be_converted(company: Company, client: Client) -> None:
    await a_field(company, "weight")
    await done(company, REMOVE_DEFINITION, kind="field", key="order.weight")
    async with unchanged(company):
        problem = await refused(company, CONVERT, object="order", key="weight", type="decimal")
    assert bad_values(problem) == {"key": "CONFIG_MISSING_DEFINITION"}


async def a_conversion(company: Company) -> None:
    """A conversion with a row in each of its tables."""
    await a_field(company, "size")
    await convert(company, "size", "long_text")
    async with company.begin() as tx:
        note = {"id": new_id(), "field": "order.size", "record_id": new_id()}
        await tx.insert("conversion_changes", note)
