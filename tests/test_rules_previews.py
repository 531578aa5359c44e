"""Trying a change out before it is made: what would be refused, and how the fields of a form stand (X-09, X-11)."""

import pytest

from tests.documents import CHANGE_STATUS, CREATE_CUSTOMER, an_order, done, unchanged
from tests.harness import Client, Company, Row
from tests.test_rules import LINES, define, define_field


async def preview(company: Company, name: str, /, **given: object) -> Row:
    kind = name[0].upper() + name[1:]
    document = f"""
query($input: {kind}Input!) {{ result: preview{kind}(input: $input) {{
  accepted errors {{ path code }} fieldStates {{ path required readOnly hidden options reasons }}
}} }}
"""
    async with unchanged(company):
        result: Row = (await company.data(document, {"input": given}))["result"]
    return result


def state(path: str, *marks: str, options: list[str] | None = None, reasons: list[str] | None = None) -> Row:
    return {
        "path": path.split("."),
        "required": "required" in marks,
        "readOnly": "readOnly" in marks,
        "hidden": "hidden" in marks,
        "options": options,
        "reasons": reasons or [],
    }


async def test_a_form_knows_what_its_fields_are(company: Company, client: Client) -> None:
    """As the values stand that are typed but not saved: required, hidden and open options follow them."""
    web = {"channel": {"eq": "web"}}
    options = [
        {"key": "counter", "label": {"en": "Counter"}, "when": {"channel": {"eq": "shop"}}},
        {"key": "parcel", "label": {"en": "Parcel"}, "when": web},
        {"key": "any", "label": {"en": "Any"}},
    ]
    await define_field(company, "handover", "select", options=options)
    await define_field(company, "desk", "text", required=True)
    await define(company, "mail", "REQUIRE", ["externalId"], when=web, message={"en": "The shop's number is needed."})
    await define(company, "no_desk", "HIDE", ["custom.desk"], when=web)
    assert await preview(company, "createOrder", lines=LINES, channel="web") == {
        "accepted": False,
        "errors": [{"path": ["externalId"], "code": "RULE_MESSAGE"}],
        "fieldStates": [
            state("externalId", "required", reasons=["The shop's number is needed."]),
            state(
                "custom.desk",
                "hidden",
                reasons=["By the rule 'no_desk' this field is not for such a record. Leave it out."],
            ),
            state("custom.handover", options=["parcel", "any"]),
        ],
    }
    assert await preview(company, "createOrder", lines=LINES, channel="shop", custom={"desk": "A"}) == {
        "accepted": True,
        "errors": [],
        "fieldStates": [state("custom.handover", options=["counter", "any"]), state("custom.desk", "required")],
    }


async def test_a_record_tells_how_it_stands(company: Company, client: Client) -> None:
    order = await an_order(company, channel="web")
    assert await preview(company, "updateOrder", id=order["id"]) == {"accepted": True, "errors": [], "fieldStates": []}
    await define(company, "sealed", "READ_ONLY", ["channel"], when={"status": {"ne": "draft"}})
    assert (await preview(company, "updateOrder", id=order["id"], channel="fax"))["accepted"] is True
    await done(company, CHANGE_STATUS, id=order["id"], status="confirmed")
    sealed = state("channel", "readOnly", reasons=["The rule 'sealed' keeps this value as it is. Leave it out."])
    assert await preview(company, "updateOrder", id=order["id"], channel="fax") == {
        "accepted": False,
        "errors": [{"path": ["channel"], "code": "RULE_READ_ONLY"}],
        "fieldStates": [sealed],
    }


async def test_a_customer_inside_an_order_has_states_of_its_own(company: Company, client: Client) -> None:
    await define(company, "reach", "REQUIRE", ["phones"], object="customer", when={"kind": {"eq": "person"}})
    found = await preview(company, "createOrder", lines=LINES, customer={"name": "Ada"})
    assert found["errors"] == [{"path": ["customer", "phones"], "code": "RULE_REQUIRED"}]
    assert [entry["path"] for entry in found["fieldStates"]] == [["customer", "phones"]]


@pytest.mark.parametrize(
    ("name", "given"),
    [("createCustomer", {"name": "Ada"}), ("createProduct", {"sku": "A", "name": "Apple", "price": "1"})],
)
async def test_every_form_can_be_tried(company: Company, client: Client, name: str, given: Row) -> None:
    assert await preview(company, name, **given) == {"accepted": True, "errors": [], "fieldStates": []}


async def test_a_number_is_not_used_up(company: Company, client: Client) -> None:
    first = await an_order(company)
    await preview(company, "createOrder", lines=LINES)
    second = await an_order(company)
    assert int(second["number"][-5:]) == int(first["number"][-5:]) + 1


async def test_a_change_that_cannot_be_found_is_an_error(company: Company, client: Client) -> None:
    customer = await done(company, CREATE_CUSTOMER, name="Ada")
    document = "query($id: ID!) { previewUpdateOrder(input: {id: $id}) { accepted } }"
    answer = await company.graphql(document, {"id": customer["id"]})
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["NOT_FOUND"]
