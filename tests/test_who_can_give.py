"""Refusals name those members alone who can give what is missing (PER-6)."""

import pytest

from tests.documents import DEFINE_ROLE, UPDATE_ORDER, an_order, done, refused, unchanged
from tests.harness import Client, Company
from tests.test_access_explained import EXPLAIN
from tests.test_row_scopes import LABEL, scoped

pytestmark = pytest.mark.anyio

PEOPLE = {"object": "member", "actions": ["*"]}
READ = {"object": "order", "actions": ["read"]}


async def test_nobody_is_named_who_cannot_give_it(company: Company, client: Client) -> None:
    """Whoever has a right of their own records alone gives no more to who has it of theirs; whoever may change roles, but lacks it, gives it to
    nobody; and nobody asks themselves."""
    own, north = scoped("own", "update"), scoped({"where": {"channel": {"eq": "web"}}}, "update")
    everything = {"object": "*", "actions": ["*"]}
    roles = {
        "clerk": [READ, own],
        "own_people": [READ, PEOPLE, own],
        "web_people": [READ, PEOPLE, north],
        "roles_alone": [READ, {"object": "configuration", "actions": ["*"]}],
        "no_update": [everything, {"object": "order", "actions": ["update"], "effect": "deny"}],
    }
    for key, grants in roles.items():
        await done(company, DEFINE_ROLE, key=key, label=LABEL, grants=grants)
    people = {key: await company.add_person(key, name=key) for key in roles}
    order = await an_order(company)
    document = UPDATE_ORDER.replace("right grantedTo", "right grantedTo canGrant")
    async with unchanged(company):
        # The clerk has it of their own orders.
        problem = await refused(company, document, people["clerk"], id=order["id"], notes="x")
        assert (problem["code"], problem["canGrant"]) == ("NOT_ALLOWED_HERE", ["Olga Owner", "web_people"])
        # Who lacks it is helped by whoever has it of any.
        problem = await refused(company, document, people["roles_alone"], id=order["id"], notes="x")
        assert problem["canGrant"] == ["Olga Owner", "own_people", "web_people"]
        problem = await refused(company, document, people["web_people"], id=order["id"], notes="x")
        assert problem["canGrant"] == ["Olga Owner", "own_people"]
    # Of somebody else it is told who can give it to them.
    asked = {"action": "order.update", "member": str(people["clerk"].id), "record": order["id"]}
    explained = (await company.data(EXPLAIN, asked))["result"]
    assert (explained["allowed"], explained["canGrant"]) == (False, ["Olga Owner", "web_people"])
