"""To configure is no way to what is closed: plans tell no values, and automations no more than their role may read (PER-5, PER-8)."""

import pytest

from tests.documents import (
    APPLY_CONFIGURATION,
    DEFINE_FIELD,
    DEFINE_ROLE,
    UPDATE_ORDER,
    an_order,
    bad_values,
    done,
    refused,
    unchanged,
)
from tests.harness import Client, Company, Drain, Person, Row
from tests.test_configuration_plans import DEFINE_AUTOMATION, PLAN

pytestmark = pytest.mark.anyio

UNTOLD = (
    "How many records do not fulfil it is not told: it would show values of fields or records that are closed to you."
)
CONFIGURE = {"object": "configuration", "actions": ["read", "update"]}
MARGIN = {"object": "order", "key": "margin", "label": {"en": "Margin"}, "type": "integer"}


async def configurer(company: Company) -> Person:
    """Who may configure, and reads orders but for two fields."""
    readable = [{"object": name, "actions": ["read"]} for name in ("order", "customer", "product", "member")]
    closed = {"object": "order", "actions": ["read", "write"], "fields": ["notes", "custom.margin"], "effect": "deny"}
    await done(company, DEFINE_FIELD, **MARGIN)
    await done(company, DEFINE_ROLE, key="conf", label={"en": "C"}, grants=[*readable, closed, CONFIGURE])
    return await company.add_person("conf")


async def test_a_plan_tells_nothing_of_closed_values(company: Company, client: Client) -> None:
    """Limits, rules and uniqueness compare values: by changing them again and again, each could be found out."""
    conf = await configurer(company)
    for value in (88, 88, 92):
        await an_order(company, custom={"margin": value})
    margin = "fields: {order.margin: {label: {en: Margin}, type: integer, %s}}"
    rule = "rules: {it: {record_type: order, effect: %s, fields: [externalId], when: {custom: {margin: {gt: 90}}}}}"
    plans: dict[str, tuple[list[str], list[str]]] = {
        margin % "minimum: 90": (
            ["2 records hold a value outside of its limits, which may stay until it is changed."],
            [],
        ),
        margin % "unique: true": (["1 value is held by several records: 88 (2)."], []),
        rule % "require": (
            ["1 record does not fulfil it: nothing changes there, but the next save must fulfil it."],
            [],
        ),
        "rules: {it: {record_type: order, effect: unique, fields: [custom.margin]}}": ([], ["CONFIG_RULE_DUPLICATES"]),
    }
    for text, (remarks, codes) in plans.items():
        asked = {"document": f"orderloom: 1\n{text}", "merge": True}
        async with unchanged(company):
            found = [(await company.data(PLAN, asked, person=person))["result"] for person in (company.owner, conf)]
        told = [[remark for change in each["changes"] for remark in change["remarks"]] for each in found]
        assert [[remark for remark in each if "index" not in remark] for each in told] == [remarks, [UNTOLD]]
        assert [[problem["code"] for problem in each["problems"]] for each in found] == [codes, []]
    text = "rules: {it: {record_type: order, effect: unique, fields: [custom.margin]}}"
    problem = await refused(company, APPLY_CONFIGURATION, conf, document=f"orderloom: 1\n{text}", merge=True)
    assert "88" not in problem["message"]
    assert bad_values(problem) == {"rule.it": "CONFIG_RULE_DUPLICATES"}


async def test_an_automation_tells_what_its_role_may_read(company: Company, client: Client, work: Drain) -> None:
    """Neither its texts nor its condition reach a closed field, and of an order that its role may not read nothing is told."""
    conf = await configurer(company)
    automation: Row = {"label": {"en": "Tell"}, "events": ["UPDATED"], "role": "conf"}

    def telling(text: str) -> list[Row]:
        return [{"notify": {"to": "role:conf", "text": text}}]

    bad: list[tuple[Row, str]] = [
        ({"actions": telling("{{ order.custom.margin }}")}, "actions.0.text"),
        ({"actions": telling("{% assign k = 'margin' %}{{ order.custom[k] }}")}, "actions.0.text"),
        ({"actions": telling("{{ order }}")}, "actions.0.text"),
        ({"actions": telling("changed"), "condition": {"custom": {"margin": {"gt": 90}}}}, "condition"),
    ]
    async with unchanged(company):
        for values, place in bad:
            problem = await refused(company, DEFINE_AUTOMATION, conf, key="tell", **automation, **values)
            assert bad_values(problem) == {f"automation.tell.{place}": "CONFIG_AUTOMATION_READS"}
    text = telling("{{ order.number }} for {{ order.customer.name }}")
    await done(company, DEFINE_AUTOMATION, conf, key="tell", **automation, actions=text)
    # A role cannot be closed what an automation tells under it.
    numbers = {"object": "order", "actions": ["read"], "fields": ["number"], "effect": "deny"}
    readable = [{"object": name, "actions": ["read"]} for name in ("order", "customer", "product", "member")]
    async with unchanged(company):
        problem = await refused(
            company, DEFINE_ROLE, key="conf", label={"en": "C"}, grants=[*readable, CONFIGURE, numbers]
        )
        assert bad_values(problem) == {"automation.tell.actions.0.text": "CONFIG_AUTOMATION_READS"}

    some = {"object": "order", "actions": ["read"], "scope": {"where": {"priority": {"eq": "urgent"}}}}
    await done(company, DEFINE_ROLE, key="conf", label={"en": "C"}, grants=[some, *readable[1:], CONFIGURE])
    for priority in ("URGENT", "NORMAL"):
        order = await an_order(company, priority=priority)
        await done(company, UPDATE_ORDER, id=order["id"], notes="x")
    await work()
    runs = await company.rows("SELECT status, message FROM automation_runs WHERE tenant_id = %(tenant)s ORDER BY id")
    assert [run["status"] for run in runs] == ["succeeded", "failed"]
    told = await company.data("{ notifications { totalCount } }", person=conf)
    assert told["notifications"]["totalCount"] == 1


async def test_a_plan_tells_of_rights_that_are_of_no_use(company: Company, client: Client) -> None:
    """To change what one may not read, and to create what one may not fill in; both where the role and where the field changes."""
    told = []

    async def remarks(text: str) -> list[str]:
        found = (await company.data(PLAN, {"document": f"orderloom: 1\n{text}", "merge": True}))["result"]
        assert found["problems"] == []
        return [remark for change in found["changes"] for remark in change["remarks"]]

    blind = "roles: {blind: {label: {en: B}, grants: [{object: order, actions: [update, void]}]}}"
    told += await remarks(blind)
    assert told == [
        "order.update, order.void are of no use without 'order.read', unless another role of theirs has it."
    ]

    must = "label: {en: Must}, type: text, required: true"
    closed = "label: {en: Shut}, closed_fields: [order], grants: [{object: order, actions: [read, create]}]"
    sentence = (
        "The role 'shut' (Shut) may create such records, but not fill in the field 'order.must' (Must), which is required"
        " and has no default."
    )
    assert await remarks(f"fields: {{order.must: {{{must}}}}}\nroles: {{shut: {{{closed}}}}}") == [sentence] * 2
    await done(company, DEFINE_FIELD, object="order", key="must", label={"en": "Must"}, type="text", required=True)
    assert await remarks(f"roles: {{shut: {{{closed}}}}}") == [sentence]
    opened = closed.replace("create]}", "create]}, {object: order, actions: ['*'], fields: ['custom.*']}")
    assert await remarks(f"roles: {{shut: {{{opened}}}}}") == []
