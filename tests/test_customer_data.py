"""Customer data is right on every way in (CUS-3): required, format, uniqueness and rules between fields, all of it at once, by field."""

from collections.abc import Awaitable, Callable

import pytest

from tests.documents import (
    CREATE_CUSTOMER,
    CREATE_ORDER,
    UPDATE_CUSTOMER,
    bad_values,
    done,
    refused,
    unchanged,
)
from tests.harness import Client, Company, Row
from tests.importing import HEAD, load, rejected
from tests.test_rules import LINES, define, define_field

pytestmark = pytest.mark.anyio

BAD: Row = {
    "name": "acme",
    "kind": "COMPANY",
    "externalId": "crm-1",
    "phones": [{"value": "call me"}],
    "emails": [{"value": "ada@"}, {"value": "ada@example.com"}],
    "custom": {"code": "A-1", "hotline": "12", "mail": "no mail"},
}
ERRORS = {
    "name": "RULE_TAKEN",
    "externalId": "VALUE_TAKEN",
    "phones.0.value": "VALUE_NOT_PHONE",
    "emails.0.value": "VALUE_NOT_EMAIL",
    "custom.code": "FIELD_PATTERN",
    "custom.hotline": "VALUE_NOT_PHONE",
    "custom.mail": "VALUE_NOT_EMAIL",
    "custom.tax": "VALUE_REQUIRED",
    "notes": "RULE_MESSAGE",
}


async def prepared(company: Company) -> None:
    await define_field(company, "tax", "text", "customer")
    await define_field(company, "code", "text", "customer", pattern="[a-z]{3}")
    await define_field(company, "hotline", "phone", "customer")
    await define_field(company, "mail", "email", "customer")
    await define(company, "one_name", "UNIQUE", ["name"], object="customer", ignoreCase=True)
    message = {"en": "A company without a note.", "zh": "企业客户缺少备注。"}
    check = 'kind != "company" or notes != ""'
    await define(company, "noted", "CHECK", ["notes"], object="customer", check=check, message=message)
    await done(company, CREATE_CUSTOMER, name="Acme", externalId="crm-1")


async def created(company: Company) -> dict[str, str]:
    return bad_values(await refused(company, CREATE_CUSTOMER, **BAD))


async def inside_an_order(company: Company) -> dict[str, str]:
    found = bad_values(await refused(company, CREATE_ORDER, lines=LINES, customer=BAD))
    return {path.removeprefix("customer."): code for path, code in found.items()}


async def previewed(company: Company) -> dict[str, str]:
    document = (
        "query($input: CreateCustomerInput!) { result: previewCreateCustomer(input: $input) { errors { path code } } }"
    )
    errors = (await company.data(document, {"input": BAD}))["result"]["errors"]
    return {".".join(error["path"]): error["code"] for error in errors}


Way = Callable[[Company], Awaitable[dict[str, str]]]
WAYS: tuple[Way, ...] = (created, inside_an_order, previewed)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_all_that_is_wrong_with_a_new_customer(company: Company, client: Client, way: Way) -> None:
    await prepared(company)
    await define_field(company, "tax", "text", "customer", required=True)
    async with unchanged(company):
        assert await way(company) == ERRORS


async def test_all_that_is_wrong_with_a_change(company: Company, client: Client) -> None:
    await prepared(company)
    bob = await done(company, CREATE_CUSTOMER, name="Bob")
    await define_field(company, "tax", "text", "customer", required=True)
    async with unchanged(company):
        assert bad_values(await refused(company, UPDATE_CUSTOMER, id=bob["id"], **BAD)) == ERRORS


MAPPING = (
    HEAD
    + """\
  - file: customers.csv
    record: customer
    external_id: id
    fields: {name: name, kind: kind, notes: notes, custom: {tax: tax, code: code}}
"""
)


@pytest.mark.parametrize("is_known", [False, True], ids=["new", "known"])
async def test_all_that_is_wrong_with_a_row(company: Company, client: Client, is_known: bool) -> None:
    """Of several rows at once, each with its own; what is right is taken all the same."""
    await prepared(company)
    if is_known:
        await done(company, CREATE_CUSTOMER, name="Bob", externalId="1")
    await define_field(company, "tax", "text", "customer", required=True)
    rows = ["1,acme,company,,,A-1", "2,Eve,person,n,7,abc", "3,EVE,company,,8,abc"]
    text = "id,name,kind,notes,tax,code\n" + "\n".join(rows) + "\n"
    summary = await load(company, MAPPING, customers=text)
    taken = (
        "Another record has the same values, which the rule 'one_name' keeps apart. Change them, or use that record."
    )
    first, third = rejected(summary)
    form = "'A-1' does not have the form that the field asks for: [a-z]{3}."
    said = f"code: {form} tax: A value is needed here. notes: A company without a note. name: {taken}"
    assert first == ("customers.csv", 2, said)
    assert third == ("customers.csv", 4, f"notes: A company without a note. name: {taken}")
    names = await company.rows("SELECT name FROM customers WHERE tenant_id = %(tenant)s ORDER BY name")
    assert [row["name"] for row in names] == (["Acme", "Bob", "Eve"] if is_known else ["Acme", "Eve"])
