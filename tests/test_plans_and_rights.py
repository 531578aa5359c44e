"""Plans say what follows for rights: what a role is shown all the same, who else holds it, and no number of what is closed to the reader."""

import pytest

from tests.documents import (
    DEFINE_FIELD,
    DEFINE_ROLE,
    INVITE_MEMBER,
    an_order,
    bad_values,
    done,
    mutation,
    refused,
    unchanged,
)
from tests.harness import Client, Company, Person, Row
from tests.test_configuration_plans import DEFINE_AUTOMATION, PLAN, PLAN_REMOVAL, removal, share
from tests.test_keys import CREATE as CREATE_KEY
from tests.test_row_scopes import LABEL, scoped

pytestmark = pytest.mark.anyio

CONFIGURE = {"object": "configuration", "actions": ["read", "update"]}
CREATE_PROVIDER = mutation("createIdentityProvider", "IdentityProvider", "identityProvider { id }")
OPTIONS = [{"key": "low", "label": {"en": "Low"}}, {"key": "high", "label": {"en": "High"}}]


async def planned(company: Company, document: str, person: Person | None = None) -> Row:
    asked = {"document": f"orderloom: 1\n{document}", "merge": True}
    plan = (await company.data(PLAN, asked, person=person))["result"]
    (change,) = plan["changes"]
    return {**change, "problems": [problem["message"] for problem in plan["problems"]]}


async def test_who_reads_some_is_told_no_numbers(company: Company, client: Client) -> None:
    """Neither of a field that is closed, nor of records out of scope, nor of members."""
    risk = {"object": "order", "key": "risk", "label": {"en": "Risk"}, "type": "select", "options": OPTIONS}
    await done(company, DEFINE_FIELD, **risk)
    closed = {"object": "order", "actions": ["read"], "fields": ["custom.risk"], "effect": "deny"}
    orders = {"object": "order", "actions": ["read"]}
    await done(company, DEFINE_ROLE, key="blind", label=LABEL, grants=[orders, closed, CONFIGURE])
    await done(company, DEFINE_ROLE, key="own", label=LABEL, grants=[scoped("own"), CONFIGURE])
    blind, own = await company.add_person("blind"), await company.add_person("own")
    for value in ("low", "low", None):
        await an_order(company, custom={"risk": value})

    fewer = "fields: {order.risk: {label: {en: Risk}, type: select, required: true, options: [{key: low, archived: true, label: {en: Low}}, {key: high, label: {en: High}}]}}"
    told = await planned(company, fewer)
    assert told["values"] == 2
    assert told["losses"] == ["2 records hold the option 'low', which stays there, and can be chosen no more."]
    assert told["remarks"] == ["1 record has no value here, and must get one with the next save."]
    for person in (blind, own):
        told = await planned(company, fewer, person)
        assert told["values"] is None
        assert told["losses"] == ["some records hold the option 'low', which stays there, and can be chosen no more."]
        assert told["remarks"] == ["some records have no value here, and must get one with the next save."]

    gone = {"kind": "status", "key": "draft"}
    for person, values, words in (
        (company.owner, 3, "has 3 orders"),
        (blind, 3, "has 3 orders"),
        (own, None, "has some orders"),
    ):
        plan = (await company.data(PLAN_REMOVAL, gone, person=person))["result"]
        assert [change["values"] for change in plan["changes"]] == [values]
        assert any(words in problem["message"] for problem in plan["problems"]), plan
    role = {"kind": "role", "key": "own"}
    plan = (await company.data(PLAN_REMOVAL, role, person=own))["result"]
    assert plan["changes"][0]["losses"] == ["some members lose this role's rights."]


async def test_who_else_has_a_role_that_goes(company: Company, client: Client) -> None:
    """Keys, identity providers and open invitations are counted; views that name it are named."""
    await done(company, DEFINE_ROLE, key="erp", label={"en": "ERP"}, grants=[{"object": "order", "actions": ["read"]}])
    await done(company, CREATE_KEY, name="One", roles=["erp"])
    await done(company, CREATE_KEY, name="Two", roles=["erp", "member"])
    await done(company, INVITE_MEMBER, email="new@example.com", roles=["erp"])
    provider = {"issuer": "http://127.0.0.1:1", "clientId": "us", "createsMembers": True}
    await done(company, CREATE_PROVIDER, key="first", name="P", **provider, defaultRoles=["erp"])
    mapping = [{"value": "people", "role": "erp"}]
    await done(company, CREATE_PROVIDER, key="second", name="Q", **provider, roleClaim="groups", roleMapping=mapping)
    found = await removal(company, "role", "erp")
    assert found["losses"] == [
        "2 API keys lose this role's rights.",
        "2 identity providers give it, and who signs in there gets nothing by it.",
        "1 open invitation offers it, and who accepts gets nothing by it.",
    ]
    assert (found["destructive"], found["problems"]) == (True, [])
    await share(company, theirs={"columns": [{"path": "number"}], "roles": ["erp"]})
    found = await removal(company, "role", "erp")
    assert [dependent["key"] for dependent in found["dependents"]] == ["theirs"]


async def test_what_orders_take_over_of_closed_fields(company: Company, client: Client) -> None:
    """Who takes products into orders is shown there what they may not read of the products."""
    grants = "{object: product, actions: [read]}, {object: product, actions: [read], fields: [price], effect: deny}"
    role = "roles: {clerk: {label: {en: C}, grants: [{object: order, actions: [%s]}, " + grants + "]}}"
    told = await planned(company, role % "read, create")
    assert told["remarks"] == [
        "It may read order.lines.unitPrice, which orders take over from product.price, which it may not read."
    ]
    assert (await planned(company, role % "read"))["remarks"] == []


async def test_whom_an_automation_tells(company: Company, client: Client) -> None:
    """Its role may read what leads to its recipients; a text that shows a role what is closed to it is remarked, from both sides."""
    closed = {"object": "customer", "actions": ["read"], "fields": ["emails"], "effect": "deny"}
    readable = [{"object": name, "actions": ["read"]} for name in ("order", "customer", "member")]
    await done(company, DEFINE_ROLE, key="quiet", label=LABEL, grants=[*readable, closed])
    mail = {"sendEmail": {"to": "customer", "subject": "Ready", "body": "It is."}}
    automation: Row = {"key": "tell", "label": {"en": "Tell"}, "events": ["UPDATED"]}
    async with unchanged(company):
        problem = await refused(company, DEFINE_AUTOMATION, **automation, role="quiet", actions=[mail])
        assert bad_values(problem) == {"automation.tell.actions.0.to": "CONFIG_AUTOMATION_READS"}
        assert "'customer.read.emails'" in problem["errors"][0]["message"]
    await done(company, DEFINE_AUTOMATION, **automation, role="read_only", actions=[mail])

    text = "{{ order.customer.email }}"
    automation = {**automation, "key": "news", "label": {"en": "News"}}
    notes = {"notify": {"to": "role:quiet", "text": text}}
    document = f"automations: {{news: {{label: {{en: News}}, record_type: order, events: [updated], role: read_only, actions: [{{type: notify, to: 'role:quiet', text: '{text}'}}]}}}}"
    assert (await planned(company, document))["remarks"] == [
        "It tells role 'quiet' (Role) what takes 'customer.read.emails', which they lack."
    ]
    await done(company, DEFINE_AUTOMATION, **automation, role="read_only", actions=[notes])
    told = await planned(company, "roles: {quiet: {label: {en: Role}, grants: [{object: order, actions: [read]}]}}")
    assert "The automation 'news' (News) tells it what takes 'customer.read', which it lacks." in told["remarks"]
