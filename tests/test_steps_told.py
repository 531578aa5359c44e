"""What a step needs is told all at once, by the names that people know: its form, its conditions and the rules (STA-4, STA-5)."""

from tenants.messages.field_names import FIELD_NAMES
from tenants.records import REGISTRY
from tests.documents import (
    CHANGE_STATUS,
    DEFINE_FIELD,
    DEFINE_STATUS,
    DEFINE_TRANSITION,
    UPDATE_ORDER,
    an_order,
    bad_values,
    done,
    mutation,
    refused,
    unchanged,
)
from tests.harness import Client, Company, Row, Statements

DEFINE_RULE = mutation("defineRule", "Configuration", "version changes { sentence }")
STEPS = "query($id: ID!) { order(id: $id) { nextSteps { key allowed refusal requires { path label } reasons { key label } } } }"
PREVIEW = """
query($input: PreviewStatusChangeInput!) { previewStatusChange(input: $input) {
  accepted problem { code message } errors { path code message }
} }"""
TWO_LINES = {"lines": {"count": {"gte": 2}}}


async def checked(company: Company, **changes: object) -> None:
    """The step to 'confirmed' has a form, and the status two gates."""
    reasons = [
        {"key": "asked", "label": {"en": "Asked for", "zh": "客户要求"}},
        {"key": "late", "label": {"en": "Late", "zh": "延误"}},
    ]
    values: Row = {"label": {"en": "Confirm", "zh": "确认"}, "sources": ["draft"], "target": "confirmed"}
    values |= {"fields": ["promisedAt"], "reasons": reasons, "noteRequired": True}
    await done(company, DEFINE_TRANSITION, key="confirm", **{**values, **changes})
    gate = {"enter": TWO_LINES, "enterRefusal": {"en": "Two lines at least.", "zh": "至少两行明细。"}}
    status: Row = {"label": {"en": "Confirmed", "zh": "已确认"}, "category": "in_progress", "gate": gate}
    await done(company, DEFINE_STATUS, key="confirmed", **status)
    draft: Row = {"label": {"en": "Draft", "zh": "草稿"}, "category": "open", "initial": True, "position": 1}
    leave = {"leave": {"customer": {"name": {"startsWith": "A"}}, "orderedAt": {"isNull": False}}}
    await done(company, DEFINE_STATUS, key="draft", gate=leave, **draft)


async def told(company: Company, order: Row, **given: object) -> dict[str, str]:
    """The errors by path, by the step and by its preview, which must say the same."""
    values = {"id": order["id"], "status": "confirmed", **given}
    async with unchanged(company):
        problem = await refused(company, CHANGE_STATUS, **values)
        preview = (await company.data(PREVIEW, {"input": values}))["previewStatusChange"]
    assert [(error["path"], error["code"]) for error in preview["errors"]] == [
        (error["path"], error["code"]) for error in problem["errors"]
    ]
    found: dict[str, str] = {}
    for error in problem["errors"]:
        path = ".".join(error["path"])
        found[path] = f"{found[path]} {error['code']}" if path in found else error["code"]
    return found


async def test_form_and_conditions_and_rules_are_told_together(company: Company, client: Client) -> None:
    await checked(company)
    rule = {"object": "order", "effect": "REQUIRE", "fields": ["notes"], "message": {"en": "Say what for."}}
    await done(company, DEFINE_RULE, key="why", when={"status": {"eq": "confirmed"}, "total": {"gt": "1"}}, **rule)
    order = await an_order(company)
    assert await told(company, order) == {
        "values.promisedAt": "ORDER_STEP_NEEDS",
        "reason": "ORDER_NEEDS_REASON",
        "note": "ORDER_STEP_NOTE",
        "values.notes": "RULE_MESSAGE",
        "status": "ORDER_LEAVE_REFUSED ORDER_ENTER_REFUSED",
    }
    form = {"note": "x", "reason": "asked", "values": {"promisedAt": "2031-05-01T10:00:00Z"}}
    assert await told(company, order, **form) == {
        "values.notes": "RULE_MESSAGE",
        "status": "ORDER_LEAVE_REFUSED ORDER_ENTER_REFUSED",
    }
    await done(company, UPDATE_ORDER, id=order["id"], notes="For the shop")
    async with unchanged(company):
        problem = await refused(company, CHANGE_STATUS, id=order["id"], status="confirmed", **form)
    assert (problem["__typename"], problem["code"]) == ("Conflict", "ORDER_LEAVE_REFUSED")
    assert problem["message"] == (
        "An order may not leave 'Draft' yet. Look at: Customer, Ordered at."
        " An order may not come into 'Confirmed' yet. Two lines at least."
    )
    (step,) = (await company.data(STEPS, {"id": order["id"]}))["order"]["nextSteps"]
    assert (step["allowed"], step["refusal"]) == (False, problem["message"])
    chinese = await company.add_person("owner", language="zh")
    (step,) = (await company.data(STEPS, {"id": order["id"]}, person=chinese))["order"]["nextSteps"]
    assert step["refusal"] == "订单尚不能离开“草稿”。请检查：客户、下单时间。 订单尚不能进入“已确认”。至少两行明细。"
    lines = [{"name": name, "unitPrice": "1.00"} for name in ("One", "Two")]
    await done(company, UPDATE_ORDER, id=order["id"], lines=lines)


async def test_a_condition_on_what_the_form_lacks_is_not_told_twice(company: Company, client: Client) -> None:
    """The value is missing or wrong: what looks at it has nothing to say."""
    await checked(company, condition={"promisedAt": {"isNull": False}}, noteRequired=False, reasons=[])
    await done(company, DEFINE_STATUS, key="draft", label={"en": "Draft"}, category="open", initial=True, position=1)
    order = await an_order(company)
    assert await told(company, order) == {"values.promisedAt": "ORDER_STEP_NEEDS", "status": "ORDER_ENTER_REFUSED"}
    bad = {"promisedAt": "soon"}
    assert await told(company, order, values=bad) == {
        "values.promisedAt": "VALUE_NOT_DATE_TIME",
        "status": "ORDER_ENTER_REFUSED",
    }


async def test_a_step_without_a_form_tells_rules_and_conditions(company: Company, client: Client) -> None:
    await checked(company, fields=[], reasons=[])
    rule = {"object": "order", "effect": "REQUIRE", "fields": ["notes"]}
    await done(company, DEFINE_RULE, key="why", when={"status": {"eq": "confirmed"}, "total": {"gt": "1"}}, **rule)
    await done(company, DEFINE_STATUS, key="draft", label={"en": "Draft"}, category="open", initial=True, position=1)
    order = await an_order(company)
    assert await told(company, order) == {
        "note": "ORDER_STEP_NOTE",
        "notes": "RULE_REQUIRED",
        "status": "ORDER_ENTER_REFUSED",
    }


async def test_what_a_rule_requires_in_a_status_is_asked_for_with_the_step(company: Company, client: Client) -> None:
    """STA-4: where the rule looks at the status alone, the list of steps asks for it, and the step takes it."""
    await done(
        company, DEFINE_FIELD, object="order", key="carrier", type="text", label={"en": "Carrier", "zh": "承运人"}
    )
    await done(company, DEFINE_FIELD, object="order", key="y", type="text", label={"en": "Y"})
    rule = {"object": "order", "effect": "REQUIRE", "message": {"en": "Ship to where?"}}
    going = {"status": {"in": ["confirmed", "shipped"]}}
    fields = ["shippingAddress", "custom.carrier", "customer", "currency", "channel"]
    await done(company, DEFINE_RULE, key="where", fields=fields, when=going, **rule)
    await done(company, DEFINE_RULE, key="large", fields=["notes"], when={**going, "total": {"gt": "99999"}}, **rule)
    await done(company, DEFINE_RULE, key="always", fields=["priority"], when={}, **rule)
    hidden = {"object": "order", "effect": "HIDE", "fields": ["channel"]}
    await done(company, DEFINE_RULE, key="none", when={"not": {"status": {"eq": "draft"}}}, **hidden)
    order = await an_order(company)
    (step,) = (await company.data(STEPS, {"id": order["id"]}))["order"]["nextSteps"]
    assert step["requires"] == [
        {"path": "shippingAddress", "label": "Shipping address"},
        {"path": "custom.carrier", "label": "Carrier"},
        {"path": "customerId", "label": "Customer"},
    ]
    assert await told(company, order) == {
        "values.shippingAddress": "RULE_MESSAGE",
        "values.custom.carrier": "RULE_MESSAGE",
        "values.customerId": "RULE_MESSAGE",
    }
    chinese = await company.add_person("owner", language="zh")
    (step,) = (await company.data(STEPS, {"id": order["id"]}, person=chinese))["order"]["nextSteps"]
    assert [each["label"] for each in step["requires"]] == ["收货地址", "承运人", "客户"]
    values = {"notes": "x", "shippingAddress": {"city": "Rome"}}
    async with unchanged(company):
        problem = await refused(company, CHANGE_STATUS, id=order["id"], status="confirmed", values=values)
    assert bad_values(problem)["values.notes"] == "ORDER_NOT_ASKED"
    customer = (await an_order(company, customer={"name": "Ada"}))["customer"]["id"]
    values = {"shippingAddress": {"city": "Rome"}, "custom": {"carrier": "Post"}, "customerId": customer}
    assert (await done(company, CHANGE_STATUS, id=order["id"], status="confirmed", values=values))["version"] == 2


async def test_a_list_asks_for_all_of_it_in_one_statement(
    company: Company, client: Client, statements: Statements
) -> None:
    """What rules require is known before any order is read."""
    rule = {"object": "order", "effect": "REQUIRE", "fields": ["notes"]}
    await done(company, DEFINE_RULE, key="why", when={"status": {"eq": "confirmed"}}, **rule)
    for _ in range(3):
        await an_order(company)
    statements.clear()
    found = await company.data("{ orders { nodes { nextSteps { key requires { path } } } } }")
    assert [order["nextSteps"] for order in found["orders"]["nodes"]] == [
        [{"key": "confirm", "requires": [{"path": "notes"}]}]
    ] * 3
    assert len(statements.work) == 1


async def test_reasons_are_told_by_their_labels(company: Company, client: Client) -> None:
    """With the key that the step takes, and in Chinese with the marks that Chinese has."""
    await checked(company, fields=[], noteRequired=False)
    order = await an_order(company, customer={"name": "Ada"}, lines=[{"name": "A", "unitPrice": "1"}] * 2)
    problem = await refused(company, CHANGE_STATUS, id=order["id"], status="confirmed")
    assert problem["errors"][0]["message"] == (
        "The step 'Confirm' needs a reason. Reasons: 'Asked for' (asked), 'Late' (late)."
    )
    chinese = await company.add_person("owner", language="zh")
    for given, said in (
        ({}, "流转“确认”需要选择原因：“客户要求”（asked）、“延误”（late）。"),
        ({"reason": "no"}, "该流转没有原因“no”。现有原因：“客户要求”（asked）、“延误”（late）。"),
    ):
        problem = await refused(company, CHANGE_STATUS, chinese, id=order["id"], status="confirmed", **given)
        assert problem["errors"][0]["message"] == said
    problem = await refused(company, CHANGE_STATUS, chinese, id=order["id"], status="shipped")
    assert problem["message"] == "订单不能从“草稿”变为“shipped”。可选的下一步：“已确认”。".replace("shipped", "已发货")


def test_every_built_in_field_has_a_name() -> None:
    """In both languages, whatever a path can lead to."""
    records = ("order", "order_line", "customer", "contact_point", "address", "product", "member")
    names = {
        name
        for record in records
        for attribute in REGISTRY[record].attributes
        for name in (attribute.name, *(getattr(part, "name", part) for part in getattr(attribute, "members", ())))
    }
    assert names - FIELD_NAMES.keys() == {"custom"}
    assert all(english.isascii() and not chinese.isascii() for english, chinese in FIELD_NAMES.values())
    assert FIELD_NAMES.keys() - names == set()
