"""Customers, their contact ways and their address book (CUS-1, CUS-2, CUS-3, ORD-18), through GraphQL."""

import pytest
from babel import Locale

from tenants.field_types.contacts import COUNTRIES
from tests.conftest import NewCompany
from tests.documents import (
    CREATE_CUSTOMER,
    DEFINE_FIELD,
    READ_CUSTOMER,
    UPDATE_CUSTOMER,
    an_order,
    bad_values,
    done,
    read,
    refused,
    unchanged,
)
from tests.harness import Client, Company, Row

NOWHERE = "01900000-0000-7000-8000-000000000000"
PARTS = ("recipient", "phone", "line1", "line2", "district", "city", "region", "postalCode", "country")


async def test_a_customer_is_kept_whole(company: Company, client: Client) -> None:
    """CUS-1: many phones, addresses and mails, in order, numbers in international form, text as it was typed."""
    maker = await done(company, CREATE_CUSTOMER, name="Acme", kind="COMPANY")
    address = {
        "kind": "BILLING",
        "label": "HQ",
        **dict.fromkeys(("recipient", "phone", "line1", "line2", "district", "city", "region", "postalCode"), "ß 1"),
        "country": "de",
    }
    customer = await done(
        company,
        CREATE_CUSTOMER,
        company.member,
        name="  Ada 张  ",
        externalId="crm-1",
        companyId=maker["id"],
        ownerId=str(company.owner.id),
        notes=" likes tea ",
        tags=["vip", "vip", "berlin"],
        phones=[{"value": "+49 (30) 123456", "label": "office"}, {"value": "030/98 76", "label": None}],
        emails=[{"value": "Ada@EXAMPLE.com"}, {"value": "a+b@example.org", "label": "home"}],
        addresses=[address, {"city": "Kiel"}],
    )
    assert (customer["name"], customer["kind"], customer["externalId"], customer["version"]) == (
        "Ada 张",
        "PERSON",
        "crm-1",
        1,
    )
    assert (customer["company"], customer["owner"]) == (
        {"id": maker["id"], "name": "Acme"},
        {"id": str(company.owner.id)},
    )
    assert (customer["notes"], customer["tags"]) == ("likes tea", ["vip", "berlin"])
    contacts = [[(c["value"], c["label"], c["position"]) for c in customer[name]] for name in ("phones", "emails")]
    assert contacts == [
        [("+4930123456", "office", 1), ("030/98 76", "", 2)],
        [("Ada@example.com", "", 1), ("a+b@example.org", "home", 2)],
    ]
    first, second = customer["addresses"]
    assert {name: first[name] for name in address} == {**address, "country": "DE"}
    assert (second["kind"], second["city"], second["position"]) == ("DELIVERY", "Kiel", 2)
    assert {second[part] for part in PARTS if part != "city"} == {""}
    found = await read(company, READ_CUSTOMER, customer["id"], company.read_only)
    assert {name: found[name] for name in customer} == customer


async def test_what_is_absent_stays_and_null_empties(company: Company, client: Client) -> None:
    """Lists are replaced as a whole; entries that come back keep their id."""
    customer = await done(
        company,
        CREATE_CUSTOMER,
        name="Ada",
        externalId="e",
        notes="n",
        tags=["t"],
        ownerId=str(company.member.id),
        phones=[{"value": "+4930123456"}, {"value": "+4930123457"}],
        emails=[{"value": "a@example.com"}],
        addresses=[{"line1": "One", "city": "Kiel"}, {"line1": "Two"}],
    )
    one, two = customer["addresses"]
    assert await done(company, UPDATE_CUSTOMER, id=customer["id"], name="Eve") == {
        **customer,
        "name": "Eve",
        "version": 2,
    }
    changed = await done(
        company,
        UPDATE_CUSTOMER,
        id=customer["id"],
        phones=[{"value": "+49 30 123457", "label": "new label"}],
        addresses=[{"line1": "Three"}, {"id": one["id"], "city": None, "country": "DE"}],
    )
    assert [(p["id"], p["label"]) for p in changed["phones"]] == [(customer["phones"][1]["id"], "new label")]
    assert changed["emails"] == customer["emails"]
    three, kept = changed["addresses"]
    assert kept == {**one, "city": "", "country": "DE", "position": 2}
    assert three["id"] not in (one["id"], two["id"])
    nulls = ("externalId", "notes", "tags", "ownerId", "phones", "emails", "addresses", "kind", "companyId")
    empty = await done(company, UPDATE_CUSTOMER, id=customer["id"], **dict.fromkeys(nulls))
    assert (empty["externalId"], empty["owner"], empty["company"], empty["kind"]) == (None, None, None, "PERSON")
    assert [empty[name] for name in ("notes", "tags", "phones", "emails", "addresses")] == ["", [], [], [], []]
    entries = (await read(company, READ_CUSTOMER, customer["id"]))["history"]["nodes"]
    assert [entry["version"] for entry in entries] == [1, 2, 3, 4]


async def test_a_customer_needs_a_name(company: Company, client: Client) -> None:
    customer = await done(company, CREATE_CUSTOMER, name="Ada")
    async with unchanged(company):
        for name in ("", " \t\u3000"):
            assert bad_values(await refused(company, CREATE_CUSTOMER, name=name)) == {"name": "VALUE_REQUIRED"}
        for cleared in ("", None):
            problem = await refused(company, UPDATE_CUSTOMER, id=customer["id"], name=cleared)
            assert bad_values(problem) == {"name": "VALUE_REQUIRED"}


async def test_all_bad_values_are_named_at_once(company: Company, client: Client, new_company: NewCompany) -> None:
    """CUS-3: every mistake by its place in the input, the company's own required field too."""
    await done(company, DEFINE_FIELD, object="customer", key="score", type="integer", label={"en": "S"}, required=True)
    foreign = await done(await new_company(), CREATE_CUSTOMER, name="Theirs", kind="COMPANY")
    async with unchanged(company):
        problem = await refused(
            company,
            CREATE_CUSTOMER,
            name="n" * 301,
            externalId="e" * 201,
            notes="n" * 10_001,
            companyId=foreign["id"],
            ownerId=NOWHERE,
            tags=["t"] * 51,
            phones=[{"value": "+49 30 123456"}, {"value": "call me"}, {"value": "+1"}],
            emails=[{"value": "a@b"}, {"value": "a@example.com", "label": "l" * 61}, {"value": ""}],
            addresses=[{}, {"country": "XX"}, {"line1": "x" * 201}],
        )
    assert bad_values(problem) == {
        "name": "VALUE_TOO_LONG",
        "externalId": "VALUE_TOO_LONG",
        "notes": "VALUE_TOO_LONG",
        "companyId": "VALUE_UNKNOWN_RECORD",
        "ownerId": "VALUE_UNKNOWN_RECORD",
        "tags": "VALUE_TOO_MANY",
        "phones.1.value": "VALUE_NOT_PHONE",
        "phones.2.value": "VALUE_NOT_PHONE",
        "emails.0.value": "VALUE_NOT_EMAIL",
        "emails.1.label": "VALUE_TOO_LONG",
        "emails.2.value": "VALUE_REQUIRED",
        "addresses.0.line1": "VALUE_REQUIRED",
        "addresses.1.country": "VALUE_NOT_COUNTRY",
        "addresses.2.line1": "VALUE_TOO_LONG",
        "custom.score": "VALUE_REQUIRED",
    }


def test_what_counts_as_a_country() -> None:
    """All codes that CLDR has a name for, but of what is no country: unions, the rest of Oceania, and those made for tests."""
    named = {code for code in map(str, Locale.parse("en").territories) if len(code) == 2 and code.isalpha()}
    assert named - COUNTRIES == {"EU", "EZ", "QO", "UN", "XA", "XB"}
    assert named >= COUNTRIES


@pytest.mark.parametrize(("name", "most"), [("phones", 20), ("emails", 20), ("addresses", 50)])
async def test_lists_are_bounded(company: Company, client: Client, name: str, most: int) -> None:
    entry = {"phones": {"value": "+4930123456"}, "emails": {"value": "a@example.com"}, "addresses": {"city": "Kiel"}}[
        name
    ]
    entries = [{**entry, "label": str(place)} for place in range(most + 1)]
    async with unchanged(company):
        problem = await refused(company, CREATE_CUSTOMER, name="Ada", **{name: entries})
    assert bad_values(problem) == {name: "VALUE_TOO_MANY"}
    assert len((await done(company, CREATE_CUSTOMER, name="Ada", **{name: entries[:-1]}))[name]) == most


async def test_people_and_their_company(company: Company, client: Client) -> None:
    """CUS-1: separate linked records; a person is no company, and nobody belongs to themselves."""
    firm = await done(company, CREATE_CUSTOMER, name="Acme", kind="COMPANY")
    ada = await done(company, CREATE_CUSTOMER, name="Ada", companyId=firm["id"])
    bob = await done(company, CREATE_CUSTOMER, name="Bob", companyId=firm["id"])
    document = "query($id: ID!) { result: customer(id: $id) { people { totalCount nodes { name company { name } } } } }"
    found = (await read(company, document, firm["id"]))["people"]
    assert found == {"totalCount": 2, "nodes": [{"name": n, "company": {"name": "Acme"}} for n in ("Bob", "Ada")]}
    async with unchanged(company):
        problem = await refused(company, UPDATE_CUSTOMER, id=bob["id"], companyId=ada["id"])
        assert bad_values(problem) == {"companyId": "CUSTOMER_NOT_COMPANY"}
        assert problem["message"] == "Ada is a person, not a company."
        problem = await refused(company, UPDATE_CUSTOMER, id=firm["id"], companyId=firm["id"])
        assert bad_values(problem) == {"companyId": "CUSTOMER_OWN_COMPANY"}
    assert (await done(company, UPDATE_CUSTOMER, id=bob["id"], companyId=None))["company"] is None


async def test_an_address_of_another_is_not_taken_over(company: Company, client: Client) -> None:
    """An entry's id counts only in its own book; elsewhere it is refused, and the other book stays as it is."""
    ada = await done(company, CREATE_CUSTOMER, name="Ada", addresses=[{"city": "Kiel"}])
    bob = await done(company, CREATE_CUSTOMER, name="Bob")
    for wanted in (ada["addresses"][0]["id"], NOWHERE, "x"):
        async with unchanged(company):
            problem = await refused(company, UPDATE_CUSTOMER, id=bob["id"], addresses=[{"id": wanted, "city": "Bonn"}])
        assert bad_values(problem) == {"addresses.0.id": "ORDER_UNKNOWN_ADDRESS"}


async def test_external_ids_are_unique_in_the_company(
    company: Company, client: Client, new_company: NewCompany
) -> None:
    await done(company, CREATE_CUSTOMER, name="Ada", externalId="e-1")
    bob = await done(company, CREATE_CUSTOMER, name="Bob")
    async with unchanged(company):
        for problem in (
            await refused(company, CREATE_CUSTOMER, name="Eve", externalId="e-1"),
            await refused(company, UPDATE_CUSTOMER, id=bob["id"], externalId=" e-1 "),
        ):
            assert bad_values(problem) == {"externalId": "VALUE_TAKEN"}
            assert problem["message"] == "e-1 is already in use. Choose another."
    assert (await done(await new_company(), CREATE_CUSTOMER, name="Ada", externalId="e-1"))["version"] == 1


async def test_another_companys_customer_is_not_there(
    company: Company, client: Client, new_company: NewCompany
) -> None:
    foreign = await new_company()
    theirs = await done(foreign, CREATE_CUSTOMER, name="Theirs")
    async with unchanged(foreign):
        for wanted in (theirs["id"], NOWHERE, "x"):
            assert (await refused(company, UPDATE_CUSTOMER, id=wanted, name="Mine"))["code"] == "NOT_FOUND"
            assert await read(company, READ_CUSTOMER, wanted) is None


async def test_the_orders_of_a_customer(company: Company, client: Client) -> None:
    """ORD-18: the pages of orders and their sum in one query, and nobody else's among them."""
    first = await done(company, CREATE_CUSTOMER, name="Ada")
    second = await done(company, CREATE_CUSTOMER, name="Bob")
    numbers = []
    for day in range(1, 6):
        moment = f"2026-01-0{day}T00:00:00Z"
        numbers.append((await an_order(company, customerId=first["id"], orderedAt=moment))["number"])
    await an_order(company, customerId=second["id"])
    document = """query($id: ID!, $after: String) { customer(id: $id) {
      orders(first: 2, after: $after) { totalCount nodes { number } pageInfo { hasNextPage endCursor } }
      orderSummary { count lastOrderedAt totals { total { amount currency } } } } }"""
    found: list[str] = []
    after = None
    more = True
    while more:
        customer: Row = (await company.data(document, {"id": first["id"], "after": after}))["customer"]
        page = customer["orders"]
        found += [node["number"] for node in page["nodes"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        assert page["totalCount"] == customer["orderSummary"]["count"] == 5
        assert customer["orderSummary"]["lastOrderedAt"] == "2026-01-05T00:00:00+00:00"
        assert customer["orderSummary"]["totals"] == [{"total": {"amount": "50.00", "currency": "EUR"}}]
    assert found == numbers[::-1]


async def test_a_number_stands_once(company: Company, client: Client) -> None:
    """CUS-3: twice the same is a slip, however it is written; as phone and as fax it is two entries."""
    async with unchanged(company):
        problem = await refused(
            company,
            CREATE_CUSTOMER,
            name="Ada",
            phones=[{"value": "+49 30 123456"}, {"value": "+4930 123456"}, {"value": "+49 30 123456", "label": "fax"}],
            emails=[{"value": "a@example.com"}, {"value": "a@EXAMPLE.com"}, {"value": "A@example.com"}],
        )
    assert bad_values(problem) == {
        "phones.1.value": "CUSTOMER_CONTACT_TWICE",
        "emails.1.value": "CUSTOMER_CONTACT_TWICE",
    }
    phones = [{"value": "+49 30 123456", "label": label} for label in ("office", "fax")]
    customer = await done(company, CREATE_CUSTOMER, name="Ada", phones=phones)
    assert [phone["label"] for phone in customer["phones"]] == ["office", "fax"]
