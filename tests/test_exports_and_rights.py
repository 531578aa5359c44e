"""Exports follow the rights of who asked: what leads to closed records is left out, and a file is given out under rights that hold (PER-8)."""

import orjson
import pytest

from tests.documents import CREATE_CUSTOMER, DEFINE_ROLE, UPDATE_MEMBER, an_order, done
from tests.harness import Client, Company, Drain, Person, Row
from tests.test_exports import EXPORT, content, fetched, shown
from tests.test_row_scopes import role, scoped

pytestmark = pytest.mark.anyio

EXPORTS = {"object": "customer", "actions": ["read", "export"]}


async def test_what_leads_to_closed_records_is_left_out(company: Company, client: Client, work: Drain) -> None:
    await role(company, "bare", {"object": "order", "actions": ["read", "export"]})
    bare = await company.add_person("bare")
    order = await an_order(company, customer={"name": "Ann"}, ownerId=str(bare.id))
    (line,) = (await content(company, work, "JSON", bare)).splitlines()
    told = orjson.loads(line)
    assert (told["number"], told["lines"][0]["name"]) == (order["number"], "Work")
    assert "customer" not in told


async def test_a_file_goes_with_the_rights_that_it_was_made_under(
    company: Company, client: Client, work: Drain
) -> None:
    """At the next request: a right that is taken, a field that is closed, a scope that is narrowed. Whoever reads all is told nothing new."""
    grants: dict[str, list[Row]] = {
        "seller": [EXPORTS],
        "closed": [EXPORTS, {"object": "customer", "actions": ["read"], "fields": ["notes"], "effect": "deny"}],
        "own": [scoped("own", "read", "export", name="customer")],
        "none": [],
    }
    for key, given in grants.items():
        await role(company, key, *given)
    seller = await company.add_person("seller")
    await done(company, CREATE_CUSTOMER, name="Ann", notes="secret")
    await content(company, work, "CSV", seller, "customer")
    url = (await shown(company, seller))[0]["url"]

    async def answer(person: Person, *roles: str) -> tuple[int, str]:
        await done(company, UPDATE_MEMBER, id=str(person.id), roles=list(roles))
        response = await fetched(company, url, person)
        code = "" if response.status_code == 200 else response.json()["errors"][0]["extensions"]["code"]
        return response.status_code, code

    assert await answer(seller, "seller", "none") == (200, "")
    assert await answer(seller, "closed") == (409, "CONFLICT")
    assert await answer(seller, "own") == (409, "CONFLICT")
    assert await answer(seller, "none") == (403, "NOT_ALLOWED")
    assert await answer(seller, "seller") == (200, "")

    # Of some records, until roles are changed.
    owner = await company.add_person("own")
    await content(company, work, "CSV", owner, "customer")
    url = (await shown(company, owner))[0]["url"]
    assert (await fetched(company, url, owner)).status_code == 200
    narrower = scoped("shared", "read", "export", name="customer")
    await done(company, DEFINE_ROLE, key="own", label={"en": "own"}, grants=[narrower])
    assert (await fetched(company, url, owner)).status_code == 409
    begun = await done(company, EXPORT, owner, object="customer", format="CSV")
    assert begun["total"] == 0


async def test_parts_of_a_column_and_what_it_leads_to_are_asked_again(
    company: Company, client: Client, work: Drain
) -> None:
    """Lines are one column, and customers are told by name: neither is given out once a part is closed, or some are out of scope."""
    orders = {"object": "order", "actions": ["read", "export"]}
    customers = {"object": "customer", "actions": ["read"]}
    prices = {"object": "order", "actions": ["read"], "fields": ["lines.unitPrice"], "effect": "deny"}
    await an_order(company, customer={"name": "Ann"})
    for key, narrower in {"a": [orders, customers, prices], "b": [orders, scoped("own", name="customer")]}.items():
        await role(company, key, orders, customers)
        person = await company.add_person(key)
        await content(company, work, "JSON", person)
        url = (await shown(company, person))[0]["url"]
        assert (await fetched(company, url, person)).status_code == 200
        await role(company, key, *narrower)
        assert (await fetched(company, url, person)).status_code == 409
        told = await content(company, work, "JSON", person)
        assert ("unitPrice" in told, "Ann" in told) == (key == "b", key == "a")


async def test_an_export_without_the_right_to_read_is_stopped(company: Company, client: Client, work: Drain) -> None:
    """It is not begun again and again where it is taken away while the export waits."""
    await role(company, "seller", EXPORTS)
    seller = await company.add_person("seller")
    begun = await done(company, EXPORT, seller, object="customer", format="CSV")
    await role(company, "seller", {"object": "customer", "actions": ["export"]})
    await work()
    (ended,) = await shown(company, seller)
    assert (ended["id"], ended["state"]) == (begun["id"], "STOPPED")
    assert "'customer.read'" in ended["problem"]
    assert await company.rows("SELECT FROM jobs WHERE tenant_id = %(tenant)s AND kind = 'export'") == []
