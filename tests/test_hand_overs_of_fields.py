"""Handing over what names a member beside owning (X-33): own fields that lead to them, and what is shared with them."""

from collections import Counter

import pytest

from tests.conftest import NewCompany
from tests.documents import (
    CREATE_CUSTOMER,
    CREATE_PRODUCT,
    DEACTIVATE_MEMBER,
    DEFINE_ROLE,
    VOID_ORDER,
    an_order,
    bad_values,
    done,
    refused,
    unchanged,
)
from tests.examples import define_fields
from tests.harness import Client, Company, Drain, Person, Row
from tests.test_hand_overs import HAND_OVER, LIST
from tests.test_row_scopes import LABEL, scoped
from tests.test_teams import SHARE_ORDER, SHARE_PRODUCT

pytestmark = pytest.mark.anyio

MANY = 1_100
FIELDS: dict[str, Row] = {
    "order.manager": {"type": "member"},
    "order.checker": {"type": "member"},
    "customer.manager": {"type": "member"},
    "product.buyer": {"type": "member"},
}
COUNTS = "query($id: ID!) { memberBelongings(memberId: $id) { fields shares orders } }"
COLUMNS = "SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'customers' AND is_generated = 'NEVER'"
COPIES = """
WITH made AS (INSERT INTO customers (id, version, {columns})
              SELECT gen_random_uuid(), 1, {columns} FROM customers CROSS JOIN generate_series(1, {many})
              WHERE tenant_id = %(tenant)s AND id = %(id)s RETURNING id)
INSERT INTO customer_links (tenant_id, record_id, field, value) SELECT %(tenant)s, id, 'manager', %(member)s FROM made
"""


async def copy(company: Company, customer: str, member: Person) -> None:
    """Many customers like that one."""
    columns = [row["name"] for row in await company.rows(COLUMNS) if row["name"] not in ("id", "version")]
    sql = COPIES.format(columns=", ".join(columns), many=MANY)
    async with company.begin() as tx:
        await tx.execute(sql, id=customer, member=member.id)


async def test_own_fields_go_to_the_receiver(
    company: Company, client: Client, work: Drain, new_company: NewCompany
) -> None:
    """More than a thousand records by the job; voided orders, other fields, other members and another company stay as they are."""
    other = await new_company()
    leaver, receiver = await company.add_person("member", name="Lea"), await company.add_person("member", name="Rex")
    stranger = await other.add_person("member", name="Lea")
    for each, person in ((company, leaver), (other, stranger)):
        await define_fields(each, FIELDS)
        who = str(person.id)
        await an_order(each, custom={"manager": who, "checker": who})
        voided = await an_order(each, custom={"manager": who})
        await done(each, VOID_ORDER, id=voided["id"], reason="out_of_stock")
        await an_order(each, custom={"manager": str(each.owner.id)})
        customer = await done(each, CREATE_CUSTOMER, name="Ann", custom={"manager": who})
        await copy(each, customer["id"], person)
        await done(each, CREATE_PRODUCT, sku="A", name="Apple", custom={"buyer": who})
    told = (await company.data(COUNTS, {"id": str(leaver.id)}))["memberBelongings"]
    assert told == {"fields": MANY + 3, "shares": 0, "orders": 0}
    given = {"fromId": str(leaver.id), "toId": str(receiver.id), "what": ["FIELDS"]}
    async with unchanged(company):
        problem = await refused(company, HAND_OVER, **given, fields=["order.manager", "order.colour"])
        assert bad_values(problem) == {"fields.1": "PEOPLE_NO_MEMBER_FIELD"}
        assert problem["errors"][0]["message"].endswith(
            "Name one of: order.checker, order.manager, customer.manager, product.buyer."
        )
    grants = [
        scoped("own", "read", "update"),
        *({"object": name, "actions": ["*"]} for name in ("member", "customer", "product")),
    ]
    await done(company, DEFINE_ROLE, key="office", label=LABEL, grants=grants)
    office = await company.add_person("office")
    problem = await refused(company, HAND_OVER, office, **given)
    assert (problem["__typename"], problem["right"]) == ("NotAllowed", "order.update")
    before = await _values(other)
    await done(company, HAND_OVER, **given, fields=["order.manager", "customer.manager", "product.buyer"])
    assert await work() >= 1
    (over,) = (await company.data(LIST))["handOvers"]
    assert (over["state"], over["total"], over["done"], over["kept"]) == ("DONE", MANY + 3, MANY + 3, 0)
    told = await _values(company)
    rex, lea = str(receiver.id), str(leaver.id)
    assert told == {
        "orders": Counter({(rex, lea): 1, (lea, None): 1, (str(company.owner.id), None): 1}),
        "customers": Counter({rex: MANY + 1}),
        "products": Counter({rex: 1}),
    }
    assert await _values(other) == before
    # What names them still is the field that was left out.
    assert (await company.data(COUNTS, {"id": lea}))["memberBelongings"]["fields"] == 1
    found = await company.data(
        "query($id: ID!) { customers(where: {custom: {manager: {id: {eq: $id}}}}) { totalCount nodes {"
        " history { nodes { note changes { field } } } } } }",
        {"id": rex},
    )
    assert found["customers"]["totalCount"] == MANY + 1
    entry = found["customers"]["nodes"][0]["history"]["nodes"][-1]
    assert entry == {"note": "Handed over from Lea by Olga Owner.", "changes": [{"field": "custom.manager"}]}


async def _values(company: Company) -> Row:
    orders = await company.rows("SELECT custom->>'manager' AS m, custom->>'checker' AS c FROM orders")
    customers = await company.rows("SELECT custom->>'manager' AS m FROM customers")
    products = await company.rows("SELECT custom->>'buyer' AS m FROM products")
    return {
        "orders": Counter((row["m"], row["c"]) for row in orders),
        "customers": Counter(row["m"] for row in customers),
        "products": Counter(row["m"] for row in products),
    }


async def test_shares_go_to_the_receiver(company: Company, client: Client, work: Drain) -> None:
    """They have what was shared with the leaver, for as long and in the same way, and the history of each record says so."""
    await done(
        company, DEFINE_ROLE, key="guest", label=LABEL,
        grants=[scoped("shared", "read", "update"), scoped("shared", "read", name="product"), {"object": "customer", "actions": ["read"]}],
    )  # fmt: skip
    leaver, receiver = await company.add_person("guest", name="Lea"), await company.add_person("guest", name="Rex")
    order = await an_order(company)
    product = await done(company, CREATE_PRODUCT, sku="A", name="Apple")
    shared = {"memberId": str(leaver.id), "endsAt": "2099-01-01T00:00:00Z"}
    await done(company, SHARE_ORDER, id=order["id"], **shared, mayChange=True)
    await done(company, SHARE_PRODUCT, id=product["id"], memberId=str(leaver.id))
    assert (await company.data(COUNTS, {"id": str(leaver.id)}))["memberBelongings"]["shares"] == 2
    await done(company, DEACTIVATE_MEMBER, id=str(leaver.id))
    await done(company, HAND_OVER, fromId=str(leaver.id), toId=str(receiver.id), what=["SHARES"])
    await work()
    seen = "{ orders { nodes { id history { nodes { changes { field } } } } } products { nodes { id } } }"
    found = await company.data(seen, person=receiver)
    assert [node["id"] for node in found["products"]["nodes"]] == [product["id"]]
    (node,) = found["orders"]["nodes"]
    assert (node["id"], node["history"]["nodes"][-1]["changes"]) == (order["id"], [{"field": "shares"}])
    (row,) = await company.rows("SELECT member_id, may_change, ends_at FROM record_shares WHERE record_type = 'order'")
    assert (row["member_id"], row["may_change"], row["ends_at"].year) == (receiver.id, True, 2099)
    assert (await company.data(COUNTS, {"id": str(leaver.id)}))["memberBelongings"]["shares"] == 0
