"""The proof of isolation on a live instance (D-07): it finds what was sabotaged, finds nothing where nothing was, and is told to all."""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest

from schema.execution import House
from server.embedded import Services
from server.isolation import timer
from server.isolation.canaries import canaries
from server.isolation.places import Place, places
from server.isolation.prover import Prover, prove, schema_hash
from server.settings import Settings, app_database_url
from tenants import chores, isolation, usage
from tenants.callers import Callers
from tenants.companies import company_id, list_companies
from tenants.database import Database
from tests.harness import Client, Company, found_company
from tests.services import fresh_database
from tests.test_cli import Orderloom, environment, orderloom
from tests.test_metrics import metrics
from tests.walls import DirectClient, take_filters_away

pytestmark = pytest.mark.anyio
__all__ = ["environment", "orderloom"]

READ = """
query ($first: Int = 1) { isolation(first: $first) {
  proofs { version schemaHash operations places attempts unseen reads findings startedAt endedAt } tried notTried
} }
"""
SOME = [place for place in places() if place.field in ("customer", "node", "updateCustomer", "markNotificationRead")]


@dataclass
class Watched:
    """An instance of its own, which may be sabotaged."""

    database: Database
    url: str
    superuser: psycopg.Connection[Any]

    async def findings(self, tried: list[Place]) -> set[str]:
        """What a proof finds, and tells in English."""
        proof = await prove(self.database, self.url, tried=tried)
        assert proof is not None
        return set(proof.sentences("en"))

    async def company(self) -> Company:
        callers = Callers(self.database)
        return await found_company(self.database, callers, DirectClient(House(self.database, callers)))


@pytest.fixture(scope="module")
async def watched(services: Services, worker_id: str) -> AsyncIterator[Watched]:
    name = f"watched_{worker_id}"
    url = app_database_url(fresh_database(services, name))
    database = await Database.open(url, size=4)
    superuser = urlsplit(services.superuser_url)._replace(path=f"/{name}").geturl()
    with psycopg.connect(superuser, autocommit=True) as connection:
        yield Watched(database, url, connection)
    await database.close()


async def test_a_clean_instance_is_proved(
    orderloom: Orderloom, settings: Settings, company: Company, client: Client, database: Database
) -> None:
    """By the command, with every place of the schema; members of every company and Prometheus are told, and nothing is left behind."""
    prover = Prover(database, settings.application_database_url())
    both = await canaries(database, prover.callers)
    before = await prover.stored(*both)
    said = await orderloom("isolation", "prove", "--statements-a-minute", "0")
    assert (said.code, said.out) == (0, ""), said
    assert "Nothing found." in said.err
    assert await prover.stored(*both) == before
    found = (await company.data(READ))["isolation"]
    (proof,) = found["proofs"]
    assert (proof["findings"], proof["unseen"], proof["schemaHash"]) == ([], 0, schema_hash())
    assert proof["places"] == len(places())
    assert proof["attempts"] > 2_000
    assert proof["operations"] == len({place.field for place in places()})
    assert (len(found["tried"]), len(found["notTried"])) == (len(isolation.TRIED), len(isolation.NOT_TRIED))
    chinese = await company.graphql(READ, person=await company.add_person("owner", language="zh"))
    assert chinese["data"]["isolation"]["notTried"][-1] == "不比较应答所用的时间。"
    refused = await company.graphql(READ, {"first": isolation.KEPT + 1})
    assert refused["errors"][0]["extensions"]["errors"][0]["path"] == ["first"]
    told = await metrics(client)
    assert told["orderloom_isolation_findings", ()] == 0
    assert told["orderloom_isolation_proved_timestamp", ()] > 1.7e9
    reports = await orderloom("isolation", "reports")
    assert (reports.code, reports.err) == (0, said.err)


async def test_sabotage_is_found_and_told(
    watched: Watched, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A policy that shows all rows of one table, with the filters gone, and row security that is not forced on another."""
    watched.superuser.execute("ALTER POLICY tenant_isolation ON customers USING (true) WITH CHECK (true)")
    watched.superuser.execute("ALTER TABLE events NO FORCE ROW LEVEL SECURITY")
    with monkeypatch.context() as patch:
        take_filters_away(patch)
        found = await watched.findings(SOME)
    watched.superuser.execute(f"ALTER POLICY tenant_isolation ON customers USING ({OWN}) WITH CHECK ({OWN})")
    watched.superuser.execute("ALTER TABLE events FORCE ROW LEVEL SECURITY")
    assert {
        "customer.id answers otherwise for an id of another company (customers) than for one that never existed.",
        "node.id answers otherwise for an id of another company (customers) than for one that never existed.",
        "customers tells of another company.",
        "export of customer tells of another company.",
        "The database is not as it must be: events has no forced row security.",
    } <= found
    assert any(text.startswith("updateCustomer, given ids of another company, changed rows of ") for text in found)
    assert any("The database is not as it must be: policy ('customers', 'tenant_isolation')" in text for text in found)
    # Of what others have nothing is told, but that it could be reached.
    (kept,) = await isolation.proofs(watched.database, 1)
    mine, others = await canaries(watched.database, Callers(watched.database))
    assert not any(mark in text for text in found for mark in (mine.mark, others.mark, *others.ids.values()))
    company = await watched.company()
    (told,) = (await company.data(READ))["isolation"]["proofs"]
    assert set(told["findings"]) == found == set(kept.sentences("en"))
    with caplog.at_level(logging.INFO):
        await timer.tell(watched.database)
    assert {record.message for record in caplog.records if record.levelname == "ERROR"} == {
        f"Isolation: {text}" for text in found
    }


OWN = "tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)"


async def test_canaries_are_nobodys(watched: Watched) -> None:
    """Not listed, not named, not measured, not tidied up; nobody can sign in there, and no second proof is made at once."""
    both = await canaries(watched.database, Callers(watched.database))
    ids = {canary.tenant_id for canary in both}
    async with watched.database.connection() as connection:
        rows = await (await connection.execute("SELECT id, slug FROM tenants WHERE canary")).fetchall()
        sessions = await connection.execute("SELECT 1 FROM sessions WHERE tenant_id = ANY(%s)", [list(ids)])
        assert {row["id"] for row in rows} == ids
        assert sessions.rowcount == 0
    assert ids.isdisjoint({row["id"] for row in await list_companies(watched.database)})
    for row in rows:
        with pytest.raises(LookupError):
            await company_id(watched.database, row["slug"])
    prover = Prover(watched.database, watched.url)
    before = await prover.stored(*both)
    await usage.measure_due(watched.database)
    await chores.forget_files(watched.database)
    assert await prover.stored(*both) == before
    assert set(
        watched.superuser.execute("SELECT DISTINCT password_hash FROM users WHERE email LIKE '%isolation.invalid'")
    ) == {("!",)}

    begun = await isolation.begin_proof(watched.database, "1", "x")
    assert begun is not None
    assert await prove(watched.database, watched.url, tried=[]) is None
    await isolation.give_up(watched.database, begun)


async def test_the_clock_has_it_made(watched: Watched, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By a process of its own that gives way to others, and ends with the clock."""
    told = tmp_path / "told"
    words = "f'{os.getpid()} {os.nice(0)}'"
    script = f"import os, pathlib, time; pathlib.Path({str(told)!r}).write_text({words}); time.sleep(60)"
    monkeypatch.setattr(timer, "COMMAND", (sys.executable, "-c", script))
    watched.superuser.execute("DELETE FROM isolation_proofs")
    watched.superuser.execute("UPDATE tenants SET created_at = now() - interval '2 hours'")
    keeping = asyncio.create_task(timer.keep_proving(watched.database, timedelta(days=1)))
    async with asyncio.timeout(10):
        while not (told.exists() and told.read_text()):  # noqa: ASYNC110  (it is another process that we wait for)
            await asyncio.sleep(0.02)
    number, nice = map(int, told.read_text().split())
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    assert not psutil.pid_exists(number)
    assert nice == min(os.nice(0) + timer.NICE, 19)


async def test_when_a_proof_is_due(watched: Watched) -> None:
    """The first when the first company is an hour old, others when the last is older than asked for; the oldest are forgotten."""
    day = timedelta(days=1)
    watched.superuser.execute("DELETE FROM isolation_proofs")
    watched.superuser.execute("UPDATE tenants SET created_at = now() - interval '50 minutes'")
    assert not await isolation.is_due(watched.database, day)
    watched.superuser.execute("UPDATE tenants SET created_at = now() - interval '61 minutes'")
    assert await isolation.is_due(watched.database, day)
    for _ in range(isolation.KEPT + 1):
        begun = await isolation.begin_proof(watched.database, "1", "x")
        assert begun is not None
        await isolation.end_proof(watched.database, begun, {}, [])
    assert len(await isolation.proofs(watched.database, 100)) == isolation.KEPT
    assert not await isolation.is_due(watched.database, day)
    watched.superuser.execute("UPDATE isolation_proofs SET started_at = started_at - interval '25 hours'")
    assert await isolation.is_due(watched.database, day)
