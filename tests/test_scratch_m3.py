import pytest
from tests.documents import *
from tests.harness import Client, Company, Drain, Person, Row
from tests.test_row_scopes import LABEL, role, scoped
from tests.examples import define_fields
pytestmark = pytest.mark.anyio
H = """query($id: ID!) { order(id: $id) { history { nodes { kind changes { field from to } } } } }"""
A = """query($id: ID!) { order(id: $id) { history { nodes { actor { kind id name } } } } }"""

async def test_a(company: Company, client: Client) -> None:
    await define_fields(company, {"order.buyer": {"type": "link", "target": "customer"}, "order.chk": {"type": "member"}, "order.many": {"type": "links", "target": "customer"}})
    c = await done(company, CREATE_CUSTOMER, name="Zeta")
    p = await done(company, CREATE_PRODUCT, sku="A", name="P", price="9.00")
    await done(company, DEFINE_ROLE, key="nomem", label=LABEL, grants=[{"object": "order", "actions": ["read", "export", "update"]}])
    seller = await company.add_person("member", name="Sal")
    await role(company, "seller", scoped("own"), scoped("own", name="customer"), {"object": "product", "actions": ["read"], "scope": {"where": {"active": {"eq": False}}}})
    nomem = await company.add_person("nomem")
    sal = await company.add_person("seller", name="S2")
    o = await an_order(company, ownerId=str(sal.id), customerId=c["id"], lines=[{"productId": p["id"]}], custom={"buyer": c["id"], "chk": str(sal.id), "many": [c["id"]]})
    await done(company, UPDATE_ORDER, id=o["id"], customerId=None, lines=[{"productId": p["id"]}, {"name": "x", "unitPrice": "1"}], custom={"buyer": None})
    for who in (company.owner, nomem, sal):
        print("H", await company.graphql(H, {"id": o["id"]}, person=who))
        print("A", await company.graphql(A, {"id": o["id"]}, person=who))
    assert 0
