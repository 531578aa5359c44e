"""Orders are found by words of which some stand in the order and others with its customer, however common each of them is."""

from itertools import combinations

import pytest

from tenants.reading import searching
from tests.documents import CREATE_CUSTOMER, done
from tests.examples import create_orders
from tests.harness import Client, Company

pytestmark = pytest.mark.anyio

ORDERS = "query($text: String) { orders(search: $text, first: 100, orderBy: [{number: ASC}]) { nodes { id } } }"
PLACES = ("harbour", "hill", "meadow")
# The first is common among customers, the second among customers and orders, the third in both less so, the others stand in orders
# or nowhere.
WORDS = ("nordwind", "trading", "harbour", "kettle", "brass", "zeppelin", "kett", "17", "no")


async def test_words_of_orders_and_of_their_customers(
    company: Company, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every choice of one to three words finds the orders whose texts hold them all, with their customers' or alone."""
    # Nothing is read through: what is found is found by the index.
    monkeypatch.setattr(searching, "READ_THROUGH", 0)
    monkeypatch.setattr(searching, "READ_FURTHER", 0)
    names = [f"Nordwind {'Trading ' if place % 5 else ''}{PLACES[place % 3]} {place}" for place in range(24)]
    names += [f"Kettle Works {place}" for place in range(3)]
    customers = [(await done(company, CREATE_CUSTOMER, name=name))["id"] for name in names]
    notes = [
        " ".join(
            word
            for word, every in (
                ("kettle", 2),
                ("brass", 7),
                ("harbour", 3),
                ("hill", 5),
                ("trading", 6),
                ("zeppelin", 20),
            )
            if place % every == 1
        )
        for place in range(40)
    ]
    # Some customers have no order, some two, and some orders no customer.
    held = [None if place % 9 == 8 else place * 5 % len(names) for place in range(40)]
    made = await create_orders(
        company,
        [
            {
                "notes": text,
                "lines": [{"name": "x", "unitPrice": "1"}],
                **({} if place is None else {"customerId": customers[place]}),
            }
            for text, place in zip(notes, held, strict=True)
        ],
    )
    data = await company.data("{ orders(first: 100) { nodes { id number } } }")
    numbers = {node["id"]: node["number"] for node in data["orders"]["nodes"]}
    texts = {}
    for order, text, place in zip(made, notes, held, strict=True):
        parts = numbers[order].split("-")
        written = [numbers[order], *parts, parts[-1].lstrip("0"), text, "" if place is None else names[place]]
        texts[order] = f" {' '.join(written)} ".lower()
    hits = 0
    for count in (1, 2, 3):
        for words in combinations(WORDS, count):
            expected = [order for order in made if all(_holds(texts[order], word) for word in words)]
            found = [node["id"] for node in (await company.data(ORDERS, {"text": " ".join(words)}))["orders"]["nodes"]]
            assert found == expected, words
            hits += bool(expected)
    assert hits > 40


def _holds(text: str, word: str) -> bool:
    """Two letters or digits begin a word; longer ones stand anywhere."""
    return (word if len(word) > 2 else f" {word}") in text
