"""Plans: what a change of the configuration would do, told before anything happens; and input that is no configuration."""

from asyncio import gather, sleep

import pytest

from tenants.config import change_sets
from tenants.config.documents import read_document
from tenants.config.shipped_templates import template_names
from tenants.problems import InvalidInput
from tests.documents import (
    APPLY_CONFIGURATION,
    DEFINE_FIELD,
    DEFINE_ROLE,
    REMOVE_DEFINITION,
    an_order,
    bad_values,
    done,
    mutation,
    refused,
    unchanged,
)
from tests.examples import create_orders, define_fields
from tests.harness import Client, Company, Row

PLANNED = """
version
problems { path code message }
changes { kind key sentence destructive values losses remarks dependents { kind key label } }
"""
PLAN = f"query ($document: String!, $merge: Boolean! = false) {{ result: planConfiguration(document: $document, merge: $merge) {{ {PLANNED} }} }}"
PLAN_REMOVAL = (
    f"query ($kind: String!, $key: String!) {{ result: planRemoval(kind: $kind, key: $key) {{ {PLANNED} }} }}"
)
PLAN_TEMPLATE = f"query ($template: String!) {{ result: planTemplate(template: $template) {{ {PLANNED} }} }}"
APPLY_TEMPLATE = mutation("applyTemplate", "Configuration", "version changes { kind key sentence }")
DEFINE_AUTOMATION = mutation("defineAutomation", "Configuration", "version")
MEMBERS_VIEW = """
mutation { createView(input: {label: {en: "Mine"}, orders: {where: {custom: {score: {gt: 1}}}}}) { __typename } }
"""
FIELDS = {"order.score": {"type": "integer"}, "order.note": {"type": "text"}}


async def document(company: Company) -> str:
    found: str = (await company.data("{ configuration { document } }"))["configuration"]["document"]
    return found


async def plan(company: Company, text: str, *, merge: bool = False) -> Row:
    found: Row = (await company.data(PLAN, {"document": text, "merge": merge}))["result"]
    return found


async def removal(company: Company, kind: str, key: str) -> Row:
    """The only change of a plan to remove a definition."""
    found = (await company.data(PLAN_REMOVAL, {"kind": kind, "key": key}))["result"]
    (change,) = found["changes"]
    return {**change, "problems": found["problems"]}


async def test_what_needs_a_field_is_named_before_it_goes(company: Company, client: Client) -> None:
    """Shared views, automations by condition, action and text; members' own views are counted; values are kept."""
    await define_fields(company, FIELDS)
    await create_orders(company, [{"custom": {"score": 3}}, {"custom": {"score": 4, "note": "x"}}, {}])
    await share(
        company,
        best={"columns": [{"path": "number"}, {"path": "custom.score"}]},
        sorted={"order_by": [{"custom": {"score": "DESC"}}]},
        other={"columns": [{"path": "custom.note"}]},
    )
    texts = {"to": "owner", "text": "Score {{ order.custom.score }}"}
    automation: Row = {"label": {"en": "Tell"}, "events": ["CREATED"], "actions": [{"notify": texts}]}
    await done(company, DEFINE_AUTOMATION, key="tell", **automation)
    filtered = {"custom": {"score": {"gt": 5}}}
    quiet = {"setField": {"field": "channel", "value": "web"}}
    await done(company, DEFINE_AUTOMATION, key="high", **{**automation, "actions": [quiet]}, condition=filtered)
    await company.data(MEMBERS_VIEW, person=company.member)
    async with unchanged(company):
        found = await removal(company, "field", "order.score")
    assert {(needed["kind"], needed["key"], needed["label"]) for needed in found["dependents"]} == {
        ("view", "best", "best"),
        ("view", "sorted", "sorted"),
        ("automation", "tell", "Tell"),
        ("automation", "high", "Tell"),
    }
    assert (found["sentence"], found["destructive"], found["values"]) == (
        "Archive field 'order.score' (order.score)",
        True,
        2,
    )
    assert found["losses"] == ["2 records hold a value, which is kept but not shown until the field comes back."]
    assert found["remarks"] == ["It is used by 1 view that members keep for themselves, to be mended by them."]
    # It could not be applied as it is.
    assert [(error["path"], error["code"]) for error in found["problems"]] == [
        (["field", "order.score"], "CONFIG_NEEDED_OPEN")
    ]
    for needed in ("view 'best'", "view 'sorted'", "automation 'high'", "automation 'tell'"):
        assert needed in found["problems"][0]["message"]
    harmless = await removal(company, "field", "order.note")
    assert [(needed["kind"], needed["key"]) for needed in harmless["dependents"]] == [("view", "other")]


async def share(company: Company, **views: Row) -> None:
    """Shared views by key."""
    async with company.begin() as tx:
        found = [
            change_sets.define(tx.config, "view", key, {"label": {"en": key}, **view}) for key, view in views.items()
        ]
        await change_sets.apply(tx, found)


async def test_formulas_rules_numbers_and_steps_need_fields_too(company: Company, client: Client) -> None:
    """Also over relations: an order's rule that looks at its customer's field."""
    text = """orderloom: 1
fields:
  order.score: {label: {en: Score}, type: integer}
  order.double: {label: {en: Double}, type: formula, expression: custom.score * 2}
  customer.level: {label: {en: Level}, type: integer}
  customer.best: {label: {en: Best}, type: rollup, rollup: {over: orders, function: max, field: custom.score}}
numbering: {order: {pattern: "{custom.score}-{seq}"}}
transitions: {confirm: {label: {en: Confirm}, sources: [draft], target: confirmed, fields: [custom.score], condition: {customer: {custom: {level: {gt: 1}}}}}}
rules: {sound: {effect: check, check: custom.score > customer.custom.level, fields: [custom.score], message: {en: No}}}
"""
    await done(company, APPLY_CONFIGURATION, document=text, merge=True)
    needed = {
        key: {(found["kind"], found["key"]) for found in (await removal(company, "field", key))["dependents"]}
        for key in ("order.score", "customer.level")
    }
    steps = {("transition", "confirm"), ("rule", "sound")}
    assert needed == {
        "order.score": {("field", "order.double"), ("field", "customer.best"), ("numbering", "order"), *steps},
        "customer.level": steps,
    }


async def test_what_members_lose_with_a_role(company: Company, client: Client) -> None:
    """Who holds it is counted, and what names it is listed."""
    grants = [{"object": "order", "actions": ["transition.confirm"]}]
    await done(company, DEFINE_ROLE, key="clerk", label={"en": "Clerk"}, grants=grants)
    await done(company, DEFINE_ROLE, key="boss", label={"en": "Boss"}, inherits=["clerk"])
    for _ in range(3):
        await company.add_person("clerk", "member")
    await share(company, desk={"roles": ["clerk"]})
    found = await removal(company, "role", "clerk")
    taken = "Remove role 'clerk' (Clerk): order.transition.confirm is no longer granted"
    assert (found["sentence"], found["destructive"], found["values"]) == (taken, True, 3)
    assert found["losses"] == ["3 members lose this role's rights."]
    assert [(needed["kind"], needed["key"]) for needed in found["dependents"]] == [("role", "boss"), ("view", "desk")]
    step = await removal(company, "transition", "confirm")
    assert [(needed["kind"], needed["key"]) for needed in step["dependents"]] == [("role", "clerk")]


async def planned_role(company: Company, body: str) -> list[Row]:
    """What a plan that has nothing but the role of clerks tells of."""
    found: list[Row] = (await plan(company, f"orderloom: 1\nroles: {{clerk: {{{body}}}}}", merge=True))["changes"]
    return found


async def test_what_members_lose_and_get_by_a_role_that_changes(company: Company, client: Client) -> None:
    """Those are counted whom no other role of theirs leaves the right; a role that comes again is had by who had one of its key."""
    own = {"object": "order", "actions": ["read", "void", "export"]}
    await done(company, DEFINE_ROLE, key="clerk", label={"en": "Clerk"}, grants=[own])
    await done(company, DEFINE_ROLE, key="boss", label={"en": "Boss"}, inherits=["clerk"])
    for roles in (["clerk"], ["clerk", "admin"], ["boss"]):
        await company.add_person(*roles)
    rights = "grants: [{object: order, actions: [read, void], scope: own}]"
    (change,) = await planned_role(company, f"label: {{en: Clerk}}, {rights}")
    lost = "2 members lose some of these rights: order.export, order.read, order.void."
    assert (change["destructive"], change["losses"], change["remarks"]) == (True, [lost], ["2 members hold it."])
    wider = "grants: [{object: order, actions: [read, void, export, update]}]"
    (change,) = await planned_role(company, f"label: {{en: Clerk}}, {wider}")
    assert (change["destructive"], change["losses"]) == (False, [])

    await done(company, DEFINE_ROLE, key="boss", label={"en": "Boss"}, inherits=["member"])
    await done(company, REMOVE_DEFINITION, kind="role", key="clerk")
    everything = "inherits: [read_only], grants: [{object: '*', actions: ['*']}]"
    (change,) = await planned_role(company, f"label: {{en: New}}, {everything}")
    assert change["sentence"] == "Add role 'clerk' (New): inherited roles set to 'read_only'; may *.*"
    told = "2 members with a removed role of this key would have this one at once."
    assert (change["values"], change["remarks"]) == (2, [told])


async def test_a_status_that_orders_stand_in(company: Company, client: Client) -> None:
    """The plan counts them and says that it cannot be applied; the transitions that need the status are named."""
    for _ in range(2):
        await an_order(company)
    found = await removal(company, "status", "draft")
    assert (found["values"], found["remarks"]) == (2, ["2 orders stand in it."])
    assert ("transition", "confirm", "Confirm") in {
        (needed["kind"], needed["key"], needed["label"]) for needed in found["dependents"]
    }
    assert "CONFIG_IN_USE" in {problem["code"] for problem in found["problems"]}


async def test_what_a_change_of_a_field_does_to_records(company: Company, client: Client) -> None:
    """Indexed: built; unique: shared values named; required: what is missing counted; an option: who holds it."""
    options = [{"key": key, "label": {"en": key}} for key in ("a", "b")]
    await define_fields(company, FIELDS | {"order.tier": {"type": "select", "options": options}})
    await create_orders(company, [{"custom": {"score": 1, "tier": "a"}}, {"custom": {"score": 1}}, {"custom": {}}])
    text = await document(company)
    assert "indexed" not in text
    changed = text.replace("type: integer", "type: integer\n    unique: true\n    required: true")
    changed = changed.replace("- key: a\n", "- key: a\n      archived: true\n")
    async with unchanged(company):
        found = await plan(company, changed)
    effects = {change["key"]: change for change in found["changes"]}
    assert effects.keys() == {"order.score", "order.tier"}
    assert effects["order.score"]["remarks"] == [
        "1 record has no value here, and must get one with the next save.",
        "An index of 3 records is built; until it is complete, lists are read without it.",
        "1 value is held by several records: 1 (2).",
    ]
    assert (effects["order.score"]["destructive"], effects["order.score"]["values"]) == (False, 2)
    assert effects["order.tier"]["losses"] == [
        "1 record holds the option 'a', which stays there, and can be chosen no more."
    ]
    assert effects["order.tier"]["destructive"] is True
    indexed = {"object": "order", "key": "note", "type": "text", "label": {"en": "order.note"}}
    await done(company, DEFINE_FIELD, **indexed, indexed=True)
    assert (await removal(company, "field", "order.note"))["remarks"] == ["Its index is taken away; its values stay."]


async def test_a_plan_says_what_apply_does(company: Company, client: Client) -> None:
    """The same sentences, under the version that it was planned against; what cannot be applied is refused as planned."""
    text = await document(company)
    sketch = text.replace("en: Draft", "en: Sketch") + "fields:\n  order.po: {label: {en: PO}, type: text}\n"
    planned = await plan(company, sketch)
    applied = await done(company, APPLY_CONFIGURATION, document=sketch, expectedVersion=planned["version"])
    assert [change["sentence"] for change in planned["changes"]] == [
        change["sentence"] for change in applied["changes"]
    ]
    assert await plan(company, await document(company)) == {"version": 2, "problems": [], "changes": []}
    unsound = sketch.replace("target: shipped", "target: nowhere")
    planned = await plan(company, unsound)
    problem = await refused(company, APPLY_CONFIGURATION, document=unsound)
    assert {".".join(error["path"]): error["code"] for error in planned["problems"]} == bad_values(problem)


async def test_what_a_document_lacks_goes_unless_it_is_merged(company: Company, client: Client) -> None:
    """As a plan and as a change."""
    await define_fields(company, FIELDS)
    small = "orderloom: 1\nfields:\n  order.po: {label: {en: PO}, type: text}\n  order.note: {label: {en: Remark}, type: text}\n"
    sentences = [
        "Change field 'order.note' (Remark): label (en) from 'order.note' to 'Remark'",
        "Add field 'order.po' (PO)",
    ]
    merged = await plan(company, small, merge=True)
    assert ([change["sentence"] for change in merged["changes"]], merged["problems"]) == (sentences, [])
    assert [change["kind"] for change in (await plan(company, small))["changes"]].count("status") == 5
    applied = await done(company, APPLY_CONFIGURATION, document=small, merge=True)
    assert [change["sentence"] for change in applied["changes"]] == sentences
    assert (await plan(company, small, merge=True))["changes"] == []


@pytest.mark.parametrize("template", template_names())
async def test_a_template_is_applied_later(company: Company, client: Client, template: str) -> None:
    """To a company that has orders: what it has stays, and the plan says beforehand what comes."""
    await define_fields(company, FIELDS)
    order = await an_order(company)
    async with unchanged(company):
        planned = (await company.data(PLAN_TEMPLATE, {"template": template}))["result"]
    assert planned["problems"] == []
    assert not any(change["destructive"] for change in planned["changes"])
    applied = await done(company, APPLY_TEMPLATE, template=template, expectedVersion=planned["version"])
    assert [change["sentence"] for change in applied["changes"]] == [
        change["sentence"] for change in planned["changes"]
    ]
    assert (await company.data(PLAN_TEMPLATE, {"template": template}))["result"]["changes"] == []
    kept = await company.data(
        "query ($id: ID!) { order(id: $id) { status { key } custom { score note } } }", {"id": order["id"]}
    )
    assert kept["order"] == {"status": {"key": "draft"}, "custom": {"score": None, "note": None}}
    names = await company.data("{ configurationTemplates { name } }")
    assert [found["name"] for found in names["configurationTemplates"]] == template_names()


@pytest.mark.parametrize("template", ["nothing", "../minimal", ""])
async def test_an_unknown_template(company: Company, client: Client, template: str) -> None:
    async with unchanged(company):
        problem = await refused(company, APPLY_TEMPLATE, template=template)
    assert bad_values(problem) == {"template": "VALUE_NOT_OPTION"}


def _nested(depth: int) -> str:
    condition = "{not: " * depth + "{}" + "}" * depth
    return f"orderloom: 1\nviews:\n  deep: {{label: {{en: Deep}}, where: {condition}}}\n"


BOMBS = {
    "a document that is too large": ("orderloom: 1\n# " + "x" * 900_000, "CONFIG_TOO_LARGE"),
    "a condition 1,000 levels deep": (_nested(1_000), "CONFIG_YAML_TOO_DEEP"),
    "one that YAML can read": (_nested(66), "CONFIG_TOO_DEEP"),
    "one that pydantic can read": (_nested(40), "VALUE_TOO_DEEP"),
    "aliases of aliases": (
        "orderloom: 1\n"
        + "".join(f"x{step}: &a{step} [{', '.join([f'*a{step - 1}' if step else '1'] * 10)}]\n" for step in range(9)),
        "CONFIG_TOO_MANY_PARTS",
    ),
    "an alias of itself": ("orderloom: 1\nfields: &a {order.x: *a}\n", "CONFIG_YAML_ALIAS"),
    "an unknown section": ("orderloom: 1\nwidgets: {}\n", "CONFIG_UNKNOWN_KIND"),
    "an unknown key": (
        "orderloom: 1\nfields: {order.x: {label: {en: X}, type: text, colour: red}}\n",
        "CONFIG_UNKNOWN_PROPERTY",
    ),
    "a text that cannot be kept": (
        'orderloom: 1\nviews: {v: {label: {en: V}, where: {number: {eq: "a\\0b"}}}}\n',
        "VALUE_UNPRINTABLE",
    ),
    "half a character": (
        'orderloom: 1\nviews: {v: {label: {en: V}, where: {number: {eq: "\\ud800"}}}}\n',
        "VALUE_UNPRINTABLE",
    ),
    "a reserved name": ("orderloom: 1\nfields: {order.null: {label: {en: X}, type: text}}\n", "CONFIG_RESERVED_KEY"),
}


@pytest.mark.parametrize("bomb", BOMBS)
async def test_what_is_no_configuration(company: Company, client: Client, bomb: str) -> None:
    """Refused with a sentence that names the place, and nothing has changed; the plan says the same."""
    text, code = BOMBS[bomb]
    async with unchanged(company):
        problem = await refused(company, APPLY_CONFIGURATION, document=text, merge=True)
    assert list(bad_values(problem).values()) == [code]
    assert all(error["message"] for error in problem["errors"])
    answer = await company.graphql(PLAN, {"document": text, "merge": True})
    told = answer["data"]["result"]["problems"] if answer.get("data") else answer["errors"]
    assert len(told) == 1


async def test_a_document_of_10_mb(company: Company, client: Client) -> None:
    """Over HTTP it is not even read; from a file it is refused before it is parsed."""
    text = "orderloom: 1\n# " + "x" * 10_000_000
    async with unchanged(company):
        answer = await company.graphql(APPLY_CONFIGURATION, {"input": {"document": text}})
    assert [error["message"] for error in answer["errors"]] == ["The body may have at most 1048576 bytes."]
    with pytest.raises(InvalidInput) as refusal:
        read_document(text)
    assert refusal.value.text("en") == "The document has 10000015 characters; it can have 800000."


async def test_an_archived_field_that_is_in_use(company: Company, client: Client) -> None:
    """The view that names it is told, and nothing has changed."""
    await define_fields(company, FIELDS)
    await share(company, best={"columns": [{"path": "custom.score"}]})
    async with unchanged(company):
        problem = await refused(company, REMOVE_DEFINITION, kind="field", key="order.score")
    assert bad_values(problem) == {"field.order.score": "CONFIG_NEEDED_OPEN"}
    assert "view 'best' (best)" in problem["message"]


async def test_a_large_document_does_not_hold_up_others(company: Company, client: Client) -> None:
    """It is read in a thread: while a thousand fields are planned, other requests are answered."""
    fields = "".join(f"  order.f{place}: {{label: {{en: F}}, type: text}}\n" for place in range(1_000))
    answered = 0
    planning = True

    async def others() -> None:
        nonlocal answered
        while planning:
            await company.data("{ viewer { rights } }")
            answered += 1
            await sleep(0)

    async def planned() -> Row:
        nonlocal planning
        try:
            return await plan(company, f"orderloom: 1\nfields:\n{fields}", merge=True)
        finally:
            planning = False

    found, _ = await gather(planned(), others())
    assert len(found["changes"]) == 1_000
    assert answered > 1
