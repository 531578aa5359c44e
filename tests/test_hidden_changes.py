"""Entries of the history that would tell of closed fields alone: they meet no condition either, and are in no figure (PER-5)."""

import pytest

from tests.documents import DEFINE_FIELD, DEFINE_ROLE, UPDATE_ORDER, an_order, done
from tests.harness import Client, Company

pytestmark = pytest.mark.anyio

CONDITIONS = {
    "kind": {"some": {"kind": {"eq": "UPDATED"}}},
    "actor": {"some": {"actor": {"name": {"eq": "Max Member"}}}},
    "none": {"none": {"kind": {"eq": "UPDATED"}}},
    "every": {"every": {"kind": {"eq": "CREATED"}}},
    "count": {"count": {"eq": 2}},
    "max": {"max": {"version": {"eq": 2}}},
}


async def test_hidden_entries_meet_no_condition(company: Company, client: Client) -> None:
    """That such a change was made, when and by whom is not told by what a filter finds."""
    await done(company, DEFINE_FIELD, object="order", key="margin", label={"en": "Margin"}, type="decimal")
    fields = ["notes", "custom.margin"]
    closed = {"object": "order", "actions": ["read", "write"], "fields": fields, "effect": "deny"}
    await done(company, DEFINE_ROLE, key="clerk", label={"en": "C"}, inherits=["member"], grants=[closed])
    clerk = await company.add_person("clerk")
    order = await an_order(company)
    await done(company, UPDATE_ORDER, company.member, id=order["id"], notes="secret", custom={"margin": "88"})

    asked = "query($history: HistoryEntryListFilter) { orders(where: {history: $history}) { totalCount } }"
    found = [
        {
            name: (await company.data(asked, {"history": condition}, person=person))["orders"]["totalCount"]
            for name, condition in CONDITIONS.items()
        }
        for person in (company.member, clerk)
    ]
    assert found[0] == {"kind": 1, "actor": 1, "none": 0, "every": 0, "count": 1, "max": 1}
    assert found[1] == {name: 1 - count for name, count in found[0].items()}
