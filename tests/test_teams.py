"""Teams in a tree, rights to what they own, and records that are shared (PER-4, X-26)."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.documents import (
    CREATE_CUSTOMER,
    CREATE_PRODUCT,
    DEFINE_ROLE,
    UPDATE_ORDER,
    UPDATE_PRODUCT,
    an_order,
    bad_values,
    done,
    mutation,
    refused,
    unchanged,
)
from tests.harness import Client, Company, Person, Row
from tests.test_row_scopes import role, scoped, seen

pytestmark = pytest.mark.anyio

TEAM = """
id version name names { language text } parent { name } archivedAt isMine isWithinMine teams { nodes { name } }
memberships { nodes { isLead member { name } } }
"""
CREATE_TEAM = mutation("createTeam", "Team", f"team {{ {TEAM} }}")
UPDATE_TEAM = mutation("updateTeam", "Team", f"team {{ {TEAM} }}")
SHARES = "id version shares { nodes { id member { id } team { id } mayChange endsAt createdBy { id } } }"
SHARE_ORDER = mutation("shareOrder", "Order", f"order {{ {SHARES} }}")
UNSHARE_ORDER = mutation("unshareOrder", "Order", f"order {{ {SHARES} }}")
SHARE_CUSTOMER = mutation("shareCustomer", "Customer", f"customer {{ {SHARES} }}")
UNSHARE_CUSTOMER = mutation("unshareCustomer", "Customer", f"customer {{ {SHARES} }}")

SHARE_PRODUCT = mutation("shareProduct", "Product", f"product {{ {SHARES} }}")
UNSHARE_PRODUCT = mutation("unshareProduct", "Product", f"product {{ {SHARES} }}")


async def team(company: Company, name: str, *members: Person, parent: Row | None = None) -> Row:
    given = [{"memberId": str(member.id)} for member in members]
    return await done(company, CREATE_TEAM, name=name, members=given, parentId=parent and parent["id"])


async def test_a_team_is_made_and_changed(company: Company, client: Client) -> None:
    ann, bob = await company.add_person("member", name="Ann"), await company.add_person("member", name="Bob")
    sales = await done(company, CREATE_TEAM, name="Sales", names=[{"language": "zh", "text": "销售部"}])
    assert (sales["name"], sales["names"]) == ("Sales", [{"language": "zh", "text": "销售部"}])
    members = [{"memberId": str(ann.id), "isLead": True}, {"memberId": str(bob.id)}]
    north = await done(company, CREATE_TEAM, name="North", parentId=sales["id"], members=members)
    assert north["parent"] == {"name": "Sales"}
    assert north["memberships"]["nodes"] == [
        {"isLead": True, "member": {"name": "Ann"}},
        {"isLead": False, "member": {"name": "Bob"}},
    ]
    changed = await done(
        company, UPDATE_TEAM, id=north["id"], expectedVersion=1, name="Nord", members=[{"memberId": str(bob.id)}]
    )
    assert (changed["version"], changed["name"]) == (2, "Nord")
    assert changed["memberships"]["nodes"] == [{"isLead": False, "member": {"name": "Bob"}}]
    # The same again is no change.
    assert (await done(company, UPDATE_TEAM, id=north["id"], name="Nord"))["version"] == 2
    document = "{ teams { nodes { name isMine isWithinMine } } members(where: {isMe: {eq: true}}) { nodes { teams { totalCount } } } }"
    assert await company.data(document, person=bob) == {
        "teams": {
            "nodes": [
                {"name": "Nord", "isMine": True, "isWithinMine": True},
                {"name": "Sales", "isMine": False, "isWithinMine": False},
            ]
        },
        "members": {"nodes": [{"teams": {"totalCount": 1}}]},
    }
    async with unchanged(company):
        stale = await refused(company, UPDATE_TEAM, id=north["id"], expectedVersion=1, name="x")
        assert stale["code"] == "STALE_VERSION"
        assert (await refused(company, UPDATE_TEAM, id=str(ann.id), name="x"))["code"] == "NOT_FOUND"
        for document, values in ((CREATE_TEAM, {"name": "x"}), (UPDATE_TEAM, {"id": north["id"], "name": "x"})):
            problem = await refused(company, document, ann, **values)
            assert (problem["right"], problem["grantedTo"]) == ("team.update", ["owner", "admin"])


async def test_teams_stay_a_tree(company: Company, client: Client) -> None:
    """Whatever would make a ring, or hang something open under what was given up, is refused."""
    top = await team(company, "Top")
    mid = await team(company, "Mid", parent=top)
    low = await team(company, "Low", parent=mid)
    unknown = "01890000-0000-7000-8000-000000000000"
    bad: dict[str, Row] = {
        "TEAM_CYCLE": {"id": top["id"], "parentId": low["id"]},
        "VALUE_UNKNOWN_RECORD": {"id": top["id"], "parentId": unknown},
        "TEAM_OPEN_PARTS": {"id": mid["id"], "archived": True},
    }
    async with unchanged(company):
        for code, values in bad.items():
            problem = await refused(company, UPDATE_TEAM, **values)
            assert list(bad_values(problem).values()) == [code]
        assert bad_values(await refused(company, UPDATE_TEAM, id=top["id"], parentId=top["id"])) == {
            "parentId": "TEAM_CYCLE"
        }
        twice = [{"memberId": str(company.owner.id)}] * 2
        assert bad_values(await refused(company, CREATE_TEAM, name="x", members=twice)) == {
            "members.1.memberId": "TEAM_DOUBLE_MEMBER"
        }
        assert bad_values(await refused(company, CREATE_TEAM, name="x", names=[{"language": "xx", "text": "x"}])) == {
            "names.0.language": "TEAM_UNKNOWN_LANGUAGE"
        }
    assert (await done(company, UPDATE_TEAM, id=low["id"], archived=True))["archivedAt"] is not None
    assert bad_values(await refused(company, CREATE_TEAM, name="x", parentId=low["id"])) == {
        "parentId": "TEAM_ARCHIVED_PARENT"
    }
    await done(company, UPDATE_TEAM, id=mid["id"], archived=True)
    assert bad_values(await refused(company, UPDATE_TEAM, id=low["id"], archived=False)) == {
        "archived": "TEAM_ARCHIVED_PARENT"
    }
    # What is moved takes along all below it.
    await done(company, UPDATE_TEAM, id=mid["id"], archived=False, parentId=None)
    rows = await company.rows("SELECT name, path FROM teams WHERE tenant_id = %(tenant)s ORDER BY name")
    assert [(row["name"], [str(each) for each in row["path"]]) for row in rows] == [
        ("Low", [mid["id"], low["id"]]),
        ("Mid", [mid["id"]]),
        ("Top", [top["id"]]),
    ]
    deep = mid
    for number in range(9):
        deep = await team(company, f"T{number}", parent=deep)
    assert bad_values(await refused(company, CREATE_TEAM, name="x", parentId=deep["id"])) == {
        "parentId": "TEAM_TOO_DEEP"
    }


async def test_what_a_team_owns(company: Company, client: Client) -> None:
    """Scopes of teams, with the teams below them; a change of teams holds for the next request."""
    await role(company, "mate", scoped("team"))
    await role(company, "chief", scoped("team_tree"))
    ann, bob, cat = [await company.add_person("mate", name=name) for name in ("Ann", "Bob", "Cat")]
    chief = await company.add_person("chief", name="Chief")
    top = await team(company, "Top", chief)
    north = await team(company, "North", ann, bob, parent=top)
    south = await team(company, "South", cat, parent=top)
    orders = {person: await an_order(company, ownerId=str(person.id)) for person in (ann, bob, cat, chief)}
    nobody = await an_order(company, ownerId=None)
    ids = {person: order["id"] for person, order in orders.items()}
    assert await seen(company, ann) == {ids[ann], ids[bob]}
    assert await seen(company, cat) == {ids[cat]}
    assert await seen(company, chief) == set(ids.values())
    assert await seen(company, company.owner) == {*ids.values(), nobody["id"]}
    where = "{ found: orders(where: {owner: {teams: {some: {team: {id: {eq: %s}}}}}}) { totalCount } }"
    assert (await company.data(where % f'"{north["id"]}"'))["found"]["totalCount"] == 2
    mine = "{ found: orders(where: {owner: {teams: {some: {team: {isMine: {eq: true}}}}}}) { totalCount } }"
    assert (await company.data(mine, person=ann))["found"]["totalCount"] == 2
    # In two teams at once, then in one of them.
    await done(company, UPDATE_TEAM, id=south["id"], members=[{"memberId": str(p.id)} for p in (ann, cat)])
    assert await seen(company, ann) == {ids[ann], ids[bob], ids[cat]}
    await done(company, UPDATE_TEAM, id=north["id"], members=[{"memberId": str(bob.id)}])
    assert await seen(company, ann) == {ids[ann], ids[cat]}
    # A team that is moved away, or given up, is no team of the chief's any more; who has none sees their own.
    await done(company, UPDATE_TEAM, id=north["id"], parentId=None)
    assert await seen(company, chief) == {ids[ann], ids[cat], ids[chief]}
    await done(company, UPDATE_TEAM, id=south["id"], archived=True)
    assert await seen(company, chief) == {ids[chief]}
    assert await seen(company, ann) == {ids[ann]}
    # Orders of who has left stay with the team.
    await company.rows(
        "UPDATE members SET active = false WHERE tenant_id = %(tenant)s AND id = %(id)s RETURNING id", id=bob.id
    )
    await done(company, UPDATE_TEAM, id=north["id"], members=[{"memberId": str(p.id)} for p in (ann, bob)])
    assert await seen(company, ann) == {ids[ann], ids[bob]}


async def sharing(company: Company) -> tuple[Person, Person, Row]:
    """Two who have their own orders and what is shared with them, and an order of the first."""
    grants = [scoped("own", "read", "update", "share"), scoped("shared", "read", "update")]
    await role(
        company, "sharer", *grants, scoped("own", "read", "share", name="customer"), scoped("shared", name="customer")
    )
    ann, bob = await company.add_person("sharer", name="Ann"), await company.add_person("sharer", name="Bob")
    return ann, bob, await an_order(company, ownerId=str(ann.id))


async def test_an_order_is_shared_and_taken_back(company: Company, client: Client) -> None:
    ann, bob, order = await sharing(company)
    assert await seen(company, bob) == set()
    shared = await done(company, SHARE_ORDER, ann, id=order["id"], memberId=str(bob.id))
    (one,) = shared["shares"]["nodes"]
    assert shared["version"] == 2
    assert one == {
        "id": one["id"],
        "member": {"id": str(bob.id)},
        "team": None,
        "mayChange": False,
        "endsAt": None,
        "createdBy": {"id": str(ann.id)},
    }
    assert await seen(company, bob) == {order["id"]}
    history = "query($id: ID!) { order(id: $id) { history { nodes { kind version changes { field from to } } } } }"
    told = (await company.data(history, {"id": order["id"]}, person=bob))["order"]["history"]["nodes"][1]
    assert (told["kind"], told["version"]) == ("UPDATED", 2)
    assert told["changes"] == [
        {
            "field": "shares",
            "from": None,
            "to": {"id": one["id"], "memberId": str(bob.id), "mayChange": False, "endsAt": None},
        }
    ]
    async with unchanged(company):
        problem = await refused(company, UPDATE_ORDER, bob, id=order["id"], notes="x")
        assert (problem["__typename"], problem["right"]) == ("NotAllowed", "order.update")
        # What is shared with one is not one's own to share.
        problem = await refused(company, SHARE_ORDER, bob, id=order["id"], memberId=str(company.owner.id))
        assert (problem["__typename"], problem["right"]) == ("NotAllowed", "order.share")
    await done(company, SHARE_ORDER, ann, id=order["id"], memberId=str(bob.id), mayChange=True)
    assert (await done(company, UPDATE_ORDER, bob, id=order["id"], notes="x"))["notes"] == "x"
    shares = (await done(company, UNSHARE_ORDER, ann, id=order["id"], shareId=one["id"]))["shares"]["nodes"]
    assert [each["mayChange"] for each in shares] == [True]
    await done(company, UNSHARE_ORDER, ann, id=order["id"], shareId=shares[0]["id"])
    assert await seen(company, bob) == set()
    assert (await refused(company, UPDATE_ORDER, bob, id=order["id"], notes="y"))["code"] == "NOT_FOUND"
    assert (await refused(company, UNSHARE_ORDER, ann, id=order["id"], shareId=one["id"]))["code"] == "NOT_FOUND"


async def test_a_share_ends_at_its_time(company: Company, client: Client) -> None:
    ann, bob, order = await sharing(company)
    soon = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    shared = await done(company, SHARE_ORDER, ann, id=order["id"], memberId=str(bob.id), endsAt=soon)
    assert len(shared["shares"]["nodes"]) == 1
    assert await seen(company, bob) == {order["id"]}
    past = "UPDATE record_shares SET ends_at = now() - interval '1 second' WHERE tenant_id = %(tenant)s RETURNING id"
    assert len(await company.rows(past)) == 1
    assert await seen(company, bob) == set()
    shares = "query($id: ID!) { order(id: $id) { shares { totalCount } } }"
    assert (await company.data(shares, {"id": order["id"]}))["order"]["shares"]["totalCount"] == 0


async def test_shared_with_a_team(company: Company, client: Client) -> None:
    """Whoever is in the team has it, for as long as they are."""
    ann, bob, order = await sharing(company)
    friends = await team(company, "Friends", bob)
    await done(company, SHARE_ORDER, ann, id=order["id"], teamId=friends["id"])
    assert await seen(company, bob) == {order["id"]}
    await done(company, UPDATE_TEAM, id=friends["id"], members=[])
    assert await seen(company, bob) == set()


async def test_customers_are_shared_too(company: Company, client: Client) -> None:
    ann, bob, _ = await sharing(company)
    customer = await done(company, CREATE_CUSTOMER, name="C", ownerId=str(ann.id))
    count = "{ customers { totalCount } }"
    assert (await company.data(count, person=bob))["customers"]["totalCount"] == 0
    shared = await done(company, SHARE_CUSTOMER, ann, id=customer["id"], memberId=str(bob.id))
    assert (await company.data(count, person=bob))["customers"]["totalCount"] == 1
    (one,) = shared["shares"]["nodes"]
    await done(company, UNSHARE_CUSTOMER, ann, id=customer["id"], shareId=one["id"])
    assert (await company.data(count, person=bob))["customers"]["totalCount"] == 0


async def test_products_are_shared_too(company: Company, client: Client) -> None:
    """To read, to change, and no more; on an order's line it is there for whom it is shared with alone."""
    grants = [
        scoped("shared", "read", "update", name="product"),
        *({"object": name, "actions": ["read"]} for name in ("order", "customer", "member")),
    ]
    await done(company, DEFINE_ROLE, key="guest", label={"en": "Guest"}, grants=grants)
    ann = await company.add_person("guest", name="Ann")
    made = await done(company, CREATE_PRODUCT, sku="A", name="Apple", price="1")
    order = await an_order(company, lines=[{"productId": made["id"]}])
    seen = """query($id: ID!) { products { nodes { name } } product(id: $id) { permissions } order(id: "ORDER") {
      lines { nodes { product { sku } } } } }""".replace("ORDER", order["id"])

    async def found() -> Row:
        return await company.data(seen, {"id": made["id"]}, person=ann)

    nothing: Row = {"products": {"nodes": []}, "product": None, "order": {"lines": {"nodes": [{"product": None}]}}}
    assert await found() == nothing
    assert (await refused(company, UPDATE_PRODUCT, ann, id=made["id"], name="B"))["__typename"] == "NotFound"
    shared = await done(company, SHARE_PRODUCT, id=made["id"], memberId=str(ann.id))
    assert (await found())["order"] == {"lines": {"nodes": [{"product": {"sku": "A"}}]}}
    problem = await refused(company, UPDATE_PRODUCT, ann, id=made["id"], name="B")
    assert (problem["__typename"], problem["right"]) == ("NotAllowed", "product.update")
    (one,) = shared["shares"]["nodes"]
    await done(company, UNSHARE_PRODUCT, id=made["id"], shareId=one["id"])
    assert await found() == nothing
    await done(company, SHARE_PRODUCT, id=made["id"], memberId=str(ann.id), mayChange=True)
    assert (await done(company, UPDATE_PRODUCT, ann, id=made["id"], name="B"))["name"] == "B"
    problem = await refused(
        company, DEFINE_ROLE, key="r", label={"en": "R"}, grants=[scoped("team", "read", name="product")]
    )
    assert problem["errors"][0]["message"] == (
        "There is no scope 'team' of 'product', which belongs to nobody. Its scopes: shared, or a condition."
    )


async def test_what_cannot_be_shared(company: Company, client: Client) -> None:
    """Without a right, what one has not, with nobody or two, until yesterday."""
    ann, bob, order = await sharing(company)
    await role(company, "reader", scoped("own", "read", "share"))
    other = await an_order(company)
    reader = await company.add_person("reader")
    own = await an_order(company, ownerId=str(reader.id))
    friends = await team(company, "Friends", bob)
    wrong: list[tuple[Row, dict[str, str]]] = [
        ({}, {"memberId": "SHARE_WITH_ONE"}),
        ({"memberId": str(bob.id), "teamId": friends["id"]}, {"memberId": "SHARE_WITH_ONE"}),
        ({"memberId": order["id"]}, {"memberId": "VALUE_UNKNOWN_RECORD"}),
        ({"memberId": str(bob.id), "endsAt": "2020-01-01T00:00:00Z"}, {"endsAt": "SHARE_PAST"}),
    ]
    async with unchanged(company):
        for values, errors in wrong:
            assert bad_values(await refused(company, SHARE_ORDER, ann, id=order["id"], **values)) == errors
        problem = await refused(company, SHARE_ORDER, ann, id=other["id"], memberId=str(bob.id))
        assert problem["code"] == "NOT_FOUND"
        problem = await refused(company, SHARE_ORDER, reader, id=own["id"], memberId=str(bob.id), mayChange=True)
        assert (problem["__typename"], problem["right"]) == ("NotAllowed", "order.update")
        problem = await refused(company, SHARE_ORDER, company.member, id=order["id"], memberId=str(bob.id))
        assert (problem["right"], problem["grantedTo"]) == ("order.share", ["owner", "admin", "reader", "sharer"])
