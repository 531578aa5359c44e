"""The life cycle (STA-1, STA-3, STA-4, STA-8) and the right to each of its steps (PER-3), through GraphQL."""

from datetime import datetime
from itertools import product as pairs
from typing import Any

import pytest

from tests.documents import (
    CHANGE_STATUS,
    DEFINE_ROLE,
    DEFINE_STATUS,
    DEFINE_TRANSITION,
    READ_ORDER,
    REMOVE_DEFINITION,
    an_order,
    bad_values,
    done,
    read,
    refused,
    unchanged,
    without_names,
)
from tests.harness import Client, Company, Person, Row

NEXT_STEPS = """
query($id: ID!) { result: order(id: $id) { nextSteps { key label status statusLabel allowed refusal } } }
"""
STATUSES = ("draft", "confirmed", "shipped", "completed", "void")
# The way from the first status to each, and the steps that the template allows.
WAYS: dict[str, tuple[str, ...]] = {
    "draft": (),
    "confirmed": ("confirmed",),
    "shipped": ("confirmed", "shipped"),
    "completed": ("confirmed", "shipped", "completed"),
}
READING: tuple[Row, ...] = tuple(
    {"object": name, "actions": ["read"]} for name in ("order", "customer", "product", "member")
)
LEGAL = {("draft", "confirmed"), ("confirmed", "shipped"), ("shipped", "confirmed"), ("shipped", "completed")}


async def order_in(company: Company, status: str) -> Row:
    order = await an_order(company)
    for step in WAYS[status]:
        order = await done(company, CHANGE_STATUS, id=order["id"], status=step)
    return order


async def next_steps(company: Company, order: Row, person: Person | None = None) -> list[Row]:
    steps: list[Row] = (await read(company, NEXT_STEPS, order["id"], person))["nextSteps"]
    return steps


@pytest.mark.parametrize(("source", "target"), list(pairs(WAYS, STATUSES)))
async def test_only_legal_steps_are_taken(company: Company, client: Client, source: str, target: str) -> None:
    """STA-3: each pair of statuses is either a step of the life cycle or refused with the steps there are."""
    order = await order_in(company, source)
    if (source, target) in LEGAL:
        after = await done(company, CHANGE_STATUS, id=order["id"], status=target, expectedVersion=order["version"])
        assert (after["status"]["key"], after["version"]) == (target, order["version"] + 1)
        return
    async with unchanged(company):
        problem = await refused(company, CHANGE_STATUS, id=order["id"], status=target)
    labels = {"draft": [], "confirmed": ["Shipped"], "shipped": ["Confirmed", "Completed"], "completed": []}
    labels["draft"] = ["Confirmed"]
    assert problem["__typename"] == "Conflict"
    if target == "void":
        assert problem["message"] == "'Void' is reached by voiding the order: use voidOrder."
    elif source == "completed":
        assert problem["message"] == "An order in 'Completed' has no next steps."
    else:
        assert problem["code"] == "ORDER_ILLEGAL_STEP"
        assert all(f"'{label}'" in problem["message"] for label in labels[source])


async def test_the_next_steps_are_listed(company: Company, client: Client) -> None:
    """STA-4: what comes next, in the caller's language, and for those who may not take it, why."""
    order = await order_in(company, "shipped")
    steps = {step["status"]: step for step in await next_steps(company, order)}
    assert steps == {
        "completed": {
            "key": "complete",
            "label": "Complete",
            "status": "completed",
            "statusLabel": "Completed",
            "allowed": True,
            "refusal": None,
        },
        "confirmed": {
            "key": "take_back",
            "label": "Take back",
            "status": "confirmed",
            "statusLabel": "Confirmed",
            "allowed": True,
            "refusal": None,
        },
    }
    for step in await next_steps(company, order, company.read_only):
        assert not step["allowed"]
        assert "'order.change_status'" in step["refusal"]
        assert "owner, admin, member" in step["refusal"]
    reader = await company.add_person("read_only", language="zh")
    assert {step["label"] for step in await next_steps(company, order, reader)} == {"完成", "追回"}
    assert await next_steps(company, await order_in(company, "completed")) == []


async def test_a_status_that_does_not_exist(company: Company, client: Client) -> None:
    order = await an_order(company)
    for wanted in ("nowhere", "", "DRAFT", "x" * 100_000):
        async with unchanged(company):
            problem = await refused(company, CHANGE_STATUS, id=order["id"], status=wanted)
        assert bad_values(problem) == {"status": "ORDER_UNKNOWN_STATUS"}
        assert len(problem["message"]) < 400


async def test_each_step_is_a_right_of_its_own(company: Company, client: Client) -> None:
    """PER-3: a role made at run time may confirm but not ship; list and refusal say the same, and the refusal whom to ask."""
    grants: list[Row] = [
        {"object": "order", "actions": ["change_status", "transition.confirm"]},
        *READING,
    ]
    await done(company, DEFINE_ROLE, key="clerk", label={"en": "Clerk"}, grants=grants)
    clerk = await company.add_person("clerk")
    order = await an_order(company)
    confirmed = await done(company, CHANGE_STATUS, clerk, id=order["id"], status="confirmed")
    assert confirmed["status"]["key"] == "confirmed"
    (step,) = await next_steps(company, order, clerk)
    async with unchanged(company):
        problem = await refused(company, CHANGE_STATUS, clerk, id=order["id"], status="shipped")
    assert (problem["__typename"], problem["right"]) == ("NotAllowed", "order.transition.ship")
    assert problem["grantedTo"] == ["owner", "admin", "member"]
    assert (step["allowed"], step["refusal"]) == (False, without_names(problem["message"]))
    # The grant is widened: the next request of the same session may.
    grants[0]["actions"] = ["change_status", "transition.confirm", "transition.ship"]
    await done(company, DEFINE_ROLE, key="clerk", label={"en": "Clerk"}, grants=grants)
    assert (await next_steps(company, order, clerk))[0]["allowed"]
    assert (await done(company, CHANGE_STATUS, clerk, id=order["id"], status="shipped"))["version"] == 3


async def test_steps_without_the_general_right(company: Company, client: Client) -> None:
    """Holding every step is not enough without order.change_status, and the list names the right that is missing."""
    grants = [{"object": "order", "actions": ["transition.*"]}, *READING]
    await done(company, DEFINE_ROLE, key="stepper", label={"en": "Stepper"}, grants=grants)
    stepper = await company.add_person("stepper")
    order = await an_order(company)
    async with unchanged(company):
        problem = await refused(company, CHANGE_STATUS, stepper, id=order["id"], status="confirmed")
    assert problem["right"] == "order.change_status"
    (step,) = await next_steps(company, order, stepper)
    assert (step["allowed"], step["refusal"]) == (False, without_names(problem["message"]))


async def test_a_deny_beats_every_grant(company: Company, client: Client) -> None:
    """PER-2: a member who is also a trainee may confirm, not ship."""
    grants = [{"object": "order", "actions": ["transition.ship"], "effect": "deny"}]
    await done(company, DEFINE_ROLE, key="trainee", label={"en": "Trainee"}, grants=grants)
    trainee = await company.add_person("member", "trainee")
    order = await order_in(company, "confirmed")
    async with unchanged(company):
        problem = await refused(company, CHANGE_STATUS, trainee, id=order["id"], status="shipped")
    assert problem["right"] == "order.transition.ship"
    assert (await done(company, CHANGE_STATUS, company.member, id=order["id"], status="shipped"))["version"] == 3


async def test_two_ways_to_the_same_status(company: Company, client: Client) -> None:
    """Where two steps lead to one status, the right to either suffices."""
    values: Row = {"label": {"en": "Rush"}, "sources": ["draft"], "target": "confirmed"}
    await done(company, DEFINE_TRANSITION, key="a_rush", **values)
    grants = [{"object": "order", "actions": ["change_status", "transition.a_rush"]}, *READING]
    await done(company, DEFINE_ROLE, key="rusher", label={"en": "Rusher"}, grants=grants)
    rusher = await company.add_person("rusher")
    order = await an_order(company)
    assert {step["key"]: step["allowed"] for step in await next_steps(company, order, rusher)} == {
        "a_rush": True,
        "confirm": False,
    }
    assert (await done(company, CHANGE_STATUS, rusher, id=order["id"], status="confirmed"))["version"] == 2


async def test_the_life_cycle_changes_without_deployment(company: Company, client: Client) -> None:
    """STA-1: a new status and step hold for the next request, for orders that already exist."""
    order = await an_order(company)
    label = {"en": "On hold", "zh": "暂停"}
    await done(company, DEFINE_STATUS, key="on_hold", label=label, category="open", colour="#123456")
    await done(company, DEFINE_TRANSITION, key="hold", label={"en": "Hold"}, sources=["draft"], target="on_hold")
    held = await done(company, CHANGE_STATUS, id=order["id"], status="on_hold")
    assert held["status"] == {"key": "on_hold", "label": "On hold", "category": "OPEN"}
    async with unchanged(company):
        problem = await refused(company, REMOVE_DEFINITION, kind="status", key="on_hold")
    assert problem["__typename"] in ("InvalidInput", "Conflict")
    await done(company, REMOVE_DEFINITION, kind="transition", key="confirm")
    other = await an_order(company)
    async with unchanged(company):
        assert (await refused(company, CHANGE_STATUS, id=other["id"], status="confirmed"))[
            "code"
        ] == "ORDER_ILLEGAL_STEP"


async def test_the_history_of_statuses(company: Company, client: Client) -> None:
    """STA-8: every step with time, handler, from and to, and what was said."""
    order = await an_order(company, company.member)
    await done(company, CHANGE_STATUS, company.member, id=order["id"], status="confirmed", note="  called back ")
    await done(company, CHANGE_STATUS, id=order["id"], status="shipped")
    entries: list[Any] = (await read(company, READ_ORDER, order["id"]))["history"]["nodes"]
    assert [entry["version"] for entry in entries] == [1, 2, 3]
    assert [entry["kind"] for entry in entries] == ["CREATED", "STATUS_CHANGED", "STATUS_CHANGED"]
    assert [entry["changes"] for entry in entries[1:]] == [
        [{"field": "status", "from": "draft", "to": "confirmed"}],
        [{"field": "status", "from": "confirmed", "to": "shipped"}],
    ]
    people = [(entry["actor"]["kind"], entry["actor"]["id"], entry["actor"]["name"]) for entry in entries]
    max_ = ("MEMBER", str(company.member.id), "Max Member")
    assert people == [max_, max_, ("MEMBER", str(company.owner.id), "Olga Owner")]
    assert [entry["note"] for entry in entries] == [None, "called back", None]
    moments = [datetime.fromisoformat(entry["at"]) for entry in entries]
    assert moments == sorted(moments)
    assert all(moment.utcoffset() is not None for moment in moments)


async def test_a_note_that_is_too_long(company: Company, client: Client) -> None:
    order = await an_order(company)
    async with unchanged(company):
        problem = await refused(company, CHANGE_STATUS, id=order["id"], status="confirmed", note="n" * 2_001)
    assert bad_values(problem) == {"note": "VALUE_TOO_LONG"}


async def test_an_id_that_is_none_is_named_as_it_was_given(company: Company, client: Client) -> None:
    """Answered as one that never existed, in the words of whoever asked."""
    async with unchanged(company):
        problem = await refused(company, CHANGE_STATUS, id="no id at all", status="confirmed")
    assert (problem["code"], problem["message"]) == ("NOT_FOUND", "There is no order with the id no id at all.")
