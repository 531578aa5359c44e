"""Changes of life cycles under running orders (STA-13, D-10), and what follows a step (STA-6), through GraphQL."""

from typing import Any

import pytest

from tenants.life_cycles import migrating
from tests.documents import (
    CHANGE_STATUS,
    DEFINE_FIELD,
    DEFINE_STATUS,
    DEFINE_TRANSITION,
    REMOVE_DEFINITION,
    VOID_ORDER,
    an_order,
    ask,
    bad_values,
    done,
    mutation,
    read,
    refused,
    unchanged,
)
from tests.harness import Client, Company, Drain, Row
from tests.test_life_cycles import DEFINE_AUTOMATION, DEFINE_LIFE_CYCLE, STEPS, repairs, steps_of

MIGRATION = "id fromLifeCycle fromVersion toLifeCycle state total done kept comment author"
MIGRATE = mutation("migrateLifeCycle", "LifeCycleMigration", f"migration {{ {MIGRATION} }}")
GO_BACK = mutation("revertLifeCycleMigration", "LifeCycleMigration", f"migration {{ {MIGRATION} }}")
HOLD = mutation("holdLifeCycle", "HoldLifeCycle", "orders")
PLAN = "query($moves: LifeCycleMoveInput!) { plan: planLifeCycleMigration(moves: $moves) { status target orders } }"
MIGRATIONS = f"{{ lifeCycleMigrations {{ {MIGRATION} finishedAt }} }}"
IN_FORCE = "{ lifeCycles { key label versions { version statuses steps orders { status label orders } } } }"
PREVIEW = """
query($input: PreviewStatusChangeInput!) { preview: previewStatusChange(input: $input) {
  accepted problem { __typename code message } errors { path code } changes { field from to }
  automations { key label actions } statusDueAt nextStatuses voidBlocked
} }
"""


async def without_mending(company: Company) -> None:
    """The next version of the repairs: what was being mended is now being looked at, and repaired after that."""
    for position, key in enumerate(("inspected", "repaired")):
        await done(
            company, DEFINE_STATUS, key=key, label={"en": key.title()}, category="in_progress", position=20 + position
        )
    steps = (
        ("inspect", "received", "inspected"),
        ("repair", "inspected", "repaired"),
        ("hand_out", "repaired", "returned"),
    )
    for key, source, target in steps:
        await done(company, DEFINE_TRANSITION, key=key, label={"en": key}, sources=[source], target=target)
    statuses = [{"status": status} for status in ("received", "inspected", "repaired", "returned")]
    await done(
        company, DEFINE_LIFE_CYCLE, key="repairs", label={"en": "Repairs"}, initial="received", statuses=statuses
    )


async def standing(company: Company, order: Row) -> tuple[str, str, int]:
    found = await read(company, STEPS, order["id"])
    return found["status"]["key"], found["lifeCycle"]["key"], found["lifeCycle"]["version"]


async def mended(company: Company, **given: Any) -> Row:
    order = await an_order(company, type="repair", **given)
    return await done(company, CHANGE_STATUS, id=order["id"], status="mending")


async def test_orders_follow_or_stay(company: Company, client: Client) -> None:
    """Whose status is still there follows at once; whose status is gone stays with its version, steps and all."""
    await repairs(company)
    new, old = await an_order(company, type="repair"), await mended(company)
    await without_mending(company)
    assert await standing(company, new) == ("received", "repairs", 0)
    assert list(await steps_of(company, new)) == ["inspect"]
    # The company's two changes before were of other statuses: the version with 'mending' is the first of the repairs.
    assert await standing(company, old) == ("mending", "repairs", 1)
    assert list(await steps_of(company, old)) == ["give_back"]
    shown = {cycle["key"]: cycle for cycle in (await company.data(IN_FORCE))["lifeCycles"]}
    assert shown["repairs"]["versions"] == [
        {
            "version": 0,
            "statuses": ["received", "returned", "inspected", "repaired"],
            "steps": ["hand_out", "inspect", "repair"],
            "orders": [{"status": "received", "label": "Received", "orders": 1}],
        },
        {
            "version": 1,
            "statuses": ["received", "mending", "returned"],
            "steps": ["give_back", "mend"],
            "orders": [{"status": "mending", "label": "Mending", "orders": 1}],
        },
    ]
    async with unchanged(company):
        problem = await refused(company, CHANGE_STATUS, id=old["id"], status="inspected")
    assert problem["code"] == "ORDER_ILLEGAL_STEP"
    back = await done(company, CHANGE_STATUS, id=old["id"], status="returned")
    assert back["status"]["key"] == "returned"


async def test_what_an_older_version_needs_is_kept(company: Company, client: Client) -> None:
    """A field that its steps look at cannot go while orders are held to it."""
    await done(company, DEFINE_FIELD, object="order", key="checked", type="boolean", label={"en": "Checked"})
    await repairs(company, mending={"leave": {"custom": {"checked": {"eq": True}}}})
    order = await mended(company)
    await without_mending(company)
    assert not (await steps_of(company, order))["give_back"]["allowed"]
    async with unchanged(company):
        problem = await refused(company, REMOVE_DEFINITION, kind="field", key="order.checked")
    assert bad_values(problem) == {"life_cycle.repairs": "CONFIG_KEPT_CYCLE"}


async def test_a_migration_there_and_back(company: Company, client: Client, work: Drain, monkeypatch: Any) -> None:
    """D-10: planned, done in batches by a job, told in each order's history, and taken back but for what went on meanwhile."""
    monkeypatch.setattr(migrating, "BATCH", 2)
    await repairs(company)
    orders = [await mended(company) for _ in range(5)]
    gone = await mended(company)
    await done(company, VOID_ORDER, id=gone["id"], reason="out_of_stock")
    await without_mending(company)
    await work()
    moves = {"fromLifeCycle": "repairs", "fromVersion": 1, "statuses": [{"from": "mending", "to": "inspected"}]}
    async with unchanged(company):
        planned = (await company.data(PLAN, {"moves": {**moves, "statuses": []}}))["plan"]
        assert {move["status"]: (move["target"], move["orders"]) for move in planned} == {
            "received": ("received", 0),
            "mending": (None, 5),
            "returned": ("returned", 0),
        }
        problem = await refused(company, MIGRATE, **{**moves, "statuses": []})
        assert problem["code"] == "LIFE_CYCLE_NOTHING_TO_MIGRATE"
        planned = (await company.data(PLAN, {"moves": moves}))["plan"]
        assert {"status": "mending", "target": "inspected", "orders": 5} in planned
    begun = await done(company, MIGRATE, **moves, comment="New way of working")
    assert (begun["state"], begun["total"], begun["done"], begun["author"]) == ("RUNNING", 5, 0, "Olga Owner")
    async with unchanged(company):
        assert (await refused(company, MIGRATE, **moves))["code"] == "LIFE_CYCLE_UNDER_WAY"
    await work()
    (over,) = (await company.data(MIGRATIONS))["lifeCycleMigrations"]
    assert (over["state"], over["done"], over["kept"]) == ("DONE", 5, 0)
    assert over["finishedAt"] is not None
    for order in orders:
        assert await standing(company, order) == ("inspected", "repairs", 0)
    assert await standing(company, gone) == ("void", "repairs", 0)
    history = "query($id: ID!) { result: order(id: $id) { history { nodes { kind note actor { kind name } changes { field from to } } } } }"
    entry = (await read(company, history, orders[0]["id"]))["history"]["nodes"][-1]
    assert entry == {
        "kind": "STATUS_CHANGED",
        "note": "New way of working",
        "actor": {"kind": "SYSTEM", "name": "Olga Owner"},
        "changes": [{"field": "status", "from": "mending", "to": "inspected"}],
    }
    # No order is held to the older version any more, so it is no part of the configuration.
    assert await company.rows("SELECT version FROM life_cycle_versions WHERE tenant_id = %(tenant)s AND in_use") == []
    went_on = await done(company, CHANGE_STATUS, id=orders[0]["id"], status="repaired")
    assert went_on["version"] == 4
    back = await done(company, GO_BACK, id=over["id"])
    assert back["state"] == "REVERTING"
    await work()
    (over,) = (await company.data(MIGRATIONS))["lifeCycleMigrations"]
    assert (over["state"], over["done"], over["kept"]) == ("REVERTED", 4, 1)
    assert await standing(company, orders[0]) == ("repaired", "repairs", 0)
    for order in orders[1:]:
        assert await standing(company, order) == ("mending", "repairs", 1)
        assert list(await steps_of(company, order)) == ["give_back"]
    async with unchanged(company):
        assert (await refused(company, GO_BACK, id=over["id"]))["code"] == "LIFE_CYCLE_NOT_DONE"


async def test_a_status_is_split_within_the_version_in_force(company: Company, client: Client, work: Drain) -> None:
    """STA-13: orders of the life cycle of all statuses are moved too, and those that come later are left alone."""
    order = await an_order(company)
    moves = {"fromLifeCycle": "", "statuses": [{"from": "draft", "to": "confirmed"}]}
    begun = await done(company, MIGRATE, **moves)
    assert begun["total"] == 1
    later = await an_order(company)
    await work()
    assert await standing(company, order) == ("confirmed", "", 0)
    assert await standing(company, later) == ("draft", "", 0)


async def test_held_orders_stay(company: Company, client: Client, work: Drain) -> None:
    """Running orders that are held keep their steps whatever changes, until they are migrated."""
    await repairs(company)
    running, over = await an_order(company, type="repair"), await mended(company)
    await done(company, CHANGE_STATUS, id=over["id"], status="returned")
    assert await ask(company, HOLD, lifeCycle="repairs") == {"__typename": "HoldLifeCyclePayload", "orders": 1}
    values: Row = {"label": {"en": "Mend"}, "sources": ["received"], "target": "mending"}
    await done(company, DEFINE_TRANSITION, key="mend", condition={"number": {"eq": "never"}}, **values)
    new = await an_order(company, type="repair")
    assert not (await steps_of(company, new))["mend"]["allowed"]
    assert (await steps_of(company, running))["mend"]["allowed"]
    # A step that is no longer there is still theirs, and its right still anybody's who holds all steps.
    await done(company, REMOVE_DEFINITION, kind="transition", key="give_back")
    await done(company, CHANGE_STATUS, id=running["id"], status="mending")
    assert (await standing(company, running))[2] > 0
    assert (await steps_of(company, running, company.member))["give_back"]["allowed"]
    assert (await standing(company, over))[2] == 0
    version = (await standing(company, running))[2]
    await done(company, MIGRATE, fromLifeCycle="repairs", fromVersion=version)
    await work()
    # It is where it was, so nothing of it has happened but that it follows again.
    assert await standing(company, running) == ("mending", "repairs", 0)
    assert (await read(company, "query($id: ID!) { result: order(id: $id) { version } }", running["id"]))[
        "version"
    ] == 2


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        ({"fromLifeCycle": "nope"}, {"fromVersion": "LIFE_CYCLE_UNKNOWN_VERSION"}),
        ({"fromLifeCycle": "", "fromVersion": 7}, {"fromVersion": "LIFE_CYCLE_UNKNOWN_VERSION"}),
        ({"fromLifeCycle": "", "toLifeCycle": "nope"}, {"toLifeCycle": "CONFIG_UNKNOWN_LIFE_CYCLE"}),
        (
            {"fromLifeCycle": "", "statuses": [{"from": "nope", "to": "void"}]},
            {"statuses.0.from": "CONFIG_UNKNOWN_STATUS", "statuses.0.to": "CONFIG_UNKNOWN_STATUS"},
        ),
    ],
)
async def test_migrations_that_cannot_be(
    company: Company, client: Client, moves: Row, expected: dict[str, str]
) -> None:
    await an_order(company)
    async with unchanged(company):
        assert bad_values(await refused(company, MIGRATE, **moves)) == expected


async def test_a_new_time_limit_holds_for_who_is_there(company: Company, client: Client) -> None:
    order = await an_order(company)
    values: Row = {"label": {"en": "Draft"}, "category": "open", "initial": True, "position": 1}
    await done(company, DEFINE_STATUS, key="draft", gate={"timeLimit": "PT36H"}, **values)
    found = await company.rows("SELECT status_due_at - status_since AS span FROM orders WHERE tenant_id = %(tenant)s")
    assert found[0]["span"].total_seconds() == 36 * 3600
    await done(company, DEFINE_STATUS, key="draft", **values)
    assert (await read(company, STEPS, order["id"]))["statusDueAt"] is None


async def test_what_would_follow_a_step(company: Company, client: Client) -> None:
    """STA-6: the changes, the automations and what comes next, told before anything happens."""
    await done(
        company,
        DEFINE_AUTOMATION,
        key="tell",
        label={"en": "Tell"},
        events=["STATUS_CHANGED"],
        condition={"status": {"eq": "shipped"}},
        actions=[{"notify": {"to": "owner", "text": "Shipped"}}],
    )
    order = await an_order(company)
    await done(company, CHANGE_STATUS, id=order["id"], status="confirmed")
    async with unchanged(company):
        preview = (await company.data(PREVIEW, {"input": {"id": order["id"], "status": "shipped"}}))["preview"]
    (automation,) = preview.pop("automations")
    assert (automation["key"], automation["label"], automation["actions"][0]["type"]) == ("tell", "Tell", "notify")
    assert preview == {
        "accepted": True,
        "problem": None,
        "errors": [],
        "changes": [{"field": "status", "from": "confirmed", "to": "shipped"}],
        "statusDueAt": None,
        "nextStatuses": ["Completed", "Confirmed"],
        "voidBlocked": "Take the shipment back first, then set the order to 'Confirmed'.",
    }
    async with unchanged(company):
        preview = (await company.data(PREVIEW, {"input": {"id": order["id"], "status": "completed"}}))["preview"]
    assert (preview["accepted"], preview["problem"]["code"]) == (False, "ORDER_ILLEGAL_STEP")


async def test_the_plan_of_a_change_names_the_running_orders(company: Company, client: Client) -> None:
    """STA-13: before anything happens, who follows and who stays."""
    await repairs(company)
    await an_order(company, type="repair")
    await mended(company)
    document = """
orderloom: 1
life_cycles:
  repairs:
    label: {en: Repairs}
    initial: received
    statuses: {received: {time_limit: P1D}, returned: {}}
"""
    plan = (
        "query($document: String!) { plan: planConfiguration(document: $document, merge: true)"
        " { changes { key sentence remarks } } }"
    )
    async with unchanged(company):
        found = (await company.data(plan, {"document": document}))["plan"]
    assert found["changes"] == [
        {
            "key": "repairs",
            "sentence": "Change life cycle 'repairs' (Repairs): status 'mending' taken away; status 'received': time limit set to 'P1D'",
            "remarks": [
                "1 running order of the life cycle 'repairs' will follow at once.",
                (
                    "1 order in 'mending' will stay with the version before of the life cycle 'repairs';"
                    " migrate them with migrateLifeCycle."
                ),
                "In the life cycle 'repairs' no steps lead from 'Received' to an end: orders stay there.",
            ],
        }
    ]


CONDITIONS: list[Row] = [
    {"total": {"gte": "20"}},
    {"custom": {"score": {"gt": 5}}},
    {"or": [{"total": {"gte": "20"}}, {"customer": {"name": {"startsWith": "A"}}}]},
    {"lines": {"sum": {"quantity": {"gte": "3"}}}, "custom": {"score": {"isNull": False}}},
    {"not": {"customer": {"orders": {"count": {"gt": 1}}}}},
    {"type": {"isNull": True}, "lifeCycle": {"version": {"eq": 0}}, "status": {"eq": "draft"}},
    {"statusSince": {"inLast": "P1D"}, "isVoided": {"eq": False}},
]


@pytest.mark.parametrize("condition", CONDITIONS)
async def test_the_list_and_the_step_say_the_same(company: Company, client: Client, condition: Row) -> None:
    """STA-4: what the list of next steps reads in SQL is what the step itself is judged by, for any order."""
    await done(company, DEFINE_FIELD, object="order", key="score", type="integer", label={"en": "Score"})
    values: Row = {"label": {"en": "Confirm"}, "sources": ["draft"], "target": "confirmed"}
    await done(company, DEFINE_TRANSITION, key="confirm", condition=condition, **values)
    orders = [
        await an_order(company, lines=[{"name": "Work", "unitPrice": price, "quantity": quantity}], **more)
        for price, quantity, more in (
            ("10.00", "1", {}),
            ("10.00", "3", {"customer": {"name": "Ada"}, "custom": {"score": 6}}),
            ("25.00", "1", {"customer": {"name": "Bob"}, "custom": {"score": 5}}),
        )
    ]
    customer = await read(company, "query($id: ID!) { result: order(id: $id) { customer { id } } }", orders[1]["id"])
    orders.append(await an_order(company, customerId=customer["customer"]["id"]))
    for order in orders:
        step = (await steps_of(company, order))["confirm"]
        preview = (await company.data(PREVIEW, {"input": {"id": order["id"], "status": "confirmed"}}))["preview"]
        assert preview["accepted"] == step["allowed"]
        assert (preview["problem"] or {}).get("message") == step["refusal"]
