"""Lists by an indexed field: the same answers as by a field that is not, found another way."""

import random
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tenants.field_types.operators import fold, prefix_range
from tenants.reading import leading
from tests.examples import FIELDS, create_orders, define_fields
from tests.harness import Client, Company, Row, Statements

pytestmark = pytest.mark.anyio

TWINS = {key.replace("order.", "order.i_"): {**body, "indexed": True} for key, body in FIELDS.items()}
TEXTS = ("", "a", "B", "b", "张", "é", "50%", "Zoe")
WHOLES = (-7, -1, 0, 3, 20, 100)
DECIMALS = ("-10.5", "-0.0000000001", "0", "1.5", "2", "10", "99999999999999999999")
DAYS = ("0001-01-01", "2025-12-31", "2026-01-01", "2026-02-28", "9999-12-31")
MOMENTS = ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000001Z", "2026-01-01T02:00:00+01:00")
VALUES: Mapping[str, tuple[Any, ...]] = {
    "a_text": TEXTS,
    "a_whole": WHOLES,
    "a_decimal": DECIMALS,
    "a_flag": (True, False),
    "a_day": DAYS,
    "a_moment": MOMENTS,
    "one": ("red", "blue"),
}
LISTS: Mapping[str, tuple[str, ...]] = {"some": ("x", "y"), "labels": ("p", "q", "r")}
RANGES = ("a_text", "a_whole", "a_decimal", "a_day", "a_moment")
PAGE = """
query ($first: Int, $after: String, $last: Int, $before: String, $by: [OrderOrderBy!], $where: OrderFilter) {
  orders(first: $first, after: $after, last: $last, before: $before, orderBy: $by, where: $where) {
    edges { cursor node { id } } totalCount pageInfo { hasNextPage hasPreviousPage }
  }
}
"""


def comparisons() -> st.SearchStrategy[Row]:
    """One comparison of one field."""
    one = st.sampled_from(sorted(VALUES)).flatmap(
        lambda key: st.one_of(
            st.builds(
                lambda op, value: {key: {op: value}}, st.sampled_from(operators(key)), st.sampled_from(VALUES[key])
            ),
            st.builds(
                lambda op, values: {key: {op: values}},
                st.sampled_from(("in", "notIn") if key != "a_flag" else ("in",)),
                st.lists(st.sampled_from(VALUES[key]), max_size=3),
            )
            if key != "a_flag"
            else st.nothing(),
            st.builds(lambda flag: {key: {"isNull": flag}}, st.booleans()),
        )
    )
    many = st.sampled_from(sorted(LISTS)).flatmap(
        lambda key: st.one_of(
            st.builds(
                lambda op, values: {key: {op: values}},
                st.sampled_from(("containsAny", "containsAll")),
                st.lists(st.sampled_from(LISTS[key]), max_size=3),
            ),
            st.builds(lambda flag: {key: {"isEmpty": flag}}, st.booleans()),
        )
    )
    texts = st.builds(
        lambda op, value: {"a_text": {op: value}}, st.sampled_from(("contains", "startsWith")), st.sampled_from(TEXTS)
    )
    return st.one_of(one, many, texts)


def operators(key: str) -> tuple[str, ...]:
    return ("eq", "ne", "gt", "gte", "lt", "lte") if key in RANGES else ("eq", "ne")


def filters() -> st.SearchStrategy[Row]:
    leaf = comparisons().map(lambda members: {"custom": members})
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.builds(lambda parts: {"and": parts}, st.lists(inner, min_size=1, max_size=3)),
            st.builds(lambda parts: {"or": parts}, st.lists(inner, min_size=1, max_size=3)),
            st.builds(lambda part: {"not": part}, inner),
        ),
        max_leaves=4,
    )


def orders() -> st.SearchStrategy[list[Row]]:
    entry = st.builds(
        lambda key, direction: {"custom": {key: direction}},
        st.sampled_from(sorted(VALUES)),
        st.sampled_from(("ASC", "DESC")),
    )
    built_in = st.sampled_from(({"promisedAt": "ASC"}, {"promisedAt": "DESC"}, {"channel": "ASC"}, {"number": "DESC"}))
    return st.lists(st.one_of(entry, entry, built_in), min_size=1, max_size=2)


def twin(tree: Any) -> Any:
    """The same filter or order by the indexed fields."""
    if isinstance(tree, list):
        return [twin(part) for part in tree]
    if isinstance(tree, Mapping):
        return {
            name: {f"i_{key}": value for key, value in part.items()} if name == "custom" else twin(part)
            for name, part in tree.items()
        }
    return tree


def by_one_index() -> st.SearchStrategy[Row]:
    """Filters that one index table answers, and sometimes demand something else too."""
    between = st.sampled_from(RANGES).flatmap(
        lambda key: st.builds(
            lambda low, high: {key: {"gte": low, "lte": high}},
            st.sampled_from(VALUES[key]),
            st.sampled_from(VALUES[key]),
        )
    )
    one = st.sampled_from(sorted(VALUES)).flatmap(
        lambda key: st.sampled_from(VALUES[key]).map(lambda value: {key: {"eq": value}})
    )
    listed = st.lists(st.sampled_from(LISTS["some"]), max_size=2).map(lambda values: {"some": {"containsAny": values}})
    absent = st.sampled_from(RANGES).map(lambda key: {key: {"isNull": True}})
    found = st.one_of(between, between, one, listed, absent).map(lambda members: {"custom": members})
    more: st.SearchStrategy[list[Row]] = st.one_of(
        st.just([]), st.just([]), st.just([]), comparisons().map(lambda members: [{"custom": members}])
    )
    return st.builds(lambda first, others: {"and": [first, *others]}, found, more)


def samples(count: int, wheres: st.SearchStrategy[Row] | None = None) -> list[tuple[Row | None, list[Row], int]]:
    """Filters, orders and page sizes, the same in every run."""
    drawn: list[tuple[Row | None, list[Row], int]] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(st.none(), filters() if wheres is None else wheres), orders(), st.sampled_from((3, 7, 40)))
    def collect(where: Row | None, by: list[Row], size: int) -> None:
        drawn.append((where, by, size))

    collect()
    return drawn


def random_rows(count: int) -> list[Row]:
    """Orders whose twin fields have the same values; a third of the values is absent, and many are equal."""
    chance = random.Random(4711)
    rows = []
    for number in range(count):
        values: Row = {key: chance.choice(known) for key, known in VALUES.items() if chance.random() > 0.33}
        values |= {
            key: chance.sample(known, chance.randint(0, len(known))) for key, known in LISTS.items() if number % 4
        }
        custom = {**values, **{f"i_{key}": value for key, value in values.items()}}
        row: Row = {"custom": custom, "channel": chance.choice("abc")}
        if number % 3:
            row["promisedAt"] = f"2026-01-{chance.randint(1, 9):02}T00:00:00Z"
        rows.append(row)
    return rows


async def pages(company: Company, where: Row | None, by: list[Row], size: int, *, backward: bool) -> list[Row]:
    """All pages of a list from one end to the other, as the walk met them, without their cursors."""
    found: list[Row] = []
    bound: Row = {}
    while not found or found[-1]["pageInfo"]["hasPreviousPage" if backward else "hasNextPage"]:
        variables = {"last" if backward else "first": size, "by": by, "where": where, **bound}
        page = (await company.data(PAGE, variables))["orders"]
        cursors = [edge.pop("cursor") for edge in page["edges"]]
        found.append(page)
        assert len(found) < 20, "the pages do not come to an end"
        if cursors:
            bound = {"before": cursors[0]} if backward else {"after": cursors[-1]}
    return found


async def test_same_pages_by_either_twin(company: Company, client: Client) -> None:
    """Random filters and orders over 40 orders, read page by page in both directions, by fields with an index and without."""
    await define_fields(company, {**FIELDS, **TWINS})
    await create_orders(company, random_rows(40))
    sizes = set()
    for where, by, size in samples(60):
        for backward in (False, True):
            plain = await pages(company, where, by, size, backward=backward)
            indexed = await pages(company, twin(where), twin(by), size, backward=backward)
            assert indexed == plain, (where, by, size, backward)
            ids = [edge["node"]["id"] for page in plain for edge in page["edges"]]
            assert len(set(ids)) == len(ids) == plain[0]["totalCount"]
            sizes.add(len(ids))
    assert {0, 40} < sizes


async def rows_alone(company: Company, where: Row | None, by: list[Row], size: int, *, backward: bool) -> list[str]:
    """The ids of all pages of a list, asked for nothing but rows and cursors."""
    document = """
    query ($first: Int, $after: String, $last: Int, $before: String, $by: [OrderOrderBy!], $where: OrderFilter) {
      orders(first: $first, after: $after, last: $last, before: $before, orderBy: $by, where: $where) {
        edges { cursor node { id } } } }"""
    found: list[str] = []
    bound: Row = {}
    while len(found) < 60:
        variables = {"last" if backward else "first": size, "by": by, "where": where, **bound}
        edges = (await company.data(document, variables))["orders"]["edges"]
        found += [edge["node"]["id"] for edge in (edges[::-1] if backward else edges)]
        if len(edges) < size:
            return found
        bound = {"before": edges[0]["cursor"]} if backward else {"after": edges[-1]["cursor"]}
    raise AssertionError("the pages do not come to an end")


@pytest.mark.parametrize("few", [0, 3, 1_500])
async def test_same_rows_whether_few_or_many_match(
    company: Company, client: Client, monkeypatch: pytest.MonkeyPatch, statements: Statements, few: int
) -> None:
    """Lists of rows alone begin with the values that few records have, and walk their order where many have them: the same."""
    monkeypatch.setattr(leading, "FEW", few)
    await define_fields(company, {**FIELDS, **TWINS})
    await create_orders(company, random_rows(25))
    led = 0
    for where, by, size in samples(60, by_one_index()):
        for backward in (False, True):
            plain = await rows_alone(company, where, by, size, backward=backward)
            statements.clear()
            assert await rows_alone(company, twin(where), twin(by), size, backward=backward) == plain, (where, by, size)
            led += any("t1few" in text for text in statements.work)
    assert led > 20


async def test_the_index_is_what_is_read(company: Company, client: Client, statements: Statements) -> None:
    """One statement, in which the filter and the order name the index table and the field is read but for the answer."""
    await define_fields(company, TWINS)
    await create_orders(company, random_rows_of_twins())
    await company.data("{ viewer { rights } }")
    statements.clear()
    data = await company.data(
        '{ orders(orderBy: [{custom: {i_a_day: DESC}}], where: {custom: {i_a_whole: {gte: 3}, i_a_day: {gt: "2026-01-01"}}})'
        " { nodes { custom { i_a_whole i_a_day } } } }"
    )
    (text,) = statements.work
    assert "SELECT t1v.* FROM order_dates t1v" in text
    assert "t1v.value > " in text
    assert "SELECT v.record_id FROM order_numbers v" in text
    days = [(node["custom"]["i_a_day"], node["custom"]["i_a_whole"]) for node in data["orders"]["nodes"]]
    assert days == [("2026-03-03", 3), ("2026-02-02", 30)]


async def test_what_a_text_starts_with_is_looked_up(company: Company, client: Client, statements: Statements) -> None:
    """Whatever the case, by a range of the index, also where the order is by the field itself."""
    await define_fields(company, {"order.i_text": {"type": "text", "indexed": True}})
    texts = ("Straße 1", "STRAẞE 2", "strab", "Stra\U0010ffff", "50% off", "50 off", "", None)
    made = await create_orders(company, [{"custom": {} if text is None else {"i_text": text}} for text in texts])
    document = """query ($prefix: String!, $by: [OrderOrderBy!]) {
      orders(where: {custom: {i_text: {startsWith: $prefix}}}, orderBy: $by) { nodes { id } } }"""
    for prefix, found in (
        ("STRA", [0, 1, 2, 3]),
        ("strasse", []),
        ("strab", [2]),
        ("stra\U0010ffff", [3]),
        ("50%", [4]),
        ("50", [4, 5]),
        ("\U0010ffff", []),
    ):
        for by in ([{"number": "ASC"}], [{"custom": {"i_text": "ASC"}}]):
            statements.clear()
            data = await company.data(document, {"prefix": prefix, "by": by})
            assert sorted(node["id"] for node in data["orders"]["nodes"]) == sorted(made[place] for place in found)
            (text,) = (text for text in statements.work if "nodes" in text)
            assert "v.folded >= " in text


@given(st.text(max_size=4), st.text(max_size=3))
def test_where_texts_lie_that_start_alike(text: str, prefix: str) -> None:
    """Exactly those that start with the prefix lie in its range."""
    for whole in (text, prefix + text, prefix[:-1] + text):
        least, above = prefix_range(prefix)
        assert (least <= fold(whole) < above) is fold(whole).startswith(fold(prefix))


def random_rows_of_twins() -> list[Row]:
    rows = (("2026-01-01", 30), ("2026-02-02", 30), ("2026-03-03", 3), ("2026-04-04", 2), (None, 9))
    return [{"custom": {"i_a_day": day, "i_a_whole": whole}} for day, whole in rows]


async def test_windows_between_cursors(company: Company, client: Client) -> None:
    """``after`` and ``before`` at once, at every pair of places of a list with absent values, against plain slicing."""
    await define_fields(company, TWINS)
    custom = [{"i_a_decimal": value} if value else {} for value in ("1", "1", "-2", None, None, "30")]
    await create_orders(company, [{"custom": values} for values in custom])
    for direction in ("ASC", "DESC"):
        by = [{"custom": {"i_a_decimal": direction}}]
        whole = (await company.data(PAGE, {"first": 50, "by": by}))["orders"]["edges"]
        for start in (None, *range(6)):
            for end in (None, *range(6)):
                variables = {
                    "by": by,
                    "after": None if start is None else whole[start]["cursor"],
                    "before": None if end is None else whole[end]["cursor"],
                }
                wanted = whole[0 if start is None else start + 1 : end]
                for size in (1, 9):
                    first = (await company.data(PAGE, {"first": size, **variables}))["orders"]
                    assert first["edges"] == wanted[:size], (direction, start, end)
                    last = (await company.data(PAGE, {"last": size, **variables}))["orders"]
                    assert last["edges"] == wanted[-size:], (direction, start, end)
                    more = {"hasNextPage": end is not None or len(wanted) > size, "hasPreviousPage": start is not None}
                    assert first["pageInfo"] == more
