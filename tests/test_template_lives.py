"""The first order of each type of each shipped template goes through its whole life, in both languages, and its automations run."""

from dataclasses import dataclass
from typing import Any

import pytest

from tenants.config.shipped_templates import read_template, template_names
from tests.conftest import NewCompany
from tests.documents import CHANGE_STATUS, CREATE_ORDER, done, mutation, read
from tests.harness import Client, Company, Drain, Outbox, Person, Row

FIRST = mutation("createOrder", "Order", "order { id number type { key label } status { label } }")
STEPS = """
query($id: ID!) { result: order(id: $id) {
  number status { key label category } nextSteps { key status label allowed refusal requires { path } reasons { key } }
} }
"""
NOTES = "{ notifications(first: 50) { nodes { text } } }"
CUSTOMER = {"name": "Lin & Partner", "emails": [{"value": "lin@example.com"}]}
LINES = [{"name": "Kettle", "quantity": "2", "unitPrice": "40.00"}]


@dataclass(frozen=True)
class Life:
    """One way of an order: what it is created with, and the statuses that it passes with what each step is given.

    ``told`` are the roles that get messages, with how many; ``mails`` are the subjects in English and Chinese.
    """

    template: str
    type: str | None
    given: Row
    steps: tuple[tuple[str, Row], ...]
    told: tuple[tuple[str, tuple[str, str]], ...] = ()
    mails: tuple[tuple[str, str], ...] = ()


LIVES = (
    Life(
        "minimal", None, {}, (("confirmed", {}), ("shipped", {}), ("confirmed", {}), ("shipped", {}), ("completed", {}))
    ),
    Life(
        "retail",
        "shop_sale",
        {"custom": {"deliveryService": "same_day", "giftMessage": "With love"}},
        (
            ("to_pack", {"values": {"custom": {"payment": "card", "paidOn": "2026-01-15"}}}),
            ("packed", {}),
            ("on_the_way", {"values": {"custom": {"trackingNumber": "1Z999"}}}),
            ("packed", {"reason": "not_collected"}),
            ("on_the_way", {}),
            ("delivered", {}),
        ),
        (
            ("shop_warehouse", ("Same day: pack {n} now.", "当日达：请立即打包 {n}。")),
            ("owner", ("{n} came back undelivered. Call Lin & Partner.", "{n} 投递失败被退回，请联系Lin & Partner。")),
        ),
        (
            ("Your order {n}", "您的订单 {n}"),
            ("On its way: order {n}", "订单 {n} 已发货"),
            ("On its way: order {n}", "订单 {n} 已发货"),
        ),
    ),
    Life(
        "retail",
        "shop_return",
        {"custom": {"returnedOrder": "FIRST"}},
        (
            ("return_arrived", {"values": {"custom": {"condition": "opened"}}}),
            ("refunded", {"values": {"custom": {"refund": {"amount": "80.00"}}}}),
        ),
        mails=(("Your refund for {n}", "{n} 退款通知"),),
    ),
    Life(
        "wholesale",
        "wholesale",
        {"priority": "URGENT", "custom": {"carrier": "freight", "warehouse": "south", "pallets": 3}},
        (
            ("on_hold", {}),
            ("pending", {}),
            ("approved", {}),
            ("picking", {}),
            ("shipped", {}),
            ("approved", {}),
            ("picking", {}),
            ("shipped", {"values": {"custom": {}}}),
            ("signed", {}),
        ),
        (("warehouse", ("Urgent: {n} (Lin & Partner)", "加急：{n}（Lin & Partner）")),),
        (
            ("Urgent order {n}", "加急订单 {n}"),
            ("Your order {n} has been shipped", "您的订单 {n} 已发货"),
            ("Your order {n} has been shipped", "您的订单 {n} 已发货"),
        ),
    ),
    Life(
        "wholesale",
        "wholesale_return",
        {"custom": {"returnOf": "FIRST"}},
        (
            ("return_agreed", {}),
            ("goods_back", {"values": {"custom": {"warehouse": "main"}}}),
            ("credited", {"values": {"custom": {"credit": {"amount": "80.00"}}}}),
        ),
        (("owner", ("{n}: Credited.", "{n}：已折让。")),),
    ),
    Life(
        "manufacturing",
        "production",
        {"custom": {"operations": ["cutting", "welding"], "workingTime": "PT6H"}},
        (
            ("offered", {"values": {"custom": {"offerValidUntil": "2026-03-01"}}}),
            ("inquiry", {"note": "Two more pieces"}),
            ("offered", {}),
            ("ordered", {"values": {"custom": {"customerReference": "PO-7"}, "promisedAt": "2026-04-01T12:00:00Z"}}),
            ("UPDATE", {"custom": {"depositPaid": True}}),
            ("scheduled_production", {"values": {"custom": {"productionWeek": "2026-W11", "material": "steel"}}}),
            ("in_production", {"values": {"custom": {"drawingRevision": "C"}}}),
            ("in_inspection", {}),
            ("in_production", {"reason": "surface", "note": "Scratches"}),
            ("in_inspection", {}),
            ("ready_to_deliver", {"values": {"custom": {"inspectedPieces": 2, "rejectedPieces": 0}}}),
            ("handed_over", {}),
        ),
        (
            (
                "production_planner",
                (
                    "{n} is ordered, promised for 2026-04-01T12:00:00+00:00. Schedule it when the deposit is paid.",
                    "{n} 已下单，交期 2026-04-01T12:00:00+00:00。预付款到账后请排产。",
                ),
            ),
            ("owner", ("{n}: Delivered.", "{n}：已交付。")),
            ("owner", ("{n}: Ready for delivery.", "{n}：待交付。")),
        ),
        (
            ("Our offer {n}", "报价单 {n}"),
            ("Our offer {n}", "报价单 {n}"),
            ("Order confirmation {n}", "订单确认 {n}"),
        ),
    ),
    Life(
        "manufacturing",
        "complaint",
        {"custom": {"complainedOrder": "FIRST"}},
        (("in_examination", {}), ("made_good", {"values": {"custom": {"cause": "work_fault"}}, "note": "New seam"})),
        (("works_manager", ("Complaint {n} of Lin & Partner", "Lin & Partner 投诉：{n}")),),
    ),
    Life(
        "field_service",
        "repair",
        {"custom": {"fault": "It leaks.", "device": "Boiler", "siteContact": "+49 30 123456", "site": {"city": "Ulm"}}},
        (
            ("visit_planned", {"values": {"custom": {"visitAt": "2026-02-02T09:00:00Z", "technician": "OWNER"}}}),
            ("call_taken", {"reason": "customer_away"}),
            ("visit_planned", {}),
            ("on_site", {}),
            ("part_ordered", {"note": "A valve"}),
            ("visit_planned", {}),
            ("on_site", {}),
            (
                "work_reported",
                {"values": {"custom": {"workDone": "Valve changed", "workTime": "PT2H", "result": "solved"}}},
            ),
            ("settled", {"step": "settle_call"}),
        ),
        (
            ("dispatcher", ("{n}, Lin & Partner: It leaks.", "{n}，Lin & Partner：It leaks.")),
            ("owner", ("{n}: Work reported.", "{n}：已完工。")),
        ),
        (
            ("Our visit for {n}", "{n} 上门服务通知"),
            ("Our visit for {n}", "{n} 上门服务通知"),
            ("Our visit for {n}", "{n} 上门服务通知"),
            ("{n} is done", "{n} 服务已完成"),
        ),
    ),
    Life(
        "field_service",
        "installation",
        {"custom": {"underWarranty": True}},
        (
            ("visit_planned", {"values": {"custom": {"visitAt": "2026-02-02T09:00:00Z", "technician": "OWNER"}}}),
            ("on_site", {}),
            (
                "work_reported",
                {"values": {"custom": {"workDone": "Put up", "workTime": "PT3H", "result": "solved"}}},
            ),
            ("settled", {"step": "close_as_warranty"}),
        ),
        (("owner", ("{n}: Work reported.", "{n}：已完工。")),),
        (("Our visit for {n}", "{n} 上门服务通知"), ("{n} is done", "{n} 服务已完成")),
    ),
    Life(
        "field_service",
        "maintenance",
        {"custom": {}},
        (
            ("visit_planned", {"values": {"custom": {"visitAt": "2026-02-02T09:00:00Z", "technician": "OWNER"}}}),
            ("on_site", {}),
            ("maintenance_done", {"values": {"custom": {"workDone": "Cleaned", "nextMaintenance": "2030-02-02"}}}),
        ),
        (("owner", ("{n}: Maintained.", "{n}：保养完成。")),),
        (("Our visit for {n}", "{n} 上门服务通知"), ("{n} is done", "{n} 服务已完成")),
    ),
    Life(
        "workshop",
        None,
        {"priority": "URGENT", "custom": {"item": "Bicycle", "service": "repair"}},
        (
            ("estimated", {}),
            ("in_workshop", {}),
            ("waiting", {}),
            ("in_workshop", {}),
            ("ready", {}),
            ("collected", {}),
        ),
        (("mechanic", ("Urgent: {n} for Lin & Partner", "加急：{n}（Lin & Partner）")),),
        (("Urgent order {n}", "加急订单 {n}"), ("Ready to collect: Bicycle", "可取件：Bicycle")),
    ),
)


def test_every_template_and_type_has_its_life_here() -> None:
    assert {(life.template, life.type) for life in LIVES} == {
        (name, key) for name in template_names() for key in read_template(name)["order_type"] or (None,)
    }


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("life", LIVES, ids=lambda life: f"{life.template}-{life.type}")
async def test_a_first_order_lives(
    life: Life, language: str, client: Client, new_company: NewCompany, work: Drain, outbox: Outbox
) -> None:
    """Each step is offered before it is taken; whoever is told is told in their language, and so is the customer."""
    company = await new_company(template=life.template, language=language)
    roles = dict.fromkeys(role for role, _ in life.told if role != "owner")
    people = {role: await company.add_person(role, language=language) for role in roles} | {"owner": company.owner}
    before = await done(company, CREATE_ORDER, lines=LINES, customer=CUSTOMER, **_first(life))
    known = {"FIRST": before["id"], "OWNER": str(company.owner.id)}
    await work()
    texts = {role: await _texts(company, person) for role, person in people.items()}
    outbox.sent.clear()
    given = {"type": life.type, **_filled(life.given, known)}
    order = await done(company, FIRST, lines=LINES, customer=CUSTOMER, **given)
    await work()
    for status, step in life.steps:
        await _take(company, order["id"], status, _filled(step, known))
        await work()
    last = await read(company, STEPS, order["id"])
    assert (last["status"]["category"], [step["key"] for step in last["nextSteps"]]) == ("DONE", [])
    chinese = language == "zh"
    told = {
        role: sorted(pair[chinese].format(n=order["number"]) for name, pair in life.told if name == role)
        for role in people
    }
    assert {role: _new(await _texts(company, person), texts[role]) for role, person in people.items()} == told
    subjects = [mail["subject"] for mail in outbox.sent]
    assert sorted(subjects) == sorted(pair[chinese].format(n=order["number"]) for pair in life.mails)
    runs = await company.rows("SELECT automation, status, message FROM automation_runs WHERE tenant_id = %(tenant)s")
    assert [run for run in runs if run["status"] != "succeeded"] == []
    assert not any("{{" in mail["body"] or "{%" in mail["body"] for mail in outbox.sent)


UPDATE = mutation("updateOrder", "Order", "order { id }")


async def _take(company: Company, order: str, status: str, given: Row) -> None:
    if status == "UPDATE":
        await done(company, UPDATE, id=order, **given)
        return
    shown = await read(company, STEPS, order)
    offered = [step for step in shown["nextSteps"] if step["status"] == status and step["allowed"]]
    assert offered, (status, shown["nextSteps"])
    changed = await done(company, CHANGE_STATUS, id=order, status=status, **given)
    assert changed["status"]["key"] == status


def _first(life: Life) -> Row:
    """What an order of the template's first type is given, for links to lead to it."""
    first = next(other for other in LIVES if other.template == life.template)
    return {"type": first.type, **first.given}


def _filled(given: Any, known: Row) -> Any:
    if isinstance(given, dict):
        return {name: _filled(value, known) for name, value in given.items()}
    return known.get(given, given) if isinstance(given, str) else given


async def _texts(company: Company, person: Person) -> list[str]:
    nodes = (await company.data(NOTES, person=person))["notifications"]["nodes"]
    return sorted(node["text"] for node in nodes)


def _new(texts: list[str], before: list[str]) -> list[str]:
    """Those of the second order: every text names its order."""
    return sorted(text for text in texts if text not in before)
