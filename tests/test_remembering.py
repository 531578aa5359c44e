"""What a process remembers of its companies: what they share is held once, and none of it grows beyond what it may weigh (NCF-1, X-74)."""

import gc
import tracemalloc
from collections.abc import Sequence

import orjson
import pytest

from schema.execution import House, Operation, execute
from schema.plans import plans_of
from tenants.callers import Callers
from tenants.remembering import Remembered, Weight
from tests.conftest import NewCompany
from tests.documents import DEFINE_FIELD, an_order, done
from tests.examples import define_fields
from tests.harness import Client, Company, Row, Statements

pytestmark = pytest.mark.anyio

NUMBERS = "{ orders { nodes { number } } }"


async def ask(house: House, company: Company, document: str = NUMBERS) -> Row:
    answer = await execute(house, Operation(document), token=company.owner.token, language="en", request_id="r")
    found: Row = orjson.loads(answer.body)
    assert "errors" not in found, found
    data: Row = found["data"]
    return data


async def shaped(new_company: NewCompany, count: int, fields: int = 50) -> Sequence[Company]:
    """Companies with fields that no other has."""
    made = []
    for place in range(count):
        made.append(await new_company())
        await define_fields(made[-1], {f"order.own_{place}_{number}": {"type": "text"} for number in range(fields)})
    return made


async def test_companies_that_say_the_same_share_configuration_and_plans(
    new_company: NewCompany, client: Client
) -> None:
    """What is a company's own stays its own: its id, name, version and rows."""
    one, other = await new_company(name="One"), await new_company(name="Other")
    house = House(one.database, Callers(one.database))
    number = (await an_order(one))["number"]
    await an_order(other)
    second = (await an_order(other))["number"]
    whoami = "{ viewer { tenant { id name configVersion } } orders { nodes { number } } }"
    for _ in range(2):
        mine, theirs = await ask(house, one, whoami), await ask(house, other, whoami)
        assert mine == {
            "viewer": {"tenant": {"id": str(one.id), "name": "One", "configVersion": 1}},
            "orders": {"nodes": [{"number": number}]},
        }
        assert theirs["viewer"]["tenant"] == {"id": str(other.id), "name": "Other", "configVersion": 1}
        assert [node["number"] for node in theirs["orders"]["nodes"]] == [second, number]
    configs = [(await house.callers.by_token(company.owner.token)).config for company in (one, other)]
    assert configs[0] is configs[1]
    assert len(plans_of(configs[0])) == 1
    assert house.callers.entries == {"callers": 2, "tenants": 2, "configurations": 1}


async def test_a_company_that_changes_leaves_the_others_as_they_were(new_company: NewCompany, client: Client) -> None:
    """And shares again with whoever comes to say the same."""
    one, other = await new_company(), await new_company()
    house = House(one.database, Callers(one.database))
    for company in (one, other):
        await ask(house, company)
    score = {"object": "order", "key": "score", "type": "decimal", "label": {"en": "Score"}}
    await done(one, DEFINE_FIELD, **score)
    assert await ask(house, one, "{ orders { nodes { custom { score } } } }") == {"orders": {"nodes": []}}
    assert await ask(house, other) == {"orders": {"nodes": []}}
    answer = await other.graphql("{ orders { nodes { custom { score } } } }")
    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    await done(other, DEFINE_FIELD, **score)
    assert await ask(house, other, "{ orders { nodes { custom { score } } } }") == {"orders": {"nodes": []}}
    configs = [(await house.callers.by_token(company.owner.token)).config for company in (one, other)]
    assert configs[0] is configs[1]


async def test_configurations_stay_within_their_room(new_company: NewCompany, client: Client) -> None:
    """Who is used least is let go, with all that was made for them, and answered as ever when they come again."""
    companies = await shaped(new_company, 6)
    house = House(companies[0].database, Callers(companies[0].database, room=500_000))
    first = (await house.callers.by_token(companies[0].owner.token)).config
    for _ in range(2):
        for place, company in enumerate(companies):
            document = f"{{ orders {{ nodes {{ number custom {{ own_{place}_1 }} }} }} }}"
            assert await ask(house, company, document) == {"orders": {"nodes": []}}
            assert house.callers.weight.bytes < 700_000
    known = house.callers.entries
    assert known["configurations"] < 6
    assert known["callers"] == known["tenants"] == known["configurations"]
    assert house.callers.forgotten >= 6
    # Nothing that was made of it is kept by whoever still uses a configuration that had to go; they make it anew.
    assert "own" not in first.__dict__
    assert first.weight.bytes > 0
    assert first.own["order"].keys() == {f"own_0_{number}" for number in range(50)}
    # Who is asked for all the time stays.
    favourite = (await house.callers.by_token(companies[0].owner.token)).config
    for place, company in enumerate(companies[1:], 1):
        await ask(house, company, f"{{ orders {{ nodes {{ custom {{ own_{place}_1 }} }} }} }}")
        assert (await house.callers.by_token(companies[0].owner.token)).config is favourite


async def test_one_company_cannot_fill_the_memory_with_documents(company: Company, client: Client) -> None:
    """Documents and plans count for the configuration that they were made for, and the oldest go."""
    await define_fields(company, {"order.a": {"type": "text"}})
    house = House(company.database, Callers(company.database))
    await ask(house, company)
    config = (await house.callers.by_token(company.owner.token)).config
    before = config.weight.bytes
    await ask(house, company, "query Long { orders { nodes { custom { a } " + "number " * 400 + "} } }")
    assert 250_000 < config.weight.bytes - before < 1_000_000
    for number in range(60):
        await ask(
            house, company, f"query Long{number} {{ orders {{ nodes {{ custom {{ a }} " + "number " * 400 + "} } }"
        )
        assert config.weight.bytes < 26 * 2**20
    assert len(plans_of(config)) < 60


async def test_weights_are_what_python_counts(new_company: NewCompany, client: Client) -> None:
    """A company with 50 fields of its own, asked for three of them, weighs what is estimated, within a factor of two."""
    companies = await shaped(new_company, 4)
    house = House(companies[0].database, Callers(companies[0].database))
    own = "{{ orders {{ nodes {{ number custom {{ own_{0}_1 own_{0}_2 own_{0}_3 }} }} }} }}"
    await ask(house, companies[0], own.format(0))
    before = house.callers.weight.bytes
    gc.collect()
    tracemalloc.start()
    for place, company in enumerate(companies[1:], 1):
        await ask(house, company, own.format(place))
    gc.collect()
    counted, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    estimated = house.callers.weight.bytes - before
    assert 0.5 < estimated / counted < 2
    assert counted / 3 < 300_000


async def test_a_company_of_a_known_template_costs_two_kilobytes(new_company: NewCompany, client: Client) -> None:
    # So many that what else goes on in the process does not count.
    companies = [await new_company() for _ in range(23)]
    house = House(companies[0].database, Callers(companies[0].database))
    for company in companies[:3]:
        await ask(house, company)
    gc.collect()
    tracemalloc.start()
    for company in companies[3:]:
        await ask(house, company)
    gc.collect()
    counted, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert counted / 20 < 4_000


async def test_the_first_request_of_a_company_is_a_few_statements(
    new_company: NewCompany, client: Client, statements: Statements
) -> None:
    """However many fields it has: session, member, version, and configuration, each in its place."""
    small, large = (await shaped(new_company, 1, fields=1))[0], await new_company()
    await define_fields(large, {f"order.field_{number}": {"type": "text"} for number in range(300)})
    counts = []
    for company in (small, large):
        house = House(company.database, Callers(company.database))
        statements.clear()
        await ask(house, company)
        counts.append(len(statements.texts))
        statements.clear()
        await ask(house, company)
        assert len(statements.texts) == 2
    assert counts == [8, 8]


def test_the_longest_unused_is_forgotten_first() -> None:
    """By number and by weight; what weighs more than there is room for is not kept at all."""
    whole, part = Weight(), Weight()
    part.join(whole)
    remembered = Remembered[str, int](3, 100, lambda _, value: value, part)
    for key, value in (("a", 10), ("b", 20), ("c", 30)):
        assert remembered.put(key, value) == value
    assert remembered.get("a") == 10
    remembered.put("d", 40)
    assert list(remembered) == ["c", "a", "d"]
    assert (remembered.weight.bytes, whole.bytes) == (80, 80)
    remembered.put("e", 50)
    assert list(remembered) == ["a", "d", "e"]
    assert remembered.put("f", 101) == 101
    assert remembered.get("f") is None
    remembered.put("a", 1)
    assert list(remembered) == ["d", "e", "a"]
    assert whole.bytes == 91
    remembered.drop_all(lambda value: value > 1)
    assert (list(remembered), whole.bytes) == (["a"], 1)
    assert remembered.drop_oldest() == 1
    assert whole.bytes == 0
    part.add(7)
    part.leave()
    part.add(1)
    assert (part.bytes, whole.bytes) == (8, 0)
