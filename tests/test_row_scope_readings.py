"""Random scopes and records: lists, single records, counts, groups, and what may be changed are one set, which plain Python tells too."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.documents import UPDATE_ORDER, an_order, ask, done
from tests.examples import define_fields
from tests.harness import Client, Company, Person, Row
from tests.test_row_scopes import role, scoped
from tests.test_teams import CREATE_TEAM, SHARE_ORDER

pytestmark = pytest.mark.anyio

PRIORITIES = ("low", "urgent")
CONDITIONS: Mapping[str, Row] = {
    "urgent": {"priority": {"eq": "urgent"}},
    "big": {"total": {"gt": "15"}},
    "north": {"custom": {"region": {"eq": "north"}}},
    "for me": {"custom": {"seller": {"isMe": {"eq": True}}}},
    "not mine": {"not": {"owner": {"isMe": {"eq": True}}}},
    "of my teams": {"owner": {"teams": {"some": {"team": {"isMine": {"eq": True}}}}}},
}
NAMES = ("own", "team", "team_tree", "shared", *CONDITIONS)
SCOPES = st.lists(st.tuples(st.sampled_from(NAMES), st.booleans()), min_size=1, max_size=4, unique=True)
EXAMPLES = 15


class World(NamedTuple):
    """A company with people in teams, some orders of theirs, and what is known of each order in plain Python."""

    company: Company
    reader: Person
    orders: Mapping[str, Row]
    mates: frozenset[str]
    below: frozenset[str]


async def world(company: Company) -> World:
    """The reader leads a team; one mate is in it, one in the team below, one in none."""
    await define_fields(company, {"order.region": {"type": "text"}, "order.seller": {"type": "member"}})
    reader = await company.add_person("tried", name="Reader")
    mate, lower, other = [await company.add_person("member", name=name) for name in ("Mate", "Lower", "Other")]
    given_up = await _team(company, "Old", reader, other)
    await done(company, _archive(), id=given_up["id"], archived=True)
    team = await _team(company, "Team", reader, mate)
    await _team(company, "Below", lower, parent=team["id"])
    orders: dict[str, Row] = {}
    owners = (None, reader, mate, lower, other)
    for number in range(20):
        owner, priority = owners[number % 5], PRIORITIES[number % 2]
        region = (None, "north", "south")[number % 3]
        seller = (None, reader, other, mate)[number % 4]
        price = 10 if number % 7 < 4 else 20
        made = await an_order(
            company,
            ownerId=owner and str(owner.id),
            priority=priority.upper(),
            custom={"region": region, "seller": seller and str(seller.id)},
            lines=[{"name": "x", "unitPrice": str(price)}],
        )
        shares = [{"memberId": str(reader.id)}, {"teamId": team["id"], "mayChange": True}, {"memberId": str(other.id)}]
        shared = shares[number // 4] if number % 4 == 1 and number < 12 else None
        if shared is not None:
            await done(company, SHARE_ORDER, id=made["id"], **shared)
        orders[made["id"]] = {
            "owner": owner and str(owner.id),
            "urgent": priority == "urgent",
            "big": price > 15,
            "north": region == "north",
            "for me": seller is reader,
            "shared": shared in shares[:2] and shared is not None,
            "changeable": shared == shares[1],
        }
    mates = frozenset({str(reader.id), str(mate.id)})
    return World(company, reader, orders, mates, mates | {str(lower.id)})


def _archive() -> str:
    return "mutation($input: UpdateTeamInput!) { result: updateTeam(input: $input) { __typename ... on TeamPayload { team { id } } } }"


async def _team(company: Company, name: str, *members: Person, parent: str | None = None) -> Row:
    given = [{"memberId": str(member.id)} for member in members]
    return await done(company, CREATE_TEAM, name=name, members=given, parentId=parent)


def holds(world: World, name: str, order: Row, *, changing: bool) -> bool:
    """What a scope says of an order, in plain Python."""
    owner, me = order["owner"], str(world.reader.id)
    match name:
        case "own":
            return bool(owner == me)
        case "team" | "of my teams":
            return owner in world.mates
        case "team_tree":
            return owner in world.below
        case "shared":
            return bool(order["changeable"] if changing else order["shared"])
        case "not mine":
            return bool(owner != me)
    return bool(order[name])


def expected(world: World, grants: list[tuple[str, bool]], *, changing: bool) -> set[str]:
    """The ids that the grants give, those that are denied taken away."""
    return {
        order_id
        for order_id, order in world.orders.items()
        if any(holds(world, name, order, changing=changing) for name, allows in grants if allows)
        and not any(holds(world, name, order, changing=changing) for name, allows in grants if not allows)
    }


LIST = "{ orders(first: 100) { totalCount nodes { id owner { id } } pageInfo { hasNextPage } } }"
ONE_BY_ONE = (
    "query($id: ID!) { node(id: $id) { id } order(id: $id) { id } orders(where: {id: {eq: $id}}) { totalCount } }"
)


async def test_all_ways_tell_the_same(company: Company, client: Client) -> None:
    made = await world(company)

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(reading=SCOPES, changing=SCOPES)
    def drawn(reading: list[tuple[str, bool]], changing: list[tuple[str, bool]]) -> None:
        examples.append((reading, changing))

    examples: list[tuple[list[tuple[str, bool]], list[tuple[str, bool]]]] = []
    drawn()
    for reading, changing in examples:
        await _holds_for(made, reading, changing)


async def _holds_for(world: World, reading: list[tuple[str, bool]], changing: list[tuple[str, bool]]) -> None:
    company, reader = world.company, world.reader
    grants = [*_grants("read", reading), *_grants("update", changing)]
    await role(company, "tried", *grants, {"object": "customer", "actions": ["read"]})
    readable = expected(world, reading, changing=False)
    # A right of which every grant is a denial is not there at all.
    if not _is_held(reading):
        answer = await company.graphql(LIST, person=reader)
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["NOT_ALLOWED"], (reading, answer)
        return
    listed = (await company.data(LIST, person=reader))["orders"]
    assert {node["id"] for node in listed["nodes"]} == readable, reading
    assert listed["totalCount"] == len(readable)
    groups = await company.data('{ orderGroups(groupBy: "owner") { key count } }', person=reader)
    owners: dict[Any, int] = {}
    for order_id in readable:
        owner = world.orders[order_id]["owner"]
        owners[owner] = owners.get(owner, 0) + 1
    assert {group["key"]: group["count"] for group in groups["orderGroups"]} == owners
    changeable = readable & expected(world, changing, changing=True) if _is_held(changing) else set()
    for place, order_id in enumerate(world.orders):
        if place % 4 == len(readable) % 4:
            one = await company.data(ONE_BY_ONE, {"id": order_id}, person=reader)
            found = {"id": order_id} if order_id in readable else None
            assert one == {"node": found, "order": found, "orders": {"totalCount": int(order_id in readable)}}
            result = await ask(company, UPDATE_ORDER, reader, id=order_id, channel=f"c{place}")
            told = result["__typename"] if order_id in readable or not _is_held(changing) else result.get("code")
            if not _is_held(changing):
                assert told == "NotAllowed"
            elif order_id not in readable:
                assert told == "NOT_FOUND"
            else:
                assert told == ("OrderPayload" if order_id in changeable else "NotAllowed"), (changing, result)


def _grants(action: str, chosen: list[tuple[str, bool]]) -> list[Row]:
    return [
        scoped(
            {"where": CONDITIONS[name]} if name in CONDITIONS else name,
            action,
            **({} if allows else {"effect": "deny"}),
        )
        for name, allows in chosen
    ]


def _is_held(chosen: list[tuple[str, bool]]) -> bool:
    """Casbin's word: a scope that is granted and not denied as such."""
    return any(allows and (name, False) not in chosen for name, allows in chosen)
