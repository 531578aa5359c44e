"""Search and a plain reading of its promise find the same records, whatever was written and whatever is typed."""

import re

import pytest
from hypothesis import strategies as st

from tenants.reading import searching
from tenants.records import attributes
from tests.documents import CREATE_CUSTOMER, an_order, done
from tests.harness import Client, Company
from tests.test_conditions import samples

# What people write, and what they type: pieces of it, and anything else.
SIGNS = "%_\\€😀'"
WORDS = st.one_of(
    st.text("abzß", min_size=1, max_size=5),
    st.text("é́aÅz", min_size=1, max_size=4),
    st.text("张三丰店", min_size=1, max_size=4),
    st.text(SIGNS, min_size=1, max_size=2),
    st.tuples(
        st.text("abz", min_size=3, max_size=4), st.text(SIGNS, min_size=1, max_size=1), st.text("张ab", max_size=3)
    ).map("".join),
)
NOTES = st.lists(WORDS, min_size=1, max_size=5).map(" ".join)
QUERIES = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)


def plainly(text: str) -> str:
    """What is compared, told in another way than the product does: letters without their marks, in lower case."""
    return text.replace("ß", "ss").replace("é", "e").replace("\u0301", "").replace("Å", "a").lower()


def is_held(word: str, text: str) -> bool:
    """The promise of one word, read from the text alone."""
    if len(word) > 2 or re.search(r"[^a-z]", word):
        return word in text
    return re.search(rf"(?<![a-z\u4e00-\u9fff]){word}", text) is not None


async def test_what_is_found_is_what_is_promised(company: Company, client: Client) -> None:
    """Random remarks and random queries: the search finds what a plain reading of its promise finds in the rows."""
    notes = {}
    everything = (
        "query($text: String) { orders(search: $text, first: 100, orderBy: [{number: ASC}]) { nodes { number } } }"
    )
    for text in samples(NOTES, 40):
        order = await an_order(company, notes=text, lines=[{"name": "9", "unitPrice": "1"}])
        notes[order["number"]] = plainly(order["notes"])
    hits = 0
    for query in samples(QUERIES, 250):
        words = plainly(query).split()
        expected = sorted(number for number, text in notes.items() if all(is_held(word, text) for word in words))
        data = await company.data(everything, {"text": query})
        found = [node["number"] for node in data["orders"]["nodes"]]
        if expected or not any(re.fullmatch("[a-z]{4,}", word) for word in words):
            assert found == expected, query
        hits += len(expected)
    assert hits > 100


@pytest.mark.parametrize(
    ("near", "far", "customers"),
    [(100, 1_000, 500), (0, 1_000, -1), (1, 3, -1), (0, 0, -1)],
    ids=["as_it_is", "further", "a_little", "index_alone"],
)
async def test_pages_are_the_same_however_far_is_read(
    company: Company, client: Client, monkeypatch: pytest.MonkeyPatch, near: int, far: int, customers: int
) -> None:
    """Whether rows are read through, read through further, or found by the index: pages of two hold the same, in order."""
    ids = [(await done(company, CREATE_CUSTOMER, name=name))["id"] for name in ("Ab 张", "Zab zz", "店 €")]
    for place, text in enumerate(samples(NOTES, 24)):
        await an_order(company, notes=text, customerId=ids[place % 3])
    whole = "query ($text: String) { orders(search: $text, first: 100, orderBy: [{number: ASC}]) { nodes { number } } }"
    pages = """query ($text: String, $after: String) { orders(search: $text, first: 2, after: $after, orderBy: [{number: ASC}]) {
      nodes { number } pageInfo { hasNextPage endCursor } } }"""
    queries = samples(QUERIES, 40)
    expected = [await _numbers(company, whole, text) for text in queries]
    monkeypatch.setattr(searching, "READ_THROUGH", near)
    monkeypatch.setattr(searching, "READ_FURTHER", far)
    monkeypatch.setattr(attributes, "MANY_CUSTOMERS", customers)
    found = [await _numbers(company, pages, text) for text in queries]
    assert found == expected
    assert sum(map(len, found)) > 60


async def _numbers(company: Company, document: str, text: str) -> list[str]:
    """The numbers that a search finds, page by page if the document has pages."""
    found: list[str] = []
    after, is_more = None, True
    while is_more:
        given = {"text": text} if "$after" not in document else {"text": text, "after": after}
        answer = (await company.data(document, given))["orders"]
        found += [node["number"] for node in answer["nodes"]]
        info = answer.get("pageInfo", {})
        after, is_more = info.get("endCursor"), info.get("hasNextPage", False)
    return found
