"""A small and nasty order book: what is hard to read, to write and to sort, in few rows."""

from collections.abc import Mapping, Sequence

from tenants.config import change_sets
from tenants.config.drafts import create_draft
from tenants.keys.managing import create_key
from tests.documents import CREATE_CUSTOMER, CREATE_PRODUCT, UPDATE_ORDER, VOID_ORDER, done
from tests.examples import FIELDS, create_orders, define_fields
from tests.harness import Company, Drain, Row
from tests.test_teams import CREATE_TEAM, SHARE_ORDER
from tests.test_workers import MAIL, automate

NASTY = "50 % \\ 'quoted' \"é张\" \x01\x1f\x7f\t\n\r\b\f\u2028 {} $1 %s %(tenant)s </script> 🦊"
LONG = "12345678901234567890.0123456789"
# Read through their index tables; the others out of the record.
INDEXED = ("order.a_decimal", "order.a_day", "order.some", "order.one")
CUSTOMER_FIELDS: Mapping[str, Row] = {
    "customer.grade": {"type": "select", "options": ["a", "b"]},
    "product.weight": {"type": "decimal"},
}
NESTED_FIELDS: Mapping[str, Row] = {
    "order.fee": {"type": "money", "currency": "USD", "indexed": True},
    "order.site": {"type": "address"},
    "order.checker": {"type": "member"},
    "order.partner": {"type": "link", "target": "customer", "reverse": {"key": "partnered", "label": {"en": "x"}}},
    "order.follows": {"type": "link", "target": "order"},
    "order.parts": {"type": "links", "target": "product", "reverse": {"key": "usedBy", "label": {"en": "x"}}},
}
ORDERS: Sequence[Row] = (
    {
        "channel": NASTY[:45].strip(),
        "notes": NASTY,
        "tags": ["b", "a", NASTY.strip()[:40].strip()],
        "promisedAt": "2026-03-01T00:00:00Z",
        "orderedAt": "2026-01-01T10:00:00.5Z",
        "priority": "high",
        "externalId": 'x "1"',
        "shippingAddress": {"city": "München", "line1": NASTY},
        "custom": {
            "a_text": NASTY,
            "a_whole": -7,
            "a_decimal": LONG,
            "a_flag": False,
            "a_day": "2026-02-28",
            "a_moment": "2026-02-28T12:00:00.25+02:00",
            "one": "red",
            "some": ["y", "x"],
            "labels": ["b", "a"],
        },
        "lines": [
            {"name": NASTY, "unitPrice": "0.01", "quantity": "3.333", "taxRate": "0.19", "discountRate": "0.5"},
            {"name": "Free", "unitPrice": "0"},
            {"name": "Same", "unitPrice": "1000000000.99", "quantity": "2", "externalId": "l-1"},
        ],
    },
    {
        "channel": "web",
        "orderedAt": "2026-01-01T10:00:00.5Z",
        "custom": {"a_decimal": "-1.50", "some": [], "one": "red"},
    },
    {"channel": "web", "orderedAt": "2026-01-01T10:00:00.123456Z", "custom": {"a_flag": True, "a_text": "b"}},
    {"channel": "", "orderedAt": "2025-12-31T23:59:59+14:00", "promisedAt": "2026-03-01T00:00:00.000001Z"},
    {"priority": "low", "orderedAt": "2026-01-02T00:00:00Z", "custom": {"a_whole": 2147483647, "a_day": "2026-02-28"}},
    {"priority": "urgent", "tags": ["a"], "custom": {"a_decimal": "-1.5", "labels": ["a"]}},
    {"currency": "JPY", "shippingAddress": {"city": "東京", "country": "JP"}, "externalId": "50%_\\"},
)


async def order_book(company: Company, work: Drain) -> None:
    """Seven orders of three customers, two of them void, with runs, mails and messages of an automation."""
    fields = {key: {**body, "indexed": key in INDEXED} for key, body in FIELDS.items()}
    await define_fields(company, {**fields, **CUSTOMER_FIELDS, **NESTED_FIELDS})
    await automate(company, MAIL, {"type": "notify", "to": "role:owner", "text": "New {{ order.number }}"})
    product = await done(company, CREATE_PRODUCT, sku="A\\1", name="Apple 🍏", price="2.50", custom={"weight": "0.000"})
    bare = await done(company, CREATE_PRODUCT, sku="B", name="Bare")
    firm = await done(
        company, CREATE_CUSTOMER, kind="COMPANY", name='Zoë "Z" & Co', externalId="c'1", custom={"grade": "b"}
    )
    li = await done(
        company,
        CREATE_CUSTOMER,
        name="Li Wei",
        companyId=firm["id"],
        notes=NASTY,
        phones=[{"value": "+86 138 0013 8000", "label": "a"}, {"value": "+49 30 1234567"}],
        emails=[{"value": "li@example.com"}],
        addresses=[{"city": "Suzhou", "line1": NASTY}, {"line1": "1", "kind": "BILLING"}],
    )
    await done(company, CREATE_CUSTOMER, name="Li Wei", companyId=firm["id"])
    inputs = [dict(values) for values in ORDERS]
    for values in inputs[:3]:
        values["customerId"] = li["id"]
    inputs[3]["customerId"] = firm["id"]
    inputs[4]["lines"] = [{"productId": product["id"], "quantity": "2"}] * 4
    owner = str((await company.caller()).member_id)
    nested: Mapping[int, Row] = {
        0: {
            "fee": "-1.5",
            "partner": li["id"],
            "parts": [product["id"], bare["id"]],
            "site": {"line1": NASTY[:45].strip()},
        },
        1: {"fee": "7 JPY", "partner": firm["id"], "checker": owner, "parts": [bare["id"]]},
        3: {"fee": {"amount": "-1.50", "currency": "EUR"}, "parts": [], "site": {"city": "a", "country": "DE"}},
    }
    for place, custom in nested.items():
        inputs[place]["custom"] = {**inputs[place].get("custom", {}), **custom}
    made = await create_orders(company, inputs)
    for place, other in ((1, 0), (4, 1)):
        await done(company, UPDATE_ORDER, id=made[place], custom={"follows": made[other]})
    sales = await done(company, CREATE_TEAM, name=NASTY, names=[{"language": "zh", "text": NASTY}])
    members = [{"memberId": owner}, {"memberId": str(company.member.id), "isLead": True}]
    north = await done(company, CREATE_TEAM, name="North", parentId=sales["id"], members=members)
    await done(company, CREATE_TEAM, name="South", parentId=sales["id"], members=members[:1])
    for shared in ({"teamId": north["id"]}, {"memberId": owner, "mayChange": True, "endsAt": "2999-01-01T00:00:00Z"}):
        await done(company, SHARE_ORDER, id=made[0], **shared)
    await work()
    for place in (1, 5):
        await done(company, VOID_ORDER, id=made[place], reason="out_of_stock", note=NASTY)
    async with company.begin() as tx:
        await create_draft(tx, "Shared views", "views: {}", merge=True)
        await create_key(tx, {"name": NASTY[:40].strip(), "roles": ["member"], "rights": ["order.read"]})
        await create_draft(tx, NASTY, NASTY)
        await tx.execute(
            "INSERT INTO stored_files (tenant_id, id, name, content_type, size, created_by_id, created_at, record_type, record_id)"
            " VALUES (%(tenant)s, %(id)s, %(name)s, 'text/plain', 0, %(by)s, now(), 'order', %(id)s)",
            id=made[0],
            name=NASTY,
            by=owner,
        )
        # An owner and a reason that are gone, a mail that failed.
        await tx.execute(
            "UPDATE orders SET owner_id = NULL, void_reason = 'gone' WHERE tenant_id = %(tenant)s AND id = %(id)s",
            id=made[5],
        )
    async with company.begin() as tx:
        # Orders can be of a type from here on; an empty list of types would take no filter.
        sales = {"label": {"en": "Sales"}, "initial": "draft", "statuses": {"draft": {}}}
        express = {"label": {"en": "Express"}, "life_cycle": "sales"}
        defined = (("life_cycle", "sales", sales), ("order_type", "express", express))
        await change_sets.apply(tx, [change_sets.define(tx.config, *definition) for definition in defined])
