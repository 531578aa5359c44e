"""Free-text search (SEA-1, SEA-5, CUS-4, VOI-5): every word, wherever it was written, however it is typed, and by rights."""

import pytest

from tenants import spellings
from tenants.reindexing import reindex
from tests.documents import (
    CREATE_CUSTOMER,
    CREATE_PRODUCT,
    DEFINE_FIELD,
    DEFINE_ROLE,
    UPDATE_CUSTOMER,
    UPDATE_ORDER,
    VOID_ORDER,
    an_order,
    done,
    stored,
)
from tests.harness import Client, Company, Person, Statements

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
        ("张", ["张三丰"]),
        ("丰", ["张三丰"]),
        ("三 zsf", ["张三丰"]),
        ("张丰", []),
        ("火锅", ["重庆火锅店"]),
        ("庆火锅店", ["重庆火锅店"]),
        ("ｊａｍｅｓ", ["Ⓙames O'Neil 100%"]),
        ("O'N", ["Ⓙames O'Neil 100%"]),
        ("10_%", []),
        ("100\\", []),
        ("O'Neil --", []),
        ("😀", []),
        ("...", []),
        ("-", ["José Müller-Lüdenscheidt"]),
        ("'", ["Ⓙames O'Neil 100%"]),
        ("mü", ["José Müller-Lüdenscheidt"]),
        ("lü", ["José Müller-Lüdenscheidt"]),
        ("ll", []),
        ("(0)30/9018-20", []),
        ("+49 (30) 9018-20", ["José Müller-Lüdenscheidt"]),
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


NUMBERS = (
    "query($text: String, $where: OrderFilter) { orders(search: $text, where: $where) { totalCount nodes { number } } }"
)


async def test_every_text_of_an_order_is_searched(company: Company, client: Client) -> None:
    """Lines, address, remarks, labels and the company's own fields, as a person would type them."""
    options = [{"key": "b1", "label": {"en": "Bamboo", "zh": "竹子"}}, {"key": "o1", "label": {"en": "Oak"}}]
    for key, kind, more in (
        ("material", "select", {"options": options}),
        ("woods", "multi_select", {"options": options}),
        ("batch", "text", {}),
        ("weight", "decimal", {}),
        ("count", "integer", {}),
        ("day", "date", {}),
        ("labels", "tags", {}),
        ("urgent", "boolean", {}),
    ):
        await done(company, DEFINE_FIELD, object="order", key=key, type=kind, label={"en": key.title()}, **more)
    await an_order(company, notes="Nothing of the kind")
    order = await an_order(
        company,
        externalId="WEB/7731",
        channel="phone",
        tags=["Stammkunde"],
        notes="Bitte beim Nachbarn abgeben\nund klingeln 🔔",
        shippingAddress={"recipient": "王小明", "phone": "+49 171 5550123", "line1": "Hauptstraße 12a", "city": "Köln"},
        lines=[{"name": "Schraube M8", "sku": "DIN-933/8.8", "specification": "verzinkt", "unitPrice": "1"}],
        custom={
            "material": "b1",
            "woods": ["o1"],
            "batch": "LOT 55-XK",
            "weight": "12.750",
            "count": 4711,
            "day": "2026-10-05",
            "labels": ["kühl lagern"],
            "urgent": True,
        },
    )
    texts = ["web/7731", "7731", "stammkunde", "nachbarn klingeln", "🔔", "小明", "wxm", "wangxiaoming", "5550123"]
    texts += [
        "hauptstrasse 12a",
        "koln",
        "schraube",
        "din-933",
        "933",
        "8.8",
        "verzinkt",
        "bamboo",
        "竹子",
        "竹",
        "oak",
    ]
    texts += [
        "lot 55-xk",
        "12.75",
        "4711",
        "2026-10-05",
        "2026-10",
        "20261005",
        "kuhl lager",
        order["number"][-5:],
    ]
    assert {text: await numbers(company, text) for text in texts} == {text: [order["number"]] for text in texts}
    assert await numbers(company, "b1") == []


async def test_what_an_order_no_longer_holds_does_not_find_it(company: Company, client: Client) -> None:
    order = await an_order(company, notes="Kirschen", lines=[{"name": "Korb", "unitPrice": "1"}])
    await done(company, UPDATE_ORDER, id=order["id"], notes="Pflaumen")
    await done(company, UPDATE_ORDER, id=order["id"], lines=[{"name": "Kiste", "unitPrice": "1"}])
    found = [await numbers(company, text) for text in ("kirschen", "korb", "pflaumen", "kiste", "kiste pflaumen")]
    assert found == [[], [], *[[order["number"]]] * 3]


async def test_a_renamed_customer_is_found_by_the_new_name_at_once(company: Company, client: Client) -> None:
    customer = await done(company, CREATE_CUSTOMER, name="Ada Byron")
    first, second = [await an_order(company, customerId=customer["id"], notes=notes) for notes in ("one", "two")]
    await done(company, UPDATE_CUSTOMER, id=customer["id"], name="Ada Lovelace")
    assert await numbers(company, "byron") == []
    assert await numbers(company, "lovelace") == [first["number"], second["number"]]
    assert await numbers(company, "lovelace two") == [second["number"]]


@pytest.mark.parametrize("person", ["owner", "packer"])
async def test_pages_filters_and_counts_of_a_search(company: Company, client: Client, person: str) -> None:
    """The same records, however they are come by: read through, looked up, counted, filtered, sorted, paged."""
    label, grants = {"en": "Packer"}, [{"object": "order", "actions": ["read"]}]
    await done(company, DEFINE_ROLE, key="packer", label=label, grants=grants)
    reader = company.owner if person == "owner" else await company.add_person("packer")
    made = [await an_order(company, notes=f"Ware {'rot' if n % 3 else 'blau'}", channel=f"c{n % 2}") for n in range(12)]
    red = [order["number"] for n, order in enumerate(made) if n % 3]
    await done(company, VOID_ORDER, id=made[1]["id"], reason="out_of_stock")
    data = await company.data(NUMBERS, {"text": "rot", "where": {"channel": {"eq": "c1"}}}, person=reader)
    odd = [order["number"] for n, order in enumerate(made) if n % 3 and n % 2]
    assert data["orders"] == {"totalCount": len(odd), "nodes": [{"number": number} for number in reversed(odd)]}
    document = """query($after: String, $by: [OrderOrderBy!]) { orders(search: "rot ware", first: 3, after: $after, orderBy: $by) {
      totalCount nodes { number } pageInfo { hasNextPage endCursor } } }"""
    for by in ([{"orderedAt": "ASC"}], [{"total": "DESC"}, {"number": "ASC"}], [{"number": "ASC"}]):
        paged, cursor = list[str](), None
        while True:
            page = (await company.data(document, {"after": cursor, "by": by}, person=reader))["orders"]
            assert page["totalCount"] == len(red)
            paged += [node["number"] for node in page["nodes"]]
            if not page["pageInfo"]["hasNextPage"]:
                break
            cursor = page["pageInfo"]["endCursor"]
        assert paged == red, by
    backward = 'query { orders(search: "rot", last: 2) { nodes { number } pageInfo { hasPreviousPage } } }'
    page = (await company.data(backward, person=reader))["orders"]
    assert page == {"nodes": [{"number": n} for n in reversed(red[:2])], "pageInfo": {"hasPreviousPage": True}}


async def test_a_page_that_reading_through_does_not_fill_is_looked_up(company: Company, client: Client) -> None:
    """The index finds what lies behind the rows that are read through; both together are each record once."""
    early = await an_order(company, notes="Bernstein", orderedAt="2020-01-01T00:00:00Z")
    for n in range(3):
        await an_order(company, orderedAt=f"2021-01-0{n + 1}T00:00:00Z")
    await company.rows(
        """WITH made AS (SELECT gen_random_uuid() AS id, n FROM generate_series(1, 300) n)
        INSERT INTO orders (tenant_id, id, number, status, currency, ordered_at, subtotal, discount_total, tax_total, total,
                            search_text, created_at, updated_at)
        SELECT %(tenant)s, id, 'X-' || n, 'draft', 'EUR', timestamptz '2022-01-01' + n * interval '1 day', 0, 0, 0, 0, ' x',
               now(), now() FROM made RETURNING id"""
    )
    late = await an_order(company, notes="Bernstein", orderedAt="2023-01-01T00:00:00Z")
    page = 'query($first: Int) { orders(search: "bernstein", first: $first) { nodes { number } pageInfo { hasNextPage } } }'
    one = (await company.data(page, {"first": 1}))["orders"]
    assert one == {"nodes": [{"number": late["number"]}], "pageInfo": {"hasNextPage": True}}
    two = (await company.data(page, {"first": 2}))["orders"]
    assert two == {
        "nodes": [{"number": late["number"]}, {"number": early["number"]}],
        "pageInfo": {"hasNextPage": False},
    }


async def test_search_texts_are_made_anew(company: Company, client: Client) -> None:
    """Records that came in past the save path are found after a rebuild; nothing else of them changes."""
    customer = await done(company, CREATE_CUSTOMER, name="Greta Lindqvist", phones=[{"value": "+49 30 901820"}])
    await done(company, CREATE_PRODUCT, sku="TX-7", name="Teekanne")
    order = await an_order(company, customerId=customer["id"], notes="Bernstein")
    before = await stored(company)
    for table in ("search_texts", "search_spellings"):
        await company.rows(f"DELETE FROM {table} RETURNING 1 AS gone")
    for table in ("orders", "customers", "products"):
        await company.rows(f"UPDATE {table} SET search_text = '' RETURNING 1 AS emptied")
    assert await numbers(company, "bernstein") == []
    spellings._known.clear()
    assert await reindex(company.database, await company.caller()) == 3
    assert await stored(company) == before
    found = [await numbers(company, text) for text in ("bernstein", "lindqvist", "901820 bernstien")]
    assert found == [[order["number"]]] * 3


async def test_a_search_is_one_statement(company: Company, client: Client, statements: Statements) -> None:
    await an_order(company, notes="Ware")
    for text in ("ware", "nowhere at all", "wrae", "😀"):
        statements.clear()
        await numbers(company, text)
        assert len(statements.work) == 1


async def test_a_change_that_touches_no_text_writes_none(
    company: Company, client: Client, statements: Statements
) -> None:
    order = await an_order(company, notes="Ware")
    statements.clear()
    await done(company, UPDATE_ORDER, id=order["id"], priority="URGENT")
    assert [text for text in statements.texts if "search_texts" in text or "search_spellings" in text] == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x" * 1_001, "The text has 1001 characters; at most 1000 are allowed. Shorten it."),
        (" ".join(f"w{n}" for n in range(17)), "17 entries; at most 16 are allowed."),
    ],
)
async def test_a_query_that_is_too_long_to_be_one_is_refused(
    company: Company, client: Client, text: str, message: str
) -> None:
    answer = await company.graphql(ORDERS, {"text": text})
    assert answer["data"] is None
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "INVALID_INPUT"
    assert [found["path"] for found in error["extensions"]["errors"]] == [["search"]]
    assert error["message"] == message


async def test_the_longest_query_is_answered(company: Company, client: Client) -> None:
    order = await an_order(company, notes="x" * 1_000)
    assert await numbers(company, "x" * 1_000) == [order["number"]]
    assert await numbers(company, " ".join("abcdefghijklmnop")) == []
