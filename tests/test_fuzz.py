"""Bad and odd values in every argument of every query and mutation: nothing fails, and what is refused has changed nothing (S2).

``make fuzz`` sends ten thousand with a seed of its own, which it prints; ``FUZZ_SEED`` repeats a run.
"""

import os
import time
from collections import Counter
from random import Random, SystemRandom
from typing import Any

import orjson
import pytest
from graphql import build_client_schema, get_introspection_query

from tenants.models.tables import TENANT_TABLES
from tests.documents import CREATE_CUSTOMER, CREATE_PRODUCT, an_order, done, stored
from tests.examples import define_fields
from tests.fuzzing import Fuzz, Request
from tests.harness import Client, Company, Row

pytestmark = pytest.mark.anyio

COUNT = int(os.environ.get("FUZZ_COUNT", "1500"))
SEED = int(os.environ.get("FUZZ_SEED") or (SystemRandom().getrandbits(32) if COUNT > 1_500 else 1))
LONGEST_SECONDS = 2.0


def outcome(answer: Row, field: str) -> str:
    """The code of the first error, the type of a refusal, or nothing where something was answered."""
    if answer.get("errors"):
        return str(answer["errors"][0]["extensions"]["code"])
    found: Any = answer["data"][field]
    kind = str(found.get("__typename", "")) if isinstance(found, dict) else ""
    return kind if isinstance(found, dict) and found.keys() >= {"code", "message"} else ""


async def furnished(company: Company) -> list[str]:
    """An order with all that belongs to it, as of a company at work; the ids of everything there is."""
    product = await done(company, CREATE_PRODUCT, sku="A-1", name="Apple", price="2.50")
    customer = await done(company, CREATE_CUSTOMER, name="Ann", phones=[{"value": "+4930123456"}])
    await an_order(company, customerId=customer["id"], externalId="ext", lines=[{"productId": product["id"]}])
    await define_fields(company, {"order.colour": {"type": "text"}, "customer.since": {"type": "date"}})
    ids = []
    for table in TENANT_TABLES:
        if "id" in table.columns:
            ids += [str(row["id"]) for row in await company.rows(f"SELECT id FROM {table.name} ORDER BY id LIMIT 2")]
    return ids


@pytest.mark.timeout(3_600)
async def test_bad_values_do_no_harm(company: Company, client: Client) -> None:
    print(f"FUZZ_SEED={SEED}")  # noqa: T201  (to be repeated with)
    ids = await furnished(company)
    schema = build_client_schema(await company.data(get_introspection_query()))  # type: ignore[arg-type]
    headers = {"content-type": "application/json", "accept": "application/graphql-response+json"}
    person = await company.add_person("owner", name="Fuzzer")
    writes = await transactions(company)
    before, seen, failed = await stored(company), Counter[str](), list[tuple[int, str, Request]]()
    for request in Fuzz(schema, Random(SEED), ids).requests(COUNT):
        started = time.monotonic()
        response = await client.http.post(
            "/graphql", content=request.body, headers=headers | {"authorization": f"Bearer {person.token}"}
        )
        seconds = time.monotonic() - started
        if response.status_code == 401:
            # The fuzzer has thrown itself out.
            person = await company.add_person("owner", name="Fuzzer")
            before, writes = await stored(company), await transactions(company)
            continue
        found = outcome(orjson.loads(response.content), request.field)
        seen[found] += 1
        writes, earlier = await transactions(company), writes
        after = before if writes == earlier else await stored(company)
        if found and after != before:
            failed.append((response.status_code, f"{found}, yet {_difference(before, after)} changed", request))
        elif response.status_code >= 500 or found == "INTERNAL_ERROR":
            failed.append((response.status_code, response.text[:300], request))
        elif COUNT > 1_500 and seconds > LONGEST_SECONDS:
            failed.append((response.status_code, f"took {seconds:.1f} s", request))
        before = after
    print(dict(seen))  # noqa: T201
    assert failed == [], f"FUZZ_SEED={SEED}"
    # The values come through to the house, and some of them are good.
    assert seen[""] > COUNT / 20
    assert seen["InvalidInput"] > COUNT / 20
    assert seen["BAD_USER_INPUT"] > COUNT / 20


async def transactions(company: Company) -> int:
    """A number that grows with each transaction that writes; as long as it is the same, so is the database."""
    (row,) = await company.rows("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next")
    return int(row["next"])


def _difference(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return [name for name in after if before[name] != after[name]]
