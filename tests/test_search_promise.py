"""Search and a plain reading of its promise find the same records, whatever was written and whatever is typed."""

import re

from hypothesis import strategies as st

from tests.documents import an_order
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
