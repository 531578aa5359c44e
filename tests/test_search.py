"""Free-text search (CUS-4, VOI-5): by name, accents and pinyin, by any run of a phone number's digits, and by rights."""

import pytest

from tests.documents import (
    CREATE_CUSTOMER,
    CREATE_PRODUCT,
    DEFINE_ROLE,
    UPDATE_CUSTOMER,
    VOID_ORDER,
    an_order,
    done,
)
from tests.harness import Client, Company, Person

CUSTOMERS = "query($text: String) { customers(search: $text, orderBy: [{name: ASC}]) { nodes { name } } }"
ORDERS = "query($text: String) { orders(search: $text, orderBy: [{number: ASC}]) { nodes { number } } }"
PEOPLE = {
    "José Müller-Lüdenscheidt": "+49 30 901820",
    "Ⓙames O'Neil 100%": "+1 212 555 0199",
    "张三丰": "+86 138 0013 8000",
    "重庆火锅店": "+86 23 6371 0000",
}


async def names(company: Company, text: str) -> list[str]:
    data = await company.data(CUSTOMERS, {"text": text})
    return [node["name"] for node in data["customers"]["nodes"]]


async def numbers(company: Company, text: str, person: Person | None = None) -> list[str]:
    data = await company.data(ORDERS, {"text": text}, person=person)
    return [node["number"] for node in data["orders"]["nodes"]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("jose", ["José Müller-Lüdenscheidt"]),
        ("MULLER lud", ["José Müller-Lüdenscheidt"]),
        ("lüdenscheidt josé", ["José Müller-Lüdenscheidt"]),
        ("james", ["Ⓙames O'Neil 100%"]),
        ("100%", ["Ⓙames O'Neil 100%"]),
        ("三丰", ["张三丰"]),
        ("zhangsanfeng", ["张三丰"]),
        ("zsf", ["张三丰"]),
        ("chongqing", ["重庆火锅店"]),
        ("cqhgd", ["重庆火锅店"]),
        ("0013 80", ["张三丰"]),
        ("+86 138-0013", ["张三丰"]),
        ("90182", ["José Müller-Lüdenscheidt"]),
        ("jose neil", []),
        ("%", ["Ⓙames O'Neil 100%"]),
        ("_", []),
        ("\\", []),
        ("' OR 1=1 --", []),
        ("  ", ["José Müller-Lüdenscheidt", "Ⓙames O'Neil 100%", "张三丰", "重庆火锅店"]),
    ],
)
async def test_what_finds_a_customer(company: Company, client: Client, text: str, found: list[str]) -> None:
    """Every word must be found, in any order; wildcards are characters like any other."""
    for name, phone in PEOPLE.items():
        await done(company, CREATE_CUSTOMER, name=name, phones=[{"value": phone}])
    assert await names(company, text) == found


async def test_what_was_changed_is_found_by_what_it_is_now(company: Company, client: Client) -> None:
    customer = await done(company, CREATE_CUSTOMER, name="Ada", phones=[{"value": "+49 30 901820"}])
    await done(company, UPDATE_CUSTOMER, id=customer["id"], name="Eva", phones=[{"value": "+49 40 123456"}])
    found = [await names(company, text) for text in ("Ada", "901820", "eva", "123456")]
    assert found == [[], [], ["Eva"], ["Eva"]]


async def test_what_finds_an_order(company: Company, client: Client) -> None:
    """Its number, its lines, its customer by name and phone, a word here and a word there; void ones too."""
    product = await done(company, CREATE_PRODUCT, sku="TX-7", name="Teekanne", price="9")
    customer = await done(company, CREATE_CUSTOMER, name="张三丰", phones=[{"value": "+86 138 0013 8000"}])
    order = await an_order(company, customerId=customer["id"], lines=[{"productId": product["id"]}])
    await an_order(company)
    number = order["number"]
    for text in (number, number.lower(), "tx-7", "teekanne zsf", "TEEK", "zhangsan", "8000"):
        assert await numbers(company, text) == [number], text
    assert await numbers(company, "teekanne lisi") == []
    await done(company, VOID_ORDER, id=order["id"], reason="out_of_stock")
    assert await numbers(company, "teekanne") == [number]
    listed = await company.data("{ orders { nodes { number } } }")
    assert number not in [node["number"] for node in listed["orders"]["nodes"]]


async def test_searching_tells_no_more_than_reading(company: Company, client: Client) -> None:
    """Whoever may not read customers cannot find out their names by searching orders."""
    label, grants = {"en": "Packer"}, [{"object": "order", "actions": ["read"]}]
    await done(company, DEFINE_ROLE, key="packer", label=label, grants=grants)
    packer = await company.add_person("packer")
    customer = await done(company, CREATE_CUSTOMER, name="Secret Person")
    order = await an_order(company, customerId=customer["id"])
    assert await numbers(company, "secret") == [order["number"]]
    assert await numbers(company, "secret", packer) == []
    assert await numbers(company, order["number"], packer) == [order["number"]]
