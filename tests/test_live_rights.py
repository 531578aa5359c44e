"""Subscriptions and rights: nobody is told of orders that are none of theirs, and what is withdrawn ends what relied on it (PER-8)."""

import asyncio

import pytest
from starlette.applications import Starlette

from tests.documents import DEFINE_ROLE, UPDATE_MEMBER, UPDATE_ORDER, an_order, done
from tests.harness import Client, Company, Row
from tests.test_row_scopes import LABEL, role, scoped
from tests.test_teams import CREATE_TEAM, SHARE_ORDER, UNSHARE_ORDER, UPDATE_TEAM
from tests.test_websocket import CHANGES, listening, signed_in

pytestmark = pytest.mark.anyio

ONE = 'subscription { orderChanged(id: "%s") { kind order { number } } }'


async def test_only_orders_in_scope_are_told(address: str, app: Starlette, company: Company, client: Client) -> None:
    await role(company, "seller", scoped("own"))
    seller = await company.add_person("seller")
    async with signed_in(address, seller) as socket:
        await socket.subscribe(CHANGES)
        await listening(socket, app, company)
        await an_order(company)
        own = await an_order(company, ownerId=str(seller.id))
        message = await socket.receive()
        assert message["payload"]["data"]["orderChanged"] == {
            "kind": "CREATED",
            "version": 1,
            "order": {"number": own["number"]},
        }
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.connection.recv(), 0.3)


@pytest.mark.parametrize("how", ["configuration", "roles"])
async def test_a_right_that_is_withdrawn_ends_the_subscription(
    address: str, app: Starlette, company: Company, client: Client, how: str
) -> None:
    """At once, before anything happens to any order."""
    await role(company, "seller", scoped("own"))
    seller = await company.add_person("seller")
    async with signed_in(address, seller) as socket, signed_in(address, company.owner) as other:
        await socket.subscribe(CHANGES)
        await listening(socket, app, company)
        await other.subscribe(CHANGES)
        await listening(other, app, company)
        if how == "configuration":
            await done(
                company, DEFINE_ROLE, key="seller", label=LABEL, grants=[{"object": "product", "actions": ["read"]}]
            )
        else:
            await done(company, UPDATE_MEMBER, id=str(seller.id), roles=[])
        message = await socket.receive()
        errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
        assert [error["extensions"]["code"] for error in errors] == ["NOT_ALLOWED"]
        await an_order(company)
        assert (await other.receive())["payload"]["data"]["orderChanged"]["kind"] == "CREATED"


@pytest.mark.parametrize("how", ["share", "team"])
async def test_an_order_that_is_withdrawn_ends_its_subscription(
    address: str, app: Starlette, company: Company, client: Client, how: str
) -> None:
    """One who follows a single order is told no more of it once it is not theirs, neither by a share nor by their team."""
    await role(company, "helper", scoped("shared"), scoped("team"))
    helper = await company.add_person("helper")
    friend = await company.add_person("member")
    order = await an_order(company, ownerId=str(friend.id))
    if how == "share":
        shared = await done(company, SHARE_ORDER, id=order["id"], memberId=str(helper.id))
        withdrawing: tuple[str, Row] = (
            UNSHARE_ORDER,
            {"id": order["id"], "shareId": shared["shares"]["nodes"][0]["id"]},
        )
    else:
        members = [{"memberId": str(person.id)} for person in (helper, friend)]
        team = await done(company, CREATE_TEAM, name="Team", members=members)
        withdrawing = (UPDATE_TEAM, {"id": team["id"], "members": members[1:]})
    async with signed_in(address, helper) as socket:
        await socket.subscribe(ONE % order["id"])
        await listening(socket, app, company)
        await done(company, UPDATE_ORDER, id=order["id"], notes="x")
        told = {"number": order["number"]}
        assert (await socket.receive())["payload"]["data"]["orderChanged"]["order"] == told
        document, values = withdrawing
        await done(company, document, **values)
        message = await socket.receive()
        # What was done before it was subscribed to may have been news as well; withdrawn before it was read, it tells no order.
        if message["type"] == "next" and message["payload"].get("data"):
            assert message["payload"]["data"]["orderChanged"]["order"] in (told, None)
            message = await socket.receive()
        errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
        assert [error["extensions"]["code"] for error in errors] == ["NOT_FOUND"]
