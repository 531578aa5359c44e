"""What cannot be a configuration is refused with a sentence that names the place, in the reader's language, and nothing has changed."""

import pytest

from tests.bad_documents import CASES, levels
from tests.documents import (
    APPLY_CONFIGURATION,
    CREATE_ORDER,
    DEFINE_FIELD,
    DEFINE_STATUS,
    REMOVE_DEFINITION,
    an_order,
    bad_values,
    done,
    refused,
    unchanged,
)
from tests.harness import Client, Company


@pytest.mark.parametrize("name", CASES)
async def test_a_document_is_refused_where_it_is_wrong(company: Company, client: Client, name: str) -> None:
    case = CASES[name]
    admin = await company.add_person("admin", language="zh")
    given = {"document": f"orderloom: 1\n{case.body}", "merge": True}
    async with unchanged(company):
        problem = await refused(company, APPLY_CONFIGURATION, **given)
        chinese = await refused(company, APPLY_CONFIGURATION, admin, **given)
    told = [(".".join(error["path"]), error["code"], error["message"]) for error in problem["errors"]]
    assert told == [(case.place, case.code, case.english)]
    assert [error["message"] for error in chinese["errors"]] == [case.chinese]


@pytest.mark.parametrize("text", ["", "fields: {}", "orderloom: 2", "- orderloom", "true"])
async def test_what_is_no_document(company: Company, client: Client, text: str) -> None:
    async with unchanged(company):
        problem = await refused(company, APPLY_CONFIGURATION, document=text)
    assert problem["message"] == "The document must begin with the line 'orderloom: 1'."


FORMULAS = {
    "parentheses": "(" * 900 + "1" + ")" * 900,
    "a thousand operators": "1" + "+1" * 999,
    "a power of powers": "9 ** 9 ** 9",
    "itself": "custom.x + 1",
    "signs": "-" * 1_500 + "1",
}


@pytest.mark.parametrize("name", FORMULAS)
async def test_a_formula_bomb(company: Company, client: Client, name: str) -> None:
    """Refused while it is read, at its place."""
    given = {"object": "order", "key": "x", "type": "formula", "label": {"en": "X"}, "expression": FORMULAS[name]}
    async with unchanged(company):
        problem = await refused(company, DEFINE_FIELD, **given)
    assert set(bad_values(problem)) == {"field.order.x" if name == "itself" else "field.order.x.expression"}


async def test_formulas_in_a_circle_of_three(company: Company, client: Client) -> None:
    """Each of them is named."""
    names = ("a", "b", "c")
    body = ", ".join(
        f"order.{name}: {{label: {{en: X}}, type: formula, expression: custom.{other} + 1}}"
        for name, other in zip(names, ("b", "c", "a"), strict=True)
    )
    async with unchanged(company):
        problem = await refused(
            company, APPLY_CONFIGURATION, document=f"orderloom: 1\nfields: {{{body}}}\n", merge=True
        )
    assert {".".join(error["path"][:2]) for error in problem["errors"]} <= {"field.order"} | {
        f"field.order.{name}" for name in names
    }
    assert all("order." in error["message"] or "custom." in error["message"] for error in problem["errors"])


async def test_a_pattern_that_never_ends(company: Company, client: Client) -> None:
    """A pattern that takes ages elsewhere is run in a time that grows with the text alone, against the worst of texts."""
    await done(company, DEFINE_FIELD, object="order", key="x", type="text", label={"en": "X"}, pattern="(a+)+$")
    hostile = "a" * 5_000 + "!"
    async with unchanged(company):
        problem = await refused(company, CREATE_ORDER, lines=[{"name": "W", "unitPrice": "1"}], custom={"x": hostile})
    assert set(bad_values(problem)) == {"custom.x"}


DEEP = levels(1_000)
NESTED = {
    "filter": f"{{ result: orders(where: {DEEP}) {{ totalCount }} }}",
    "rule": f"""mutation {{ result: defineRule(input: {{object: "order", key: "r", effect: REQUIRE, fields: ["notes"], when: {DEEP}}})
        {{ __typename }} }}""",
    "gate": f"""mutation {{ result: defineStatus(input: {{key: "draft", label: {{en: "D"}}, category: "open", initial: true,
        gate: {{entry: {DEEP}}}}}) {{ __typename }} }}""",
}


@pytest.mark.parametrize("where", NESTED)
async def test_a_condition_1000_levels_deep(company: Company, client: Client, where: str) -> None:
    """Not even parsed; the sentence says how deep a document may be."""
    async with unchanged(company):
        answer = await company.graphql(NESTED[where])
    assert "data" not in answer
    (error,) = answer["errors"]
    assert "deep" in error["message"], error


async def test_more_definitions_than_there_can_be(company: Company, client: Client) -> None:
    fields = "".join(f"  order.f{place}: {{label: {{en: F}}, type: text}}\n" for place in range(5_001))
    async with unchanged(company):
        problem = await refused(company, APPLY_CONFIGURATION, document=f"orderloom: 1\nfields:\n{fields}", merge=True)
    assert (problem["__typename"], problem["message"]) == (
        "LimitExceeded",
        "5001 entries; at most 5000 are allowed.",
    )


async def test_two_initial_statuses(company: Company, client: Client) -> None:
    given = {"key": "held", "label": {"en": "Held"}, "category": "open", "initial": True}
    async with unchanged(company):
        problem = await refused(company, DEFINE_STATUS, **given)
    assert problem["errors"] == [
        {
            "path": ["status"],
            "code": "CONFIG_INITIAL",
            "message": "2 statuses are marked as initial; exactly one must be.",
        }
    ]


async def test_a_type_change_that_loses_data(company: Company, client: Client) -> None:
    given = {"object": "order", "key": "x", "label": {"en": "X"}}
    await done(company, DEFINE_FIELD, **given, type="text")
    await an_order(company, custom={"x": "not a number"})
    async with unchanged(company):
        problem = await refused(company, DEFINE_FIELD, **given, type="integer")
    assert bad_values(problem) == {"field.order.x.type": "CONFIG_TYPE_CHANGE"}


async def test_an_archived_field_that_a_rule_needs(company: Company, client: Client) -> None:
    await done(company, DEFINE_FIELD, object="order", key="x", label={"en": "X"}, type="text")
    body = "rules: {noted: {record_type: order, effect: require, fields: [custom.x]}}"
    await done(company, APPLY_CONFIGURATION, document=f"orderloom: 1\n{body}\n", merge=True)
    async with unchanged(company):
        problem = await refused(company, REMOVE_DEFINITION, kind="field", key="order.x")
    assert bad_values(problem) == {"field.order.x": "CONFIG_NEEDED_OPEN"}
    assert "by: rule 'noted'." in problem["message"]


async def test_signs_that_people_use_are_taken(company: Company, client: Client) -> None:
    """Emoji with their joiners, and texts from right to left without marks."""
    label = {"en": "👩\u200d🔧 Repair", "zh": "维修 🔧"}
    applied = await done(company, DEFINE_FIELD, object="order", key="x", label=label, type="text")
    assert applied["changes"][0]["sentence"] == "Add field 'order.x' (👩\u200d🔧 Repair)"
    await done(company, DEFINE_FIELD, object="order", key="y", label={"en": "תיקון"}, type="text")
