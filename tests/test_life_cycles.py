"""Life cycles by order type, gates, and the forms of steps (STA-1 to STA-5), through GraphQL."""

from typing import Any

import pytest

from tests.documents import (
    CHANGE_STATUS,
    CREATE_ORDER,
    DEFINE_FIELD,
    DEFINE_ROLE,
    DEFINE_STATUS,
    DEFINE_TRANSITION,
    UPDATE_ORDER,
    an_order,
    bad_values,
    done,
    mutation,
    read,
    refused,
    unchanged,
)
from tests.harness import Client, Company, Drain, Person, Row
from tests.importing import HEAD, counts, load, rejected
from tests.test_files import uploaded

CONFIGURED = "version changes { kind key sentence }"
DEFINE_LIFE_CYCLE = mutation("defineLifeCycle", "Configuration", CONFIGURED)
DEFINE_AUTOMATION = mutation("defineAutomation", "Configuration", "version")
DEFINE_ORDER_TYPE = mutation("defineOrderType", "Configuration", CONFIGURED)
STEPS = """
query($id: ID!) { result: order(id: $id) {
  status { key } statusSince statusDueAt statusReason type { key label } lifeCycle { key version }
  nextSteps { key status allowed refusal noteRequired attachmentRequired confirm requires { path label } reasons { key label } }
} }
"""
LINE = {"name": "Work", "unitPrice": "10.00"}
REPAIRS = {"repairs": ("received", "mending", "returned")}


async def steps_of(company: Company, order: Row, person: Person | None = None) -> dict[str, Row]:
    found = await read(company, STEPS, order["id"], person)
    return {step["key"]: step for step in found["nextSteps"]}


async def repairs(company: Company, **gates: Row) -> None:
    """A second life cycle beside that of sales, and a type of orders for each."""
    for position, key in enumerate(("received", "mending", "returned")):
        category = ("open", "in_progress", "done")[position]
        label = {"en": key.title()}
        await done(company, DEFINE_STATUS, key=key, label=label, category=category, position=10 + position)
    for key, source, target in (("mend", "received", "mending"), ("give_back", "mending", "returned")):
        await done(company, DEFINE_TRANSITION, key=key, label={"en": key}, sources=[source], target=target)
    sales = [{"status": status} for status in ("draft", "confirmed", "shipped", "completed")]
    mending = [{"status": status, **gates.get(status, {})} for status in ("received", "mending", "returned")]
    await done(company, DEFINE_LIFE_CYCLE, key="sales", label={"en": "Sales"}, initial="draft", statuses=sales)
    await done(company, DEFINE_LIFE_CYCLE, key="repairs", label={"en": "Repairs"}, initial="received", statuses=mending)
    await done(company, DEFINE_ORDER_TYPE, key="sale", label={"en": "Sale"}, lifeCycle="sales", default=True)
    await done(company, DEFINE_ORDER_TYPE, key="repair", label={"en": "Repair"}, lifeCycle="repairs", position=2)


async def test_the_type_chooses_the_life_cycle(company: Company, client: Client) -> None:
    """STA-2: two life cycles side by side; an order without a type is of the default one."""
    old = await an_order(company)
    await repairs(company)
    sale, repair = await an_order(company), await an_order(company, type="repair")
    assert (sale["status"]["key"], repair["status"]["key"]) == ("draft", "received")
    assert list(await steps_of(company, sale)) == ["confirm"]
    assert list(await steps_of(company, repair)) == ["mend"]
    shown = await read(company, STEPS, repair["id"])
    assert shown["type"] == {"key": "repair", "label": "Repair"}
    assert shown["lifeCycle"] == {"key": "repairs", "version": 0}
    async with unchanged(company):
        problem = await refused(company, CHANGE_STATUS, id=repair["id"], status="confirmed")
    assert (problem["code"], "'Mending'" in problem["message"]) == ("ORDER_ILLEGAL_STEP", True)
    mended = await done(company, CHANGE_STATUS, id=repair["id"], status="mending")
    assert mended["status"]["key"] == "mending"
    # Orders that were there before have the life cycle of all statuses.
    assert (await read(company, STEPS, old["id"]))["lifeCycle"] == {"key": "", "version": 0}
    assert list(await steps_of(company, old)) == ["confirm"]


async def test_a_type_that_is_none(company: Company, client: Client) -> None:
    await repairs(company)
    line = [{"name": "Work", "unitPrice": "1.00"}]
    async with unchanged(company, without=("counters",)):
        problem = await refused(company, CREATE_ORDER, lines=line, type="gift", currency="XYZW")
    assert bad_values(problem) == {"type": "ORDER_UNKNOWN_TYPE", "currency": "VALUE_NOT_CURRENCY"}
    sale = await an_order(company)
    async with unchanged(company):
        problem = await refused(company, UPDATE_ORDER, id=sale["id"], type="repair")
    assert bad_values(problem) == {"type": "ORDER_TYPE_STATUS"}


async def test_types_filter_sort_and_group(company: Company, client: Client) -> None:
    """ORD-9: the type is a classifier like any other."""
    await repairs(company)
    for kind in ("repair", "sale", "repair"):
        await an_order(company, type=kind)
    found = await company.data(
        '{ a: orders(where: {type: {eq: "repair"}}) { totalCount } orderGroups(groupBy: "type") { key label count } }'
    )
    assert found["a"]["totalCount"] == 2
    assert sorted((group["key"], group["label"], group["count"]) for group in found["orderGroups"]) == [
        ("repair", "Repair", 2),
        ("sale", "Sale", 1),
    ]


async def test_a_step_with_a_condition(company: Company, client: Client) -> None:
    """STA-4: the list says why a step is blocked, in the company's words, and the mutation says the same."""
    condition = {"promisedAt": {"isNull": False}, "lines": {"count": {"gte": 2}}}
    refusal = {"en": "Promise a day and enter two lines first.", "zh": "请先承诺日期并录入两行明细。"}
    values: Row = {"label": {"en": "Confirm"}, "sources": ["draft"], "target": "confirmed"}
    await done(company, DEFINE_TRANSITION, key="confirm", condition=condition, refusal=refusal, **values)
    order = await an_order(company)
    step = (await steps_of(company, order))["confirm"]
    async with unchanged(company):
        problem = await refused(company, CHANGE_STATUS, id=order["id"], status="confirmed")
    assert problem["code"] == "ORDER_STEP_REFUSED"
    assert problem["message"] == (
        "The step 'Confirm' is not possible as the order stands. Promise a day and enter two lines first."
    )
    assert (step["allowed"], step["refusal"]) == (False, problem["message"])
    reader = await company.add_person("member", language="zh")
    assert "请先承诺日期" in (await steps_of(company, order, reader))["confirm"]["refusal"]
    lines = [{"name": name, "unitPrice": "1.00"} for name in ("One", "Two")]
    await done(company, UPDATE_ORDER, id=order["id"], promisedAt="2031-05-01T10:00:00Z", lines=lines)
    step = (await steps_of(company, order))["confirm"]
    assert (step["allowed"], step["refusal"]) == (True, None)
    assert (await done(company, CHANGE_STATUS, id=order["id"], status="confirmed"))["version"] == 3


@pytest.mark.parametrize(("gate", "status", "code"), [("leave", "draft", "LEAVE"), ("enter", "confirmed", "ENTER")])
async def test_the_gates_of_a_status(company: Company, client: Client, gate: str, status: str, code: str) -> None:
    """STA-1: conditions of coming in and of going on; without words of the company's own, the fields are named."""
    statuses = {"draft": ("Draft", "open"), "confirmed": ("Confirmed", "in_progress")}
    label, category = statuses[status]
    values: Row = {"label": {"en": label}, "category": category, "initial": status == "draft", "position": 1}
    await done(company, DEFINE_STATUS, key=status, gate={gate: {"customer": {"name": {"eq": "Ada"}}}}, **values)
    order = await an_order(company, customer={"name": "Bob"})
    async with unchanged(company):
        problem = await refused(company, CHANGE_STATUS, id=order["id"], status="confirmed")
    assert problem["code"] == f"ORDER_{code}_REFUSED"
    assert problem["message"].endswith("Look at: Customer.")
    step = (await steps_of(company, order))["confirm"]
    assert (step["allowed"], step["refusal"]) == (False, problem["message"])
    good = await an_order(company, customer={"name": "Ada"})
    assert (await done(company, CHANGE_STATUS, id=good["id"], status="confirmed"))["version"] == 2


async def test_a_gate_where_orders_begin(company: Company, client: Client) -> None:
    """A new order comes into its first status through the same gate, inline customers and lines included."""
    enter = {"customer": {"name": {"startsWith": "A"}}, "lines": {"some": {"quantity": {"gt": "2"}}}}
    values: Row = {"label": {"en": "Draft"}, "category": "open", "initial": True, "position": 1}
    await done(company, DEFINE_STATUS, key="draft", gate={"enter": enter}, **values)
    few, many = ([{"name": "Work", "unitPrice": "1.00", "quantity": quantity}] for quantity in ("2", "3"))
    for lines, name in ((few, "Ada"), (many, "Bob")):
        async with unchanged(company, without=("counters",)):
            problem = await refused(company, CREATE_ORDER, lines=lines, customer={"name": name})
        assert problem["code"] == "ORDER_ENTER_REFUSED"
    order = await done(company, CREATE_ORDER, lines=many, customer={"name": "Ada"})
    again = await done(company, CREATE_ORDER, lines=many, customerId=order["customer"]["id"])
    assert again["customer"]["name"] == "Ada"


async def test_the_form_of_a_step(company: Company, client: Client) -> None:
    """STA-5: required fields, a reason, a note: all that is missing is told at once, and one save takes all of it."""
    await done(company, DEFINE_FIELD, object="order", key="carrier", type="text", label={"en": "Carrier"})
    reasons = [{"key": "asked", "label": {"en": "Asked for"}}, {"key": "old", "label": {"en": "Old"}, "archived": True}]
    values: Row = {"label": {"en": "Confirm"}, "sources": ["draft"], "target": "confirmed", "reasons": reasons}
    values |= {"fields": ["promisedAt", "custom.carrier"], "noteRequired": True, "confirm": {"en": "Sure?"}}
    await done(company, DEFINE_TRANSITION, key="confirm", **values)
    order = await an_order(company)
    step = (await steps_of(company, order))["confirm"]
    assert step["requires"] == [
        {"path": "promisedAt", "label": "Promised at"},
        {"path": "custom.carrier", "label": "Carrier"},
    ]
    assert (step["reasons"], step["noteRequired"]) == ([{"key": "asked", "label": "Asked for"}], True)
    assert (step["confirm"], step["attachmentRequired"]) == ("Sure?", False)
    async with unchanged(company):
        problem = await refused(company, CHANGE_STATUS, id=order["id"], status="confirmed")
    assert bad_values(problem) == {
        "reason": "ORDER_NEEDS_REASON",
        "note": "ORDER_STEP_NOTE",
        "values.promisedAt": "ORDER_STEP_NEEDS",
        "values.custom.carrier": "ORDER_STEP_NEEDS",
    }
    bad = {"promisedAt": "2031-05-01T10:00:00Z", "custom": {"carrier": "x"}, "notes": "not asked for"}
    async with unchanged(company):
        problem = await refused(
            company, CHANGE_STATUS, id=order["id"], status="confirmed", note="x", reason="old", values=bad
        )
    assert bad_values(problem) == {"reason": "ORDER_UNKNOWN_STEP_REASON", "values.notes": "ORDER_NOT_ASKED"}
    # Whoever may take the step may fill in its form, and nothing else.
    grants: list[Row] = [{"object": "order", "actions": ["read", "change_status", "transition.*"]}]
    await done(company, DEFINE_ROLE, key="stepper", label={"en": "Stepper"}, grants=grants)
    stepper = await company.add_person("stepper")
    given = {"promisedAt": "2031-05-01T10:00:00Z", "custom": {"carrier": "Post"}}
    document = mutation("changeOrderStatus", "Order", "order { version promisedAt custom { carrier } statusReason }")
    after = await done(
        company, document, stepper, id=order["id"], status="confirmed", note="called", reason="asked", values=given
    )
    assert after == {
        "version": 2,
        "promisedAt": "2031-05-01T10:00:00+00:00",
        "custom": {"carrier": "Post"},
        "statusReason": "asked",
    }
    history = "query($id: ID!) { result: order(id: $id) { history { nodes { kind note changes { field to } } } } }"
    entry = (await read(company, history, order["id"]))["history"]["nodes"][1]
    assert (entry["kind"], entry["note"]) == ("STATUS_CHANGED", "called")
    assert {change["field"]: change["to"] for change in entry["changes"]} == {
        "status": "confirmed",
        "statusReason": "asked",
        "promisedAt": "2031-05-01T10:00:00+00:00",
        "custom.carrier": "Post",
    }


async def test_two_steps_to_one_status(company: Company, client: Client) -> None:
    """Of several steps the named one is taken, or the first whose condition holds."""
    values: Row = {"label": {"en": "Rush"}, "sources": ["draft"], "target": "confirmed"}
    never = {"number": {"eq": "never"}}
    await done(company, DEFINE_TRANSITION, key="a_rush", condition=never, **values)
    order = await an_order(company)
    async with unchanged(company):
        problem = await refused(company, CHANGE_STATUS, id=order["id"], status="confirmed", step="a_rush")
    assert problem["code"] == "ORDER_STEP_REFUSED"
    assert (await done(company, CHANGE_STATUS, id=order["id"], status="confirmed"))["version"] == 2


async def test_time_limits(company: Company, client: Client) -> None:
    """STA-1: how long an order may stay; the overdue ones are found by a filter."""
    values: Row = {"label": {"en": "Confirmed"}, "category": "in_progress", "position": 2}
    await done(company, DEFINE_STATUS, key="confirmed", gate={"timeLimit": "P2D"}, **values)
    order = await an_order(company)
    assert (await read(company, STEPS, order["id"]))["statusDueAt"] is None
    await done(company, CHANGE_STATUS, id=order["id"], status="confirmed")
    found = await company.rows("SELECT status_due_at - status_since AS span FROM orders WHERE tenant_id = %(tenant)s")
    assert found[0]["span"].days == 2
    overdue = '{ orders(where: {statusDueAt: {olderThan: "PT0S"}}) { totalCount } }'
    assert (await company.data(overdue))["orders"]["totalCount"] == 0
    async with company.begin() as tx:
        await tx.execute("UPDATE orders SET status_due_at = now() - interval '1 hour' WHERE tenant_id = %(tenant)s")
    assert (await company.data(overdue))["orders"]["totalCount"] == 1
    await done(company, CHANGE_STATUS, id=order["id"], status="shipped")
    assert (await company.data(overdue))["orders"]["totalCount"] == 0


BAD: list[tuple[str, Row, dict[str, str]]] = [
    (
        DEFINE_LIFE_CYCLE,
        {"initial": "nowhere", "statuses": [{"status": "draft"}]},
        {"initial": "CONFIG_FOREIGN_INITIAL"},
    ),
    (
        DEFINE_LIFE_CYCLE,
        {"initial": "draft", "statuses": [{"status": "draft"}, {"status": "void"}, {"status": "nope"}]},
        {"statuses.void": "CONFIG_VOID_IN_LIFE_CYCLE", "statuses.nope": "CONFIG_UNKNOWN_STATUS"},
    ),
    (DEFINE_ORDER_TYPE, {"lifeCycle": "nowhere"}, {"life_cycle": "CONFIG_UNKNOWN_LIFE_CYCLE"}),
    (
        DEFINE_TRANSITION,
        {"sources": ["draft"], "target": "confirmed", "fields": ["total", "custom.nope", "promisedAt"]},
        {"fields": "CONFIG_UNKNOWN_STEP_FIELD"},
    ),
]


@pytest.mark.parametrize(("document", "values", "expected"), BAD)
async def test_bad_definitions(
    company: Company, client: Client, document: str, values: Row, expected: dict[str, str]
) -> None:
    async with unchanged(company):
        problem = await refused(company, document, key="bad", label={"en": "Bad"}, **values)
    assert problem["__typename"] == "InvalidInput"
    found: dict[str, Any] = {".".join(error["path"][2:]): error["code"] for error in problem["errors"]}
    assert found == expected


async def test_a_time_limit_that_is_none(company: Company, client: Client) -> None:
    async with unchanged(company):
        problem = await refused(
            company, DEFINE_STATUS, key="held", label={"en": "Held"}, category="open", gate={"timeLimit": "2 days"}
        )
    assert "ISO 8601" in problem["message"]


STEP_GATE = {"promisedAt": {"isNull": False}}


async def gated_shipping(company: Company) -> None:
    """Shipping asks for a promised day, a reason and a note."""
    values: Row = {"label": {"en": "Ship"}, "sources": ["confirmed"], "target": "shipped", "noteRequired": True}
    reasons = [{"key": "ready", "label": {"en": "Ready"}}]
    await done(company, DEFINE_TRANSITION, key="ship", condition=STEP_GATE, reasons=reasons, **values)


@pytest.mark.parametrize(
    ("action", "day", "expected"),
    [
        ({"to": "shipped"}, "2031-05-01T10:00:00Z", "confirmed"),
        ({"to": "shipped", "reason": "ready", "note": "by itself"}, None, "confirmed"),
        ({"to": "shipped", "reason": "ready", "note": "by itself"}, "2031-05-01T10:00:00Z", "shipped"),
        ({"to": "completed"}, "2031-05-01T10:00:00Z", "confirmed"),
    ],
)
async def test_automations_take_no_back_door(
    company: Company, client: Client, work: Drain, action: Row, day: str | None, expected: str
) -> None:
    """STA-3: an automation meets the same graph, form and conditions, and says in its run what stopped it."""
    await gated_shipping(company)
    await done(
        company,
        DEFINE_AUTOMATION,
        key="ship_at_once",
        label={"en": "Ship at once"},
        events=["STATUS_CHANGED"],
        condition={"status": {"eq": "confirmed"}},
        actions=[{"changeStatus": action}],
    )
    order = await an_order(company, promisedAt=day)
    await done(company, CHANGE_STATUS, id=order["id"], status="confirmed")
    await work()
    assert (await read(company, STEPS, order["id"]))["status"]["key"] == expected
    runs = (await company.data("{ automationRuns { nodes { status message } } }"))["automationRuns"]["nodes"]
    assert [run["status"] for run in runs] == ["SUCCEEDED" if expected == "shipped" else "FAILED"]


async def test_an_import_takes_no_back_door(company: Company, client: Client) -> None:
    """STA-3: an imported order begins in a status of its type's life cycle and through its gate, or not at all."""
    await repairs(company, mending={"enter": {"notes": {"startsWith": "Broken"}}})
    mapping = HEAD + (
        "- {file: o.csv, record: order, external_id: id, fields: {type: type, status: status, notes: notes},"
        " lines: [{name: {const: Work}, unitPrice: {const: 1}}]}\n"
    )
    text = (
        "id,type,status,notes\n"
        "1,repair,mending,Broken glass\n"
        "2,repair,mending,Whole\n"
        "3,repair,draft,Broken\n"
        "4,sale,shipped,Whole\n"
    )
    summary = await load(company, mapping, o=text)
    assert counts(summary) == {"order": (4, 2, 0, 0, 2, 0)}
    assert [(line, reason) for _, line, reason in rejected(summary)] == [
        (3, "An order may not come into 'Mending' yet. Look at: Notes."),
        (4, "status: There is no status 'draft'. Statuses: received, mending, returned."),
    ]
    found = await company.rows(
        "SELECT external_id, type, status, life_cycle FROM orders WHERE tenant_id = %(tenant)s ORDER BY external_id"
    )
    assert [tuple(row.values()) for row in found] == [
        ("1", "repair", "mending", "repairs"),
        ("4", "sale", "shipped", "sales"),
    ]


async def test_the_first_gate_sees_the_order_as_it_will_be(company: Company, client: Client) -> None:
    """STA-1: with all that a filter can reach, the customer that comes with the order too."""
    await repairs(
        company, received={"enter": {"isVoided": {"eq": False}, "customer": {"orders": {"count": {"lte": 1}}}}}
    )
    first = await an_order(company, type="repair", customer={"name": "Ann"})
    (row,) = await company.rows("SELECT customer_id FROM orders WHERE id = %(id)s", id=first["id"])
    async with unchanged(company, without=("counters",)):
        again = await refused(company, CREATE_ORDER, type="repair", customerId=str(row["customer_id"]), lines=[LINE])
        alone = await refused(company, CREATE_ORDER, type="repair", lines=[LINE])
    assert [again["code"], alone["code"]] == ["ORDER_ENTER_REFUSED"] * 2
    await an_order(company, type="sale", customerId=str(row["customer_id"]))


async def test_a_step_with_a_file(company: Company, client: Client) -> None:
    """STA-5: a step can ask for a file, which hangs on the order from then on; nobody else's, and no file of another place."""
    values: Row = {"label": {"en": "Confirm"}, "sources": ["draft"], "target": "confirmed"}
    await done(company, DEFINE_TRANSITION, key="confirm", attachmentRequired=True, **values)
    order, other = await an_order(company), await an_order(company)
    assert (await steps_of(company, order))["confirm"]["attachmentRequired"]
    own, foreign = await uploaded(company), await uploaded(company, person=company.member)
    for files, expected in (
        ([], {"files": "ORDER_STEP_FILE"}),
        ([str(own), str(foreign), "none"], {"files.1": "VALUE_UNKNOWN_RECORD", "files.2": "VALUE_UNKNOWN_RECORD"}),
    ):
        async with unchanged(company):
            problem = await refused(company, CHANGE_STATUS, id=order["id"], status="confirmed", files=files)
        assert bad_values(problem) == expected
    await done(company, CHANGE_STATUS, id=order["id"], status="confirmed", files=[str(own)])
    hanging = "query($id: ID!) { result: order(id: $id) { files { nodes { id name } } } }"
    assert (await read(company, hanging, order["id"]))["files"]["nodes"] == [{"id": str(own), "name": "photo.png"}]
    async with unchanged(company):
        problem = await refused(company, CHANGE_STATUS, id=other["id"], status="confirmed", files=[str(own)])
    assert bad_values(problem) == {"files.0": "FILE_HANGS"}
