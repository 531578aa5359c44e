"""To look after members and teams is no way to others' records: who moves people, or hands over what they have, must have the rights (PER-4)."""

import pytest

from tests.documents import an_order, bad_values, done, refused, unchanged
from tests.harness import Client, Company
from tests.test_hand_overs import HAND_OVER
from tests.test_row_scopes import role, scoped
from tests.test_teams import CREATE_TEAM, UPDATE_TEAM, team

pytestmark = pytest.mark.anyio

COUNT = "{ orders { totalCount } }"


async def test_nobody_lets_themselves_into_a_team(company: Company, client: Client) -> None:
    """Neither into a team whose members see each other's records, nor a mate into their own, nor a team below it."""
    await role(company, "seller", scoped("team_tree", "read", "update"))
    manages = [{"object": "team", "actions": ["update"]}, {"object": "member", "actions": ["read"]}]
    await role(company, "teamy", scoped("team_tree"), *manages)
    await role(company, "boss", {"object": "order", "actions": ["read"]}, *manages)
    seller, teamy, boss = [await company.add_person(key) for key in ("seller", "teamy", "boss")]
    await an_order(company, ownerId=str(seller.id))
    north, own = await team(company, "North", seller), await team(company, "Own", teamy)
    both = [{"memberId": str(person.id)} for person in (seller, teamy)]
    async with unchanged(company):
        for document, place, values in (
            (UPDATE_TEAM, "members", {"id": north["id"], "members": both}),
            (UPDATE_TEAM, "members", {"id": own["id"], "members": both}),
            (UPDATE_TEAM, "parentId", {"id": north["id"], "parentId": own["id"]}),
            (CREATE_TEAM, "members", {"name": "New", "members": both}),
        ):
            assert bad_values(await refused(company, document, teamy, **values)) == {place: "LIMIT_TEAM_GRANT"}
        # Whoever reads all orders, but may not change them, does not give that either.
        problem = await refused(company, UPDATE_TEAM, boss, id=own["id"], members=both)
        assert problem["message"].endswith("order.update. Ask somebody who has them.")
    # To rename a team, to take somebody out, and to make one of people without such rights is no gain.
    await done(company, UPDATE_TEAM, teamy, id=north["id"], name="Nord", members=[])
    await done(company, CREATE_TEAM, boss, name="Ours", members=[{"memberId": str(boss.id)}])
    await done(company, UPDATE_TEAM, id=north["id"], members=both)
    assert (await company.data(COUNT, person=teamy))["orders"]["totalCount"] == 1


async def test_nobody_hands_to_themselves_what_they_may_not_change(company: Company, client: Client) -> None:
    staff = {"object": "member", "actions": ["read", "update"]}
    await role(company, "hr", scoped("own", "read", "update"), staff)
    await role(company, "lead", scoped("team", "read", "update"), staff)
    hr, lead, seller = [await company.add_person(key) for key in ("hr", "lead", "member")]
    await an_order(company, ownerId=str(seller.id))
    await team(company, "North", lead, seller)
    given = {"fromId": str(seller.id), "toId": str(hr.id)}
    async with unchanged(company):
        problem = await refused(company, HAND_OVER, hr, **given)
        assert (problem["code"], problem["right"]) == ("NOT_ALLOWED_HERE", "order.read")
    assert (await done(company, HAND_OVER, lead, **given))["total"] == 1
