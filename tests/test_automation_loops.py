"""What automations set off by what they change themselves (STA-3), through GraphQL."""

from typing import Any

from tests.documents import UPDATE_ORDER, an_order, done, mutation
from tests.harness import Client, Company, Drain, Row

DEFINE_AUTOMATION = mutation("defineAutomation", "Configuration", "version")
READ = """query($id: ID!) { order(id: $id) { status { key } priority tags
  automationRuns(first: 50) { nodes { automation status message steps { action outcome } } } } }"""
BECAUSE = "What it changed would have set it off again. It does not, unless it is to react to itself."


async def after(company: Company, work: Drain, **changes: Any) -> Row:
    """An order that was changed so, when all that follows is done."""
    order = await an_order(company)
    await done(company, UPDATE_ORDER, id=order["id"], **changes)
    await work()
    found: Row = (await company.data(READ, {"id": order["id"]}))["order"]
    return found


async def paid(company: Company, **more: Any) -> None:
    """Its first action is a change at which its condition holds still."""
    actions = [{"setField": {"field": "priority", "value": "high"}}, {"changeStatus": {"to": "confirmed"}}]
    condition = {"status": {"eq": "draft"}, "channel": {"eq": "web"}}
    values: Row = {"key": "paid", "label": {"en": "Paid"}, "events": ["UPDATED"], "role": "owner"}
    await done(company, DEFINE_AUTOMATION, **values, condition=condition, actions=actions, **more)


async def test_its_own_changes_do_not_set_it_off(company: Company, client: Client, work: Drain) -> None:
    """One update, one run, which says why there is no second."""
    await paid(company)
    order = await after(company, work, channel="web")
    assert (order["status"], order["priority"]) == ({"key": "confirmed"}, "HIGH")
    assert order["automationRuns"]["nodes"] == [
        {
            "automation": "paid",
            "status": "SUCCEEDED",
            "message": BECAUSE,
            "steps": [
                {"action": "set_field", "outcome": "priority = high"},
                {"action": "change_status", "outcome": "status = confirmed"},
            ],
        }
    ]


async def test_it_reacts_to_itself_where_it_shall(company: Company, client: Client, work: Drain) -> None:
    await paid(company, reactsToItself=True)
    order = await after(company, work, channel="web")
    runs = [(run["status"], run["message"]) for run in order["automationRuns"]["nodes"]]
    assert sorted(status for status, _ in runs) == ["FAILED", "SUCCEEDED"]
    assert BECAUSE not in [message for _, message in runs]


async def test_the_next_change_of_somebody_else_sets_it_off(company: Company, client: Client, work: Drain) -> None:
    """Nothing is said where nothing was held back; another automation reacts, and a loop of two ends ten deep."""
    marks = (("ping", ["a"], {"tags": {"containsAny": ["b"]}}), ("pong", ["b"], {"tags": {"containsAny": ["a"]}}))
    for key, value, condition in marks:
        actions = [{"setField": {"field": "tags", "value": value}}]
        values: Row = {"key": key, "label": {"en": key}, "events": ["UPDATED"], "role": "owner"}
        await done(company, DEFINE_AUTOMATION, **values, condition=condition, actions=actions)
    order = await after(company, work, tags=["b"])
    runs = [(run["automation"], run["status"]) for run in order["automationRuns"]["nodes"]]
    assert len(runs) == 11
    assert sorted(runs) == sorted([("ping", "SUCCEEDED")] * 5 + [("pong", "SUCCEEDED")] * 5 + [("ping", "STOPPED")])
    messages = {run["message"] for run in order["automationRuns"]["nodes"]}
    assert messages == {"", "Stopped: automations have set off one another 10 times in a row. Look for a loop."}
