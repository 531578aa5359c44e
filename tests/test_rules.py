"""Rules on records (X-09, X-10, X-11, CUS-3, U-03, U-04): each effect, on every way in, all violations at once with their places."""

import asyncio
from typing import Any

from tests.documents import (
    CHANGE_STATUS,
    CREATE_CUSTOMER,
    CREATE_ORDER,
    CREATE_PRODUCT,
    DEFINE_FIELD,
    UPDATE_CUSTOMER,
    UPDATE_ORDER,
    UPDATE_PRODUCT,
    VOID_ORDER,
    an_order,
    bad_values,
    done,
    mutation,
    refused,
    unchanged,
)
from tests.harness import Client, Company, Row

DEFINE_RULE = mutation("defineRule", "Configuration", "version changes { kind key sentence }")
LINES = [{"name": "Work", "unitPrice": "10.00"}]


async def define(company: Company, key: str, effect: str, fields: list[str], **body: Any) -> Row:
    body.setdefault("object", "order")
    return await done(company, DEFINE_RULE, key=key, effect=effect, fields=fields, **body)


async def define_field(company: Company, key: str, type: str, object: str = "order", **body: Any) -> None:
    label = {"en": key}
    await done(company, DEFINE_FIELD, object=object, key=key, type=type, label=label, **body)


async def test_a_value_is_required_where_a_status_says_so(company: Company, client: Client) -> None:
    """U-03: it holds on the step as it does on the form, and the order stays where it is."""
    await define_field(company, "tracking", "text")
    await define(company, "tracked", "REQUIRE", ["custom.tracking", "promisedAt"], when={"status": {"eq": "shipped"}})
    order = await an_order(company)
    order = await done(company, CHANGE_STATUS, id=order["id"], status="confirmed")
    async with unchanged(company):
        problem = await refused(company, CHANGE_STATUS, id=order["id"], status="shipped")
    assert bad_values(problem) == {"values.custom.tracking": "RULE_REQUIRED", "values.promisedAt": "RULE_REQUIRED"}
    given = {"custom": {"tracking": "DHL 1"}, "promisedAt": "2026-03-31T12:00:00Z"}
    await done(company, UPDATE_ORDER, id=order["id"], **given)
    order = await done(company, CHANGE_STATUS, id=order["id"], status="shipped")
    async with unchanged(company):
        problem = await refused(company, UPDATE_ORDER, id=order["id"], custom={"tracking": None})
    assert bad_values(problem) == {"custom.tracking": "RULE_REQUIRED"}


async def test_a_check_compares_several_fields(company: Company, client: Client) -> None:
    """U-04: given and stored values alike; the message is the company's own, in the caller's language."""
    message = {"en": "Promise a day after the order.", "zh": "承诺日期须晚于下单日期。"}
    await define(company, "late", "CHECK", ["promisedAt"], check="promisedAt >= orderedAt", message=message)
    order = await an_order(company, orderedAt="2026-03-10T00:00:00Z", promisedAt="2026-03-11T00:00:00Z")
    for given in ({"promisedAt": "2026-03-09T00:00:00Z"}, {"orderedAt": "2026-03-12T00:00:00Z"}):
        async with unchanged(company):
            problem = await refused(company, UPDATE_ORDER, id=order["id"], **given)
        assert problem["errors"] == [{"path": ["promisedAt"], "code": "RULE_MESSAGE", "message": message["en"]}]
    await done(company, UPDATE_ORDER, id=order["id"], promisedAt=None)
    wei = await company.add_person("member", language="zh")
    times = {"orderedAt": "2026-03-10T00:00:00Z", "promisedAt": "2026-03-09T00:00:00Z"}
    problem = await refused(company, CREATE_ORDER, wei, lines=LINES, **times)
    assert [error["message"] for error in problem["errors"]] == [message["zh"]]


async def test_lines_and_customers_are_judged_as_they_will_be(company: Company, client: Client) -> None:
    """A rule sees the lines of the input, an inline customer, and the record of a customer that is there."""
    await define(company, "small", "CHECK", ["lines"], check="sum(lines.quantity) <= 5")
    when = {"customer": {"kind": {"eq": "company"}}}
    await define(company, "ordered", "REQUIRE", ["externalId"], when=when)
    await define(company, "rich", "REQUIRE", ["notes"], when={"total": {"gte": "40"}})

    async def order(quantity: int, **more: Any) -> Row:
        lines = [{"name": "Work", "unitPrice": "10.00", "quantity": str(quantity)}]
        return await refused(company, CREATE_ORDER, lines=lines, **more)

    async with unchanged(company):
        assert bad_values(await order(6)) == {"lines": "RULE_BROKEN", "notes": "RULE_REQUIRED"}
        problem = await order(1, customer={"name": "Acme", "kind": "COMPANY"})
        assert bad_values(problem) == {"externalId": "RULE_REQUIRED"}
    acme = await done(company, CREATE_CUSTOMER, name="Acme", kind="COMPANY")
    async with unchanged(company):
        assert bad_values(await order(6, customerId=acme["id"])) == {
            "lines": "RULE_BROKEN",
            "notes": "RULE_REQUIRED",
            "externalId": "RULE_REQUIRED",
        }
    stored = await an_order(company, customerId=acme["id"], externalId="A-1")
    async with unchanged(company):
        entry = {"id": stored["lines"]["nodes"][0]["id"], "quantity": "9", "unitPrice": "1.00"}
        problem = await refused(company, UPDATE_ORDER, id=stored["id"], lines=[entry], externalId=None)
        assert bad_values(problem) == {"lines": "RULE_BROKEN", "externalId": "RULE_REQUIRED"}


async def test_a_settled_value_is_kept(company: Company, client: Client) -> None:
    """Read-only is asked of the record as it was, so the step that settles it may still bring the value."""
    await define(company, "sealed", "READ_ONLY", ["channel", "lines"], when={"status": {"ne": "draft"}})
    order = await an_order(company, channel="phone")
    order = await done(company, UPDATE_ORDER, id=order["id"], channel="web")
    await done(company, CHANGE_STATUS, id=order["id"], status="confirmed")
    async with unchanged(company):
        problem = await refused(company, UPDATE_ORDER, id=order["id"], channel="shop", lines=LINES * 2)
        assert bad_values(problem) == {"channel": "RULE_READ_ONLY", "lines": "RULE_READ_ONLY"}
    line = order["lines"]["nodes"][0]["id"]
    await done(company, UPDATE_ORDER, id=order["id"], channel="web", notes="n", lines=[{"id": line}])
    await done(company, VOID_ORDER, id=order["id"], reason="entered_twice")


async def test_a_hidden_field_is_not_given_and_not_required(company: Company, client: Client) -> None:
    await define_field(company, "tax_no", "text", "customer", required=True)
    await define(company, "private", "HIDE", ["custom.tax_no"], object="customer", when={"kind": {"eq": "person"}})
    person = await done(company, CREATE_CUSTOMER, name="Ada", kind="PERSON")
    async with unchanged(company):
        problem = await refused(company, CREATE_CUSTOMER, name="Bob", custom={"tax_no": "1"})
        assert bad_values(problem) == {"custom.tax_no": "RULE_HIDDEN"}
        problem = await refused(company, UPDATE_CUSTOMER, id=person["id"], kind="COMPANY")
        assert bad_values(problem) == {"custom.tax_no": "VALUE_REQUIRED"}
    firm = await done(company, UPDATE_CUSTOMER, id=person["id"], kind="COMPANY", custom={"tax_no": "7"})
    await done(company, UPDATE_CUSTOMER, id=firm["id"], kind="PERSON")
    rows = await company.rows("SELECT custom FROM customers WHERE tenant_id = %(tenant)s")
    assert [row["custom"] for row in rows] == [{"tax_no": "7"}]


async def test_options_depend_on_other_fields(company: Company, client: Client) -> None:
    options = [
        {"key": key, "label": {"en": key}, "when": {"channel": {"eq": channel}} if channel else None}
        for key, channel in (("counter", "shop"), ("parcel", "web"), ("any", None))
    ]
    await define_field(company, "handover", "select", options=options)
    order = await an_order(company, channel="web", custom={"handover": "parcel"})
    async with unchanged(company):
        problem = await refused(company, UPDATE_ORDER, id=order["id"], channel="shop")
        assert bad_values(problem) == {"custom.handover": "RULE_OPTION"}
        problem = await refused(company, CREATE_ORDER, lines=LINES, custom={"handover": "counter"})
        assert bad_values(problem) == {"custom.handover": "RULE_OPTION"}
    await done(company, UPDATE_ORDER, id=order["id"], channel="shop", custom={"handover": "any"})


async def test_records_are_kept_apart(company: Company, client: Client) -> None:
    """Over several fields, without regard to case, where a condition holds; list entries one by one."""
    await define(company, "name", "UNIQUE", ["name", "company"], object="customer", ignoreCase=True)
    await define(company, "phone", "UNIQUE", ["phones"], object="customer", when={"kind": {"eq": "person"}})
    acme = await done(company, CREATE_CUSTOMER, name="Acme", kind="COMPANY")
    given = {
        "name": "Ada",
        "companyId": acme["id"],
        "phones": [{"value": "+49 30 1234567"}, {"value": "+49 30 7654321"}],
    }
    ada = await done(company, CREATE_CUSTOMER, **given)
    async with unchanged(company):
        again = given | {"name": "ADA", "phones": [{"value": "+49307654321"}]}
        problem = await refused(company, CREATE_CUSTOMER, **again)
        assert bad_values(problem) == {"name": "RULE_TAKEN", "companyId": "RULE_TAKEN", "phones": "RULE_TAKEN"}
        problem = await refused(company, CREATE_ORDER, lines=LINES, customer=again | {"name": "Bob"})
        assert bad_values(problem) == {"customer.phones": "RULE_TAKEN"}
    # Without the company, and as a company, nothing is the same.
    await done(company, CREATE_CUSTOMER, name="Ada")
    await done(company, CREATE_CUSTOMER, name="Firm", kind="COMPANY", phones=given["phones"])
    # What is let go of is free.
    await done(company, UPDATE_CUSTOMER, id=ada["id"], name="Adele", phones=given["phones"][:1])
    other = await done(company, CREATE_CUSTOMER, name="Ada", companyId=acme["id"], phones=given["phones"][1:])
    async with unchanged(company):
        problem = await refused(company, UPDATE_CUSTOMER, id=other["id"], name="adele")
        assert bad_values(problem) == {"name": "RULE_TAKEN", "companyId": "RULE_TAKEN"}


async def test_of_two_at_once_one_is_told(company: Company, client: Client) -> None:
    await define(company, "sku_name", "UNIQUE", ["name"], object="product", ignoreCase=True)
    answers = await asyncio.gather(
        *(
            company.data(CREATE_PRODUCT, {"input": {"sku": f"S{number}", "name": "Bolt", "price": "1"}})
            for number in range(8)
        )
    )
    results = [answer["result"] for answer in answers]
    refusals = [result for result in results if result["__typename"] != "ProductPayload"]
    assert len(refusals) == 7
    assert all(bad_values(problem) == {"name": "RULE_TAKEN"} for problem in refusals)
    assert len(await company.rows("SELECT 1 FROM products WHERE tenant_id = %(tenant)s")) == 1


async def test_a_rule_sees_what_is_computed(company: Company, client: Client) -> None:
    """A formula is judged by the values as they will be, and where these are wrong already, not at all."""
    await define_field(company, "cost", "decimal")
    await define_field(company, "margin", "formula", expression="total - custom.cost")
    await define(company, "profit", "CHECK", ["custom.cost"], check="custom.margin >= 0")
    await define(company, "why", "REQUIRE", ["notes"], when={"custom": {"margin": {"lt": "5"}}})
    async with unchanged(company):
        problem = await refused(company, CREATE_ORDER, lines=LINES, custom={"cost": "11"})
        assert bad_values(problem) == {"custom.cost": "RULE_BROKEN", "notes": "RULE_REQUIRED"}
        lines = [{"name": "Work", "unitPrice": "-1"}]
        problem = await refused(company, CREATE_ORDER, lines=lines, custom={"cost": "11"})
        assert bad_values(problem) == {"lines.0.unitPrice": "VALUE_NEGATIVE"}
        problem = await refused(
            company, DEFINE_RULE, object="order", key="r", effect="REQUIRE", fields=["custom.margin"]
        )
        assert bad_values(problem) == {"rule.r.fields.0": "CONFIG_RULE_FIELD"}
    order = await an_order(company, custom={"cost": "4"})
    assert bad_values(await refused(company, UPDATE_ORDER, id=order["id"], custom={"cost": "6"})) == {
        "notes": "RULE_REQUIRED"
    }


async def test_a_rule_may_hold_for_voiding(company: Company, client: Client) -> None:
    """Where it says so, and then with all its conditions; the others let a wrong order go."""
    await define_field(company, "refunded", "boolean")
    message = {"en": "Note the refund first.", "zh": "请先登记退款。"}
    paid = {"channel": {"eq": "web"}}
    await define(
        company,
        "noted",
        "REQUIRE",
        ["custom.refunded"],
        onVoid=True,
        when={"isVoided": {"eq": True}, **paid},
        message=message,
    )
    await define(company, "sealed", "READ_ONLY", ["notes"], onVoid=True, when={"channel": {"eq": "web"}})
    await define(company, "never", "CHECK", ["lines"], check="total > 1000")
    async with unchanged(company):
        problem = await refused(
            company, DEFINE_RULE, object="product", key="p", effect="REQUIRE", fields=["unit"], onVoid=True
        )
        assert bad_values(problem) == {"rule.p.on_void": "CONFIG_RULE_ON_VOID"}
    lines = [{"name": "Work", "unitPrice": "2000.00"}]
    order = await an_order(company, channel="web", lines=lines)
    async with unchanged(company):
        problem = await refused(company, VOID_ORDER, id=order["id"], reason="entered_twice")
        assert problem["errors"] == [{"path": ["custom", "refunded"], "code": "RULE_MESSAGE", "message": message["en"]}]
    await done(company, UPDATE_ORDER, id=order["id"], custom={"refunded": False})
    await done(company, VOID_ORDER, id=order["id"], reason="entered_twice")
    other = await an_order(company, channel="fax", lines=lines)
    await define(company, "never", "CHECK", ["lines"], check="total > 5000")
    await done(company, VOID_ORDER, id=other["id"], reason="entered_twice")


async def test_taken_keys_come_with_all_that_is_wrong(company: Company, client: Client) -> None:
    """CUS-3, D-09: what another record has is told at its field, with all other violations, and nothing is written for it."""
    await define_field(company, "card", "text", "product", unique=True)
    await define(company, "priced", "REQUIRE", ["price"], object="product")
    await done(company, CREATE_PRODUCT, sku="A", name="Apple", externalId="X", price="1", custom={"card": "7"})
    other = await done(company, CREATE_PRODUCT, sku="B", name="Bean", price="1")
    taken = {"sku": "A", "externalId": "X", "custom": {"card": "7"}}
    expected = {"sku": "VALUE_TAKEN", "externalId": "VALUE_TAKEN", "custom.card": "VALUE_TAKEN"}
    async with unchanged(company):
        problem = await refused(company, CREATE_PRODUCT, name="", **taken)
        assert bad_values(problem) == {**expected, "name": "VALUE_REQUIRED", "price": "RULE_REQUIRED"}
        problem = await refused(company, UPDATE_PRODUCT, id=other["id"], taxRate="2", **taken)
        assert bad_values(problem) == {**expected, "taxRate": "VALUE_NOT_RATE"}
    customer = await done(company, CREATE_CUSTOMER, name="Ann", externalId="C")
    await an_order(company, externalId="O", customerId=customer["id"])
    async with unchanged(company):
        problem = await refused(
            company, CREATE_ORDER, externalId="O", customer={"name": "", "externalId": "C"}, lines=[{"name": "x"}]
        )
        assert bad_values(problem) == {
            "externalId": "VALUE_TAKEN",
            "customer.externalId": "VALUE_TAKEN",
            "customer.name": "VALUE_REQUIRED",
            "lines.0.unitPrice": "ORDER_BARE_LINE",
        }
    # One's own are not taken.
    await done(company, UPDATE_PRODUCT, id=other["id"], sku="B", name="Beans")


async def test_all_rules_that_are_broken_at_one_field_are_told(company: Company, client: Client) -> None:
    """D-09: each with its own sentence, whatever else is wrong there."""
    await define_field(company, "width", "decimal")
    for key, most in (("door", 200), ("saw", 100)):
        message = {"en": f"The {key} takes {most}."}
        await define(company, key, "CHECK", ["custom.width"], check=f"custom.width <= {most}", message=message)
    await define(company, "one", "UNIQUE", ["custom.width"])
    await an_order(company, custom={"width": "50"})
    async with unchanged(company):
        problem = await refused(company, CREATE_ORDER, lines=LINES, custom={"width": "300"})
    assert [(error["path"], error["message"]) for error in problem["errors"]] == [
        (["custom", "width"], "The door takes 200."),
        (["custom", "width"], "The saw takes 100."),
    ]
