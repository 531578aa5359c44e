"""Imports by people with rights to some records alone (D-09): each row is decided as if it came by itself, and named where it is refused."""

import pytest

from tests.documents import CREATE_CUSTOMER, DEFINE_ROLE, an_order, done, unchanged
from tests.harness import Client, Company, Person, Row
from tests.test_import_mutation import IMPORT
from tests.test_row_scopes import LABEL, OTHERS, scoped

pytestmark = pytest.mark.anyio

MAPPING = """
orderloom-import: 1
files:
  - file: orders.csv
    record: order
    external_id: id
    fields: {customer: customer, owner: owner, channel: channel, notes: notes}
    lines: [{name: item, unitPrice: {const: 1}}]
"""
GRANTS = [
    scoped("own", "read", "create", "update"),
    {"object": "order", "actions": ["import"]},
    scoped("own", "read", name="customer"),
    # Not written in orders of the shop.
    {
        "object": "order",
        "actions": ["write"],
        "fields": ["notes"],
        "scope": {"where": {"channel": {"eq": "shop"}}},
        "effect": "deny",
    },
    *OTHERS,
]


async def test_rows_outside_of_the_scope_are_named(company: Company, client: Client) -> None:
    """Created and changed are one's own orders alone, for customers of one's own; the same in a rehearsal, and nothing else is written."""
    await done(company, DEFINE_ROLE, key="seller", label=LABEL, grants=GRANTS)
    seller = await company.add_person("seller", name="Sal")
    (mail,) = await company.rows("SELECT email FROM members WHERE id = %(id)s", id=seller.id)
    me, boss = mail["email"], company.owner.email
    await done(company, CREATE_CUSTOMER, name="Mine", ownerId=str(seller.id), externalId="C1")
    await done(company, CREATE_CUSTOMER, name="Theirs", ownerId=str(company.owner.id), externalId="C2")
    for number in ("O1", "O2"):
        await an_order(company, ownerId=str(seller.id), externalId=number)
    hidden = await an_order(company, externalId="O3", notes="secret")
    rows = [
        f"O1,,{me},web,,Pen",
        f"O2,,{boss},web,,Pen",
        f"O3,,{me},web,,Pen",
        f"O4,C1,{me},shop,told,Pen",
        f"O5,,{boss},web,,Pen",
        f"O6,C2,{me},web,,Pen",
        f"O7,,{me},web,told,Pen",
    ]
    given = {
        "mapping": MAPPING,
        "files": [{"name": "orders.csv", "text": "\n".join(("id,customer,owner,channel,notes,item", *rows))}],
    }
    expected = {
        3: "Your right 'order.update' is not of this record, or not of what it would become.",
        4: "Another order is known as O3 already, and your rights are not of it.",
        6: "Your right 'order.create' is not of this record, or not of what it would become.",
        7: "customer: There is no customer known as C2.",
        5: "notes: Your right 'order.write.notes' is not of this record, or not of what it would become",
    }
    async with unchanged(company, without=("counters",)):
        rehearsed = await imported(company, seller, {**given, "dryRun": True})
    told = await imported(company, seller, given)
    for result in (rehearsed, told):
        reasons = {row["line"]: row["reasons"] for row in result["rejected"]}
        assert reasons.keys() == expected.keys(), reasons
        assert all(told.startswith(expected[line]) for line, (told,) in reasons.items()), reasons
        assert [result["files"][0][name] for name in ("read", "created", "updated", "rejected")] == [7, 1, 1, 5]
    assert str(hidden["id"]) not in str(told)
    known = await company.rows("SELECT external_id, owner_id, notes, version FROM orders ORDER BY external_id")
    assert [(row["external_id"], row["owner_id"], row["notes"], row["version"]) for row in known] == [
        ("O1", seller.id, "", 2),
        ("O2", seller.id, "", 1),
        ("O3", company.owner.id, "secret", 1),
        ("O7", seller.id, "told", 1),
    ]
    assert len(await company.rows("SELECT id FROM events WHERE record_type = 'order'")) == 5


async def imported(company: Company, person: Person, given: Row) -> Row:
    data = await company.data(IMPORT, {"input": given}, person=person)
    assert data["importRecords"]["__typename"] == "ImportPayload", data
    result: Row = data["importRecords"]
    return result
