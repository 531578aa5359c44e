"""Templates are installed, listed, and removed again (NCF-5): what nobody changed or needs goes, what stays is named with why."""

import pytest

from tenants.config.documents import read_document
from tenants.config.shipped_templates import template_names
from tests.conftest import NewCompany
from tests.documents import (
    CHANGE_STATUS,
    CREATE_ORDER,
    DEFINE_FIELD,
    DEFINE_TRANSITION,
    bad_values,
    done,
    mutation,
    refused,
    unchanged,
)
from tests.harness import Client, Company, Row

CONFIGURED = "version changes { kind key sentence }"
APPLY_TEMPLATE = mutation("applyTemplate", "Configuration", CONFIGURED)
REMOVE_TEMPLATE = mutation("removeTemplate", "Configuration", CONFIGURED)
REVERT = mutation("revertChangeSet", "Configuration", CONFIGURED)
INSTALLED = "{ configurationTemplates { name installation { version definitions changed } } }"
NAMES = "{ configurationTemplates { name title description installation { version installedAt } } }"
DOCUMENT = "{ configuration { document } }"
PLAN = """
query($template: String!) { planTemplateRemoval(template: $template) {
  plan { version changes { kind key sentence } problems { path message } } kept { kind key label reason }
} }
"""


async def installed(company: Company) -> dict[str, Row]:
    found = (await company.data(INSTALLED))["configurationTemplates"]
    return {each["name"]: each["installation"] for each in found if each["installation"]}


async def planned(company: Company, template: str) -> Row:
    found: Row = (await company.data(PLAN, {"template": template}))["planTemplateRemoval"]
    return found


async def document(company: Company) -> str:
    found: str = (await company.data(DOCUMENT))["configuration"]["document"]
    return found


def reasons(plan: Row) -> dict[str, str]:
    return {f"{each['kind']} {each['key']}": each["reason"] for each in plan["kept"]}


async def test_a_chooser_has_names_and_descriptions(client: Client, new_company: NewCompany) -> None:
    """In the reader's language, for every template; the one that the company began with is installed."""
    for language, retail in (("en", "Online retail"), ("zh", "电商零售")):
        company = await new_company(template="retail", language=language)
        found = (await company.data(NAMES))["configurationTemplates"]
        assert [each["name"] for each in found] == template_names()
        assert [each["title"] for each in found if each["name"] == "retail"] == [retail]
        assert all(len(each["description"]) > 10 for each in found)
        assert {each["name"]: each["installation"]["version"] for each in found if each["installation"]} == {
            "retail": 1
        }


@pytest.mark.parametrize("name", [name for name in template_names() if name != "minimal"])
async def test_added_and_removed_leaves_what_was(company: Company, client: Client, name: str) -> None:
    """Of a template that nobody touched everything goes; archived definitions are in the document as such."""
    before = open_definitions(await document(company))
    await done(company, APPLY_TEMPLATE, template=name)
    assert (await installed(company)).keys() == {"minimal", name}
    async with unchanged(company):
        plan = await planned(company, name)
    assert (plan["kept"], plan["plan"]["problems"]) == ([], [])
    removed = await done(company, REMOVE_TEMPLATE, template=name, expectedVersion=plan["plan"]["version"])
    assert removed["changes"] == plan["plan"]["changes"]
    assert open_definitions(await document(company)) == before
    assert (await installed(company)).keys() == {"minimal"}
    # Taken back, it is all there again.
    await done(company, REVERT, version=removed["version"])
    assert (await installed(company))[name]["changed"] == 0
    assert open_definitions(await document(company)).keys() > before.keys()


async def test_the_last_one_goes_too(company: Company, client: Client) -> None:
    """Without orders, even the template that the company began with."""
    plan = await planned(company, "minimal")
    assert (plan["kept"], plan["plan"]["problems"]) == ([], [])
    await done(company, REMOVE_TEMPLATE, template="minimal")
    assert open_definitions(await document(company)) == {}
    assert await installed(company) == {}


async def test_what_stays_is_named_with_why(company: Company, client: Client) -> None:
    """Changed since, needed by the company's own, held by members, with orders in it, and what these need in turn."""
    await done(company, APPLY_TEMPLATE, template="retail")
    await company.add_person("shop_manager")
    await done(company, DEFINE_FIELD, object="customer", key="birthday", type="date", label={"en": "Day of birth"})
    double = {"object": "order", "key": "double", "type": "formula", "label": {"en": "Double"}}
    await done(company, DEFINE_FIELD, **double, expression="custom.pieces * 2")
    line = {"name": "Tea", "unitPrice": "5.00"}
    given = {"type": "shop_sale", "lines": [line], "custom": {"payment": "invoice"}}
    order = await done(company, CREATE_ORDER, **given)
    await done(company, CHANGE_STATUS, id=order["id"], status="to_pack", step="deliver_first")
    plan = await planned(company, "retail")
    assert plan["plan"]["problems"] == []
    kept = reasons(plan)
    assert kept["field customer.birthday"] == "It stays, because the company has changed it since."
    assert kept["field order.pieces"] == "It stays, because it is needed by field 'order.double' (Double)."
    assert kept["role shop_manager"] == "It stays, because 1 member holds it."
    assert kept["status to_pack"] == "It stays, because 1 order stands in it."
    assert kept["order_type shop_sale"] == "It stays, because 1 order of this type is under way."
    assert kept["life_cycle shop_sale"] == "It stays, because it is needed by order type 'shop_sale' (Sale)."
    assert kept["status delivered"] == "It stays, because it is needed by life cycle 'shop_sale' (Sale)."
    assert kept["transition pack"] == "It stays, because orders in the statuses that stay take it."
    assert kept["field order.deliveryService"].startswith("It stays, because it is needed by transition")
    gone = {f"{change['kind']} {change['key']}" for change in plan["plan"]["changes"]}
    assert gone & kept.keys() == set()
    assert {
        "order_type shop_return",
        "status refunded",
        "rule retail_return_names_order",
        "view retail_returns",
    } <= gone
    await done(company, REMOVE_TEMPLATE, template="retail")
    # The order goes its way to the end.
    for status, step in (("packed", {}), ("on_the_way", {"values": SENT}), ("delivered", {})):
        await done(company, CHANGE_STATUS, id=order["id"], status=status, **step)


SENT = {"custom": {"deliveryService": "parcel", "trackingNumber": "1Z999"}}


async def test_what_it_changed_is_as_it_was(company: Company, client: Client) -> None:
    """A definition that was there before the template says again what it said."""
    await done(company, DEFINE_TRANSITION, key="pack", label={"en": "Wrap"}, sources=["draft"], target="confirmed")
    before = open_definitions(await document(company))
    await done(company, APPLY_TEMPLATE, template="retail")
    await done(company, REMOVE_TEMPLATE, template="retail")
    assert open_definitions(await document(company)) == before


async def test_one_that_is_not_there(company: Company, client: Client) -> None:
    """Refused with those that are; so is a plan of it, and a member may do neither."""
    async with unchanged(company):
        problem = await refused(company, REMOVE_TEMPLATE, template="retail")
        assert bad_values(problem) == {"template": "TEMPLATE_NOT_INSTALLED"}
        assert problem["errors"][0]["message"] == "The template 'retail' is not installed here. Installed: minimal."
        answer = await company.graphql(PLAN, {"template": "nothing"})
        assert answer["errors"][0]["extensions"]["code"] == "INVALID_INPUT"
        problem = await refused(company, REMOVE_TEMPLATE, company.member, template="minimal")
        assert problem["right"] == "configuration.update"


async def test_one_that_was_taken_back_is_not_installed(company: Company, client: Client) -> None:
    made = await done(company, APPLY_TEMPLATE, template="workshop")
    back = await done(company, REVERT, version=made["version"])
    assert (await installed(company)).keys() == {"minimal"}
    await done(company, REVERT, version=back["version"])
    assert (await installed(company))["workshop"]["version"] == made["version"]


def open_definitions(text: str) -> dict[str, Row]:
    """Those of a document that are not archived, by kind and key."""
    return {
        f"{kind} {key}": definition.model_dump()
        for kind, found in read_document(text).items()
        for key, definition in found.items()
        if not getattr(definition, "archived", False)
    }
