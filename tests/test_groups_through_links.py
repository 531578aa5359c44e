"""Groups by fields of linked records: they are the other record's, whatever the order has under that name (PER-5)."""

import pytest

from tests.documents import CREATE_CUSTOMER, an_order, done
from tests.examples import define_fields
from tests.harness import Client, Company

pytestmark = pytest.mark.anyio


async def test_groups_by_fields_of_linked_records(company: Company, client: Client) -> None:
    link = {"type": "link", "target": "customer"}
    await define_fields(
        company, {"order.buyer": link, "order.secret": {"type": "text"}, "customer.secret": {"type": "text"}}
    )
    ann = await done(company, CREATE_CUSTOMER, name="Ann", notes="Ann's", externalId="a", custom={"secret": "hers"})
    given = {"notes": "the order's", "externalId": "o"}
    await an_order(company, custom={"buyer": ann["id"], "secret": "the order's"}, **given)
    expected = {"name": "Ann", "notes": "Ann's", "externalId": "a", "custom.secret": "hers"}
    parts = " ".join(
        f'{name.replace(".", "_")}: orderGroups(groupBy: "custom.buyer.{name}") {{ key count }}' for name in expected
    )
    found = await company.data(f"{{ {parts} }}")
    assert found == {name.replace(".", "_"): [{"key": key, "count": 1}] for name, key in expected.items()}
