"""What a schema says of itself: as the company sees it, made once and beside all else (schema/execution.py)."""

import threading
from typing import Any

import pytest

from schema import execution
from tests.conftest import NewCompany
from tests.examples import define_fields
from tests.harness import Client, Company

pytestmark = pytest.mark.anyio
ASK = "query Ask($name: String!) { __type(name: $name) { name fields { name } } }"
TWICE = 'query One { __type(name: "Member") { name } } query Other { __type(name: "Money") { name } }'


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[threading.Thread]:
    """The threads in which an operation was executed by graphql-core."""
    threads: list[threading.Thread] = []
    executed = execution._executed

    def counting(*arguments: Any) -> Any:
        threads.append(threading.current_thread())
        return executed(*arguments)

    monkeypatch.setattr(execution, "_executed", counting)
    return threads


def names(*fields: str) -> dict[str, Any]:
    return {"__type": {"name": "OrderCustom", "fields": [{"name": name} for name in fields]}}


async def test_it_is_remembered_until_own_fields_change(
    company: Company, client: Client, new_company: NewCompany, made: list[threading.Thread]
) -> None:
    await define_fields(company, {"order.colour": {"type": "text"}})
    for _ in range(3):
        assert await company.data(ASK, {"name": "OrderCustom"}) == names("colour")
    assert len(made) == 1
    assert made[0] is not threading.main_thread()
    # Nobody else is told, and another question is another answer.
    other = await new_company()
    assert await other.data(ASK, {"name": "OrderCustom"}) == {"__type": None}
    assert (await company.data(ASK, {"name": "Money"}))["__type"]["name"] == "Money"
    await define_fields(company, {"order.size": {"type": "text"}})
    assert await company.data(ASK, {"name": "OrderCustom"}) == names("colour", "size")
    assert len(made) == 4


async def test_each_operation_of_a_document_is_another(company: Company, client: Client) -> None:
    for operation, name in (("One", "Member"), ("Other", "Money"), ("One", "Member")):
        body = {"query": TWICE, "operationName": operation}
        answer = await client.http.post(
            "/graphql", json=body, headers={"authorization": f"Bearer {company.owner.token}"}
        )
        assert answer.json()["data"] == {"__type": {"name": name}}


async def test_bad_variables_are_refused_each_time(
    company: Company, client: Client, made: list[threading.Thread]
) -> None:
    for _ in range(2):
        answer = await company.graphql(ASK, {})
        assert "data" not in answer
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert len(made) == 2
