"""Whatever an administrator can shape is an API call: each kind of definition is set, listed, planned, taken away and brought back (X-06)."""

from collections.abc import Mapping

import pytest

from tenants.config.definitions import KINDS
from tests.documents import REMOVE_DEFINITION, done, mutation, unchanged
from tests.harness import Client, Company, Row
from tests.test_change_sets import REVERT
from tests.test_configuration_plans import PLAN_REMOVAL

pytestmark = pytest.mark.anyio

LISTED = "query ($kind: String) { configuration { definitions(kind: $kind) { kind key body } } }"
LABEL: Row = {"label": {"en": "New", "zh": "新"}}
# By kind: the mutation, its input, the key under which the definition stands, and what must be there before.
SET: Mapping[str, tuple[str, Row, str]] = {
    "settings": ("setCompany", {"name": "Renamed"}, "company"),
    "numbering": ("setNumbering", {"pattern": "N-{seq}"}, "order"),
    "field": ("defineField", {"object": "order", "key": "new", "type": "text", **LABEL}, "order.new"),
    "status": ("defineStatus", {"key": "new", "category": "open", **LABEL}, "new"),
    "transition": ("defineTransition", {"key": "new", "sources": ["draft"], "target": "confirmed", **LABEL}, "new"),
    "life_cycle": (
        "defineLifeCycle",
        {"key": "new", "initial": "draft", "statuses": [{"status": "draft"}], **LABEL},
        "new",
    ),
    "order_type": ("defineOrderType", {"key": "new", "lifeCycle": "base", **LABEL}, "new"),
    "void_reason": ("defineVoidReason", {"key": "new", **LABEL}, "new"),
    "rule": ("defineRule", {"key": "new", "object": "order", "effect": "REQUIRE", "fields": ["channel"]}, "new"),
    "role": ("defineRole", {"key": "new", "grants": [{"object": "order", "actions": ["read"]}], **LABEL}, "new"),
    "automation": (
        "defineAutomation",
        {"key": "new", "events": ["CREATED"], "actions": [{"setField": {"field": "channel", "value": "a"}}], **LABEL},
        "new",
    ),
    "view": ("shareView", {"key": "new", "audience": "EVERYBODY"}, "new"),
    "sign_in": ("setSignIn", {"secondFactor": ["read_only"]}, "sign_in"),
    "review": ("setConfigurationReview", {"fourEyes": False}, "configuration"),
}
BEFORE: Mapping[str, tuple[str, Row]] = {
    "order_type": ("defineLifeCycle", {"key": "base", "initial": "draft", "statuses": [{"status": "draft"}], **LABEL}),
}
NEW_VIEW = 'mutation { createView(input: {label: {en: "New"}, orders: {}}) { ... on ViewPayload { view { id } } } }'


def test_no_kind_is_left_out() -> None:
    assert SET.keys() == KINDS.keys()


async def stand(company: Company, kind: str) -> dict[str, Row]:
    """The definitions of a kind that are not archived, by key."""
    found = (await company.data(LISTED, {"kind": kind}))["configuration"]["definitions"]
    assert all(definition["kind"] == kind for definition in found)
    return {found["key"]: found["body"] for found in found if not found["body"].get("archived")}


async def set_one(company: Company, name: str, given: Row) -> None:
    payload = "View" if name == "shareView" else "Configuration"
    selection = "view { id }" if name == "shareView" else "version"
    await done(company, mutation(name, payload, selection), **given)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_kind_is_set_listed_planned_removed_and_restored(company: Company, client: Client, kind: str) -> None:
    """By mutations and queries alone; brought back it says what it said."""
    if kind in BEFORE:
        await set_one(company, *BEFORE[kind])
    name, given, key = SET[kind]
    if kind == "view":
        given = {**given, "id": (await company.data(NEW_VIEW))["createView"]["view"]["id"]}
    await set_one(company, name, given)
    before = await stand(company, kind)
    assert key in before
    async with unchanged(company):
        planned = (await company.data(PLAN_REMOVAL, {"kind": kind, "key": key}))["result"]
    assert [(change["kind"], change["key"], change["destructive"]) for change in planned["changes"]] == [
        (kind, key, True)
    ]
    removed = await done(company, REMOVE_DEFINITION, kind=kind, key=key)
    assert await stand(company, kind) == {other: body for other, body in before.items() if other != key}
    await done(company, REVERT, version=removed["version"])
    assert await stand(company, kind) == before
