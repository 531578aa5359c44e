"""What an operator sees: metrics whose labels nobody can blow up, and log lines that say for whom (E3, E4)."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

import server.app
import server.graphql_http
from server import logs
from server.app import Application
from server.metrics import CLASSES
from tenants.calls import Call, under_way
from tests.conftest import NewCompany
from tests.documents import CREATE_ORDER
from tests.examples import create_orders, define_fields
from tests.harness import Client, Company

Labels = tuple[tuple[str, str], ...]


async def metrics(client: Client) -> dict[tuple[str, Labels], float]:
    text = (await client.http.get("/metrics")).text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def growth(client: Client, deed: Callable[[], Any]) -> dict[tuple[str, Labels], float]:
    """By how much each sample grew with the deed."""
    before = await metrics(client)
    await deed()
    after = await metrics(client)
    return {key: value - before.get(key, 0.0) for key, value in after.items() if value != before.get(key, 0.0)}


def labelled(**labels: str) -> Labels:
    return tuple(sorted(labels.items()))


async def known_class(company: Company) -> str:
    """The class of the company, once it has been looked at."""
    CLASSES.of(company.id)
    await CLASSES.look(company.database)
    return CLASSES.of(company.id)


async def test_a_query_is_counted_with_its_statements(client: Client, company: Company) -> None:
    query = "query Mine($first: Int) { mine: orders(first: $first) { nodes { number } } }"
    await company.data(query)
    assert await known_class(company) == "small"
    grown = await growth(client, lambda: company.data(query))
    labels = labelled(kind="query", field="orders", tenant_class="small", code="OK")
    assert grown["orderloom_graphql_operations_total", labels] == 1
    # One enters the tenant and checks the caller, one reads.
    assert grown["orderloom_graphql_statements_sum", labelled(kind="query")] == 2
    assert grown["orderloom_graphql_operation_seconds_count", labelled(kind="query", tenant_class="small")] == 1
    assert grown["orderloom_graphql_cost_count", labelled(kind="query")] == 1
    assert grown["orderloom_http_requests_total", labelled(method="POST", route="/graphql", status="200")] == 1


async def test_each_refusal_is_counted_by_its_code(client: Client, company: Company) -> None:
    await known_class(company)
    given = {"input": {"lines": [{"name": "Work", "unitPrice": "10.00"}]}}
    wrong = "query { orders(first: 1) { nodes { numbre } } }"

    async def refused() -> None:
        await client.post(wrong, token=company.owner.token)
        await client.post("{ orders { totalCount } }")
        await client.post(CREATE_ORDER, given, token=company.owner.token)

    grown = await growth(client, refused)
    operations = {
        tuple(dict(labels)[name] for name in ("kind", "field", "code")): value
        for (name, labels), value in grown.items()
        if name == "orderloom_graphql_operations_total"
    }
    assert operations == {
        ("query", "none", "GRAPHQL_VALIDATION_FAILED"): 1,
        ("none", "none", "NOT_SIGNED_IN"): 1,
        ("mutation", "createOrder", "OK"): 1,
    }


async def test_nothing_that_a_client_makes_up_becomes_a_label(client: Client, company: Company) -> None:
    for mark in range(3):
        name = f"madeUp{mark}"
        await client.post(f"query {name} {{ {name}: orders {{ totalCount }} }}", token=company.owner.token)
        await client.post(f"{{ {name} {{ id }} }}", token=company.owner.token)
        await client.http.get(f"/{name}", headers={"x-request-id": name})
        await client.http.request(name.upper(), "/graphql")
    text = (await client.http.get("/metrics")).text
    assert "madeup" not in text.lower()


async def test_a_fault_and_a_parked_job_are_seen_at_once(
    client: Client, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    async def trouble() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(server.graphql_http, "execute", broken)
            await client.post("{ viewer { id } }", token=company.owner.token)
        await company.rows(
            "INSERT INTO jobs (id, tenant_id, kind, subject_id, due_at, parked_at)"
            " VALUES (gen_random_uuid(), %(tenant)s, 'delivery', gen_random_uuid(), now(), now()) RETURNING id"
        )

    grown = await growth(client, trouble)
    assert grown["orderloom_http_requests_total", labelled(method="POST", route="/graphql", status="500")] == 1
    assert grown["orderloom_jobs", labelled(state="parked")] >= 1


async def test_redis_and_the_pool_are_seen(client: Client, app: Application) -> None:
    found = await metrics(client)
    assert found["orderloom_database_up", ()] == 1
    assert found["orderloom_redis_up", ()] == float(app.state.house.live.connected)
    assert found["orderloom_database_pool", labelled(state="pool_size")] >= 1


async def test_what_a_process_remembers_is_seen(client: Client, app: Application, new_company: NewCompany) -> None:
    """Two companies of one template are two callers and one configuration; own fields make one more, and it weighs."""
    callers = app.state.house.callers
    query = "{ orders { nodes { number } } }"
    one, other = await new_company(), await new_company(currency="CHF")
    await one.data(query)
    await other.data(query)
    same = await new_company(currency="CHF")
    grown = await growth(client, lambda: same.data(query))
    assert grown["orderloom_remembered", labelled(kind="callers")] == 1
    assert grown["orderloom_remembered", labelled(kind="tenants")] == 1
    assert ("orderloom_remembered", labelled(kind="configurations")) not in grown
    await define_fields(same, {f"order.field_{number}": {"type": "text"} for number in range(50)})
    grown = await growth(client, lambda: same.data("{ orders { nodes { custom { field_1 } } } }"))
    assert grown["orderloom_remembered", labelled(kind="configurations")] == 1
    assert 50_000 < grown["orderloom_remembered_bytes", labelled(kind="configurations")] < 300_000
    found = await metrics(client)
    assert found["orderloom_remembered_bytes", labelled(kind="configurations")] == callers.weight.bytes <= callers.room
    assert found["orderloom_remembered_bytes", labelled(kind="documents")] > 0
    assert found["orderloom_configurations_forgotten", ()] == callers.forgotten


async def test_the_class_of_a_tenant_follows_its_orders(
    new_company: NewCompany, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.tenant_classes.MEDIUM", 2)
    monkeypatch.setattr("server.tenant_classes.LARGE", 4)
    classes = []
    for count in (1, 2, 4):
        company = await new_company()
        await create_orders(company, [{}] * count)
        classes.append(await known_class(company))
    assert classes == ["small", "medium", "large"]


async def test_a_slow_request_is_told_with_what_it_was(
    client: Client, company: Company, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await company.data("{ orders { totalCount } }")
    monkeypatch.setattr(server.app, "SLOW_SECONDS", 0.0)
    caplog.set_level(logging.WARNING, "server.app")
    with caplog.at_level(logging.WARNING):
        caplog.handler.addFilter(_with_call)
        await client.post("{ orders { totalCount } }", token=company.owner.token)
    (line,) = [record for record in caplog.records if record.name == "server.app"]
    assert line.getMessage() == "A request was slow: POST /graphql"
    assert line.__dict__["statements"] == 2
    assert line.__dict__["seconds"] < 5
    said = line.__dict__["said"]
    assert (said["tenant"], said["member"]) == (company.slug, str(company.owner.id))
    assert said["operation"] == "query orders"


def _with_call(record: logging.LogRecord) -> bool:
    record.said = logs.with_call(None, "", {})
    return True


def test_lines_of_a_call_carry_its_facts_and_others_none() -> None:
    assert logs.with_call(None, "", {"event": "x"}) == {"event": "x"}
    with under_way(Call("abc", tenant="acme", kind="mutation", field="createOrder")):
        assert logs.with_call(None, "", {}) == {
            "request_id": "abc",
            "tenant": "acme",
            "member": "",
            "operation": "mutation createOrder",
        }
        # A line that names another request keeps it.
        assert logs.with_call(None, "", {"request_id": "first"})["request_id"] == "first"


async def test_a_client_that_sends_its_own_id_is_quoted_and_others_get_one(client: Client) -> None:
    given = await client.http.get("/healthz", headers={"x-request-id": "mine-1"})
    assert given.headers["x-request-id"] == "mine-1"
    made = [
        (await client.http.get("/healthz", headers={"x-request-id": bad})).headers["x-request-id"]
        for bad in ("a b", "")
    ]
    assert [len(found) for found in made] == [32, 32]
    assert made[0] != made[1]
