"""Keys and automations are no members (X-27): what is of somebody's own records alone gives them nothing, which is said in time."""

import pytest

from tests.documents import DEFINE_ROLE, an_order, bad_values, done, refused, unchanged
from tests.harness import Client, Company, Drain
from tests.test_keys import CREATE
from tests.test_row_scopes import LABEL, OTHERS, scoped

pytestmark = pytest.mark.anyio

PLAN = """query($document: String!) { planConfiguration(document: $document, merge: true) {
  changes { key remarks } problems { code } } }"""
DOCUMENT = """
orderloom: 1
automations:
  tidy:
    label: {en: Tidy}
    record_type: order
    events: [updated]
    role: seller
    actions: [{type: set_field, field: channel, value: web}]
"""


async def test_a_key_gets_no_role_of_members(company: Company, client: Client) -> None:
    """It would see nothing, and nobody would know why; with a condition, or narrowed to what the role has of all, it is made."""
    await done(company, DEFINE_ROLE, key="seller", label=LABEL, grants=[scoped("own", "read", "update"), *OTHERS])
    north = scoped({"where": {"channel": {"eq": "web"}}}, "read")
    await done(company, DEFINE_ROLE, key="web", label=LABEL, grants=[north, scoped("own", "update"), *OTHERS])
    async with unchanged(company):
        problem = await refused(company, CREATE, name="ERP", roles=["seller"])
        assert bad_values(problem) == {"roles": "KEY_OF_MEMBERS"}
        assert "give it nothing: order.read, order.update." in problem["errors"][0]["message"]
    await done(company, CREATE, name="Catalogue", roles=["seller"], recordTypes=["product"])
    made = await done(company, CREATE, name="Web", roles=["web"])
    shown = await an_order(company, channel="web")
    await an_order(company, channel="shop")
    answer = await client.graphql("{ orders { nodes { id } } }", token=made["secret"])
    assert answer["data"] == {"orders": {"nodes": [{"id": shown["id"]}]}}


async def test_a_plan_says_what_an_automation_cannot_do(company: Company, client: Client, work: Drain) -> None:
    """It is told of the automation, and later of its role; and it is so: the run ends without a change."""
    await done(company, DEFINE_ROLE, key="seller", label=LABEL, grants=[scoped("own", "read", "update"), *OTHERS])
    plan = (await company.data(PLAN, {"document": DOCUMENT}))["planConfiguration"]
    assert plan["problems"] == []
    told = "these rights of its role, which are of a member's own records, of their teams' or of what is shared with them, give it nothing: order.read, order.update."
    assert [told in remark for remark in plan["changes"][0]["remarks"]] == [True]
    apply = "mutation($input: ApplyConfigurationInput!) { applyConfiguration(input: $input) { __typename } }"
    await company.data(apply, {"input": {"document": DOCUMENT, "merge": True}})
    role = "orderloom: 1\nroles:\n  seller:\n    label: {en: Seller}\n    grants: [{object: order, actions: [read, update], scope: team}]\n"
    plan = (await company.data(PLAN, {"document": role}))["planConfiguration"]
    assert any("The automation 'tidy' (Tidy) is nobody" in remark for remark in plan["changes"][0]["remarks"]), plan
    order = await an_order(company)
    update = "mutation($input: UpdateOrderInput!) { updateOrder(input: $input) { __typename } }"
    await company.data(update, {"input": {"id": order["id"], "notes": "x"}})
    await work()
    found = await company.data(
        "query($id: ID!) { order(id: $id) { channel version } automationRuns { nodes { status } } }",
        {"id": order["id"]},
    )
    assert (found["order"], found["automationRuns"]["nodes"]) == (
        {"channel": "", "version": 2},
        [{"status": "FAILED"}],
    )
