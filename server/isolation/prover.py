"""A proof: one company of nobody held against another, through the very execution that serves everybody, and the database's own catalog."""

import asyncio
import hashlib
from collections.abc import Iterable, Mapping
from importlib import metadata
from itertools import groupby
from typing import Any
from uuid import UUID

import psycopg
from graphql import print_schema
from psycopg.conninfo import conninfo_to_dict

from schema.execution import SCHEMA, House, Operation, execute
from server.isolation.canaries import Canary, canaries
from server.isolation.catalog import breaches
from server.isolation.places import Place, Row, places
from server.isolation.reading import exported, told
from server.isolation.replay import BROKEN, Ask, chosen, try_ids
from tenants import isolation
from tenants.actors import Actor
from tenants.callers import Callers
from tenants.calls import Call, under_way
from tenants.database import ENTER, Caller, Database
from tenants.models.tables import TENANT_TABLES

# How many kinds of ids each place is given in one proof; the next proof gives it others.
KINDS = 4


class Canaries(Callers):
    """Callers of this process alone: members of companies of nobody. No session has their tokens, and there is no other way in."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._let_in: dict[str, tuple[UUID, Actor]] = {}

    def let_in(self, tenant_id: UUID, actor: Actor) -> str:
        """A token for that member."""
        token = f"canary {actor.id}"
        self._let_in[token] = tenant_id, actor
        return token

    async def by_token(self, token: str, *, fresh: bool = False, enrolling: bool = False) -> Caller:
        return await self.acting(*self._let_in[token])


class Prover:
    """Makes one proof: what it found is in ``findings``, what it did in ``counts``. It sends at most so many ``statements_a_minute``, or
    goes as fast as it can where that is 0. ``url`` is that of the database, for its catalog. Each place is given the ids of so many
    ``kinds`` of rows, others with each ``turn``."""

    def __init__(
        self, database: Database, url: str, *, statements_a_minute: int = 0, kinds: int = KINDS, turn: int = 0
    ) -> None:
        self.findings: list[Row] = []
        self.counts = dict.fromkeys(("operations", "places", "attempts", "unseen", "reads", "statements"), 0)
        self._database = database
        self._url = url
        self.counts["turn"] = turn
        self._kinds = kinds
        self._pause = 60 / statements_a_minute if statements_a_minute else 0.0
        self.callers = Canaries(database)
        self._house = House(database, self.callers)

    async def prove(self, tried: Iterable[Place] | None = None) -> None:
        """Make it; ids are ``tried`` in all places there are, unless told."""
        mine, others = await canaries(self._database, self.callers)
        for found in await asyncio.to_thread(_breaches, self._url):
            self._find("isolation.catalog", found=found)
        await self._try_ids(mine, others, places() if tried is None else tried)
        # Both ways, so that what this process remembers of the one is there when the other asks.
        await self._read(mine, others)
        await self._read(others, mine)

    async def _try_ids(self, mine: Canary, others: Canary, tried: Iterable[Place]) -> None:
        asks = [self._ask(mine.tenant_id, actor) for actor in (mine.owner, mine.member)]
        for number, (field, group) in enumerate(groupby(tried, lambda place: place.field)):
            before = await self.stored(mine, others)
            for place in group:
                ids = chosen(place, others.ids, self.counts["turn"] + number, self._kinds)
                found = await try_ids(asks, place, ids, mine.ids)
                self.counts["places"] += 1
                self.counts["attempts"] += len(ids)
                self.counts["unseen"] += 0 if found.looked else len(ids)
                if found.differing:
                    tables = [table for table, record_id in others.ids.items() if record_id in found.differing]
                    self._find("isolation.answer_differs", place=str(place), tables=", ".join(tables))
                if found.broke:
                    self._find("isolation.broken", place=str(place))
            self.counts["operations"] += 1
            if changed := _changed(before, await self.stored(mine, others)):
                self._find("isolation.changed", place=field, tables=changed)

    async def _read(self, mine: Canary, others: Canary) -> None:
        foreign = [others.mark.encode(), *(record_id.encode() for record_id in set(others.ids.values()))]
        # What is asked for is not told by saying that there is none of it.
        asked = others.mark[:-1]
        caller = await self.callers.acting(mine.tenant_id, mine.owner)
        seen: set[str] = set()
        for source in (told(self._ask(mine.tenant_id, mine.owner), mine.ids, asked), exported(self._database, caller)):
            async for place, text in source:
                self.counts["reads"] += 1
                if place not in seen and any(mark in text for mark in foreign):
                    seen.add(place)
                    self._find("isolation.told", place=place)
                if BROKEN.encode() in text:
                    self._find("isolation.broken", place=place)

    def _find(self, code: str, **data: str) -> None:
        self.findings.append({"code": code, "data": data})

    def _ask(self, tenant_id: UUID, actor: Actor) -> Ask:
        token = self.callers.let_in(tenant_id, actor)

        async def ask(document: str, variables: Row) -> bytes:
            with under_way(Call("isolation")) as call:
                answer = await execute(
                    self._house,
                    Operation(document, None, variables),
                    token=token,
                    language="en",
                    request_id=call.id,
                )
            await self._paused(call.statements)
            return answer.body

        return ask

    async def _paused(self, statements: int) -> None:
        self.counts["statements"] += statements
        await asyncio.sleep(statements * self._pause)

    async def stored(self, *canaries: Canary) -> Mapping[str, Any]:
        """A fingerprint of all that the companies have, by table."""
        sums = " UNION ALL ".join(
            f"SELECT '{table.name}' AS name, md5(string_agg(t::text, ',' ORDER BY t::text)) AS sum"  # noqa: S608  (SQL of ours; values are parameters)
            f" FROM {table.name} t WHERE tenant_id = %(tenant)s"
            for table in TENANT_TABLES
        )
        found: dict[str, Any] = {}
        for canary in canaries:
            scope = {"tenant": canary.tenant_id}
            async with self._database.connection() as connection, connection.transaction():
                await connection.execute(ENTER, scope)
                rows = await (await connection.execute(sums, scope)).fetchall()
            found |= {f"{canary.mark} {row['name']}": row["sum"] for row in rows}
            await self._paused(2)
        return found


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """The tables that are not as they were."""
    return ", ".join(sorted({name.split()[1] for name, found in after.items() if before[name] != found}))


def _breaches(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return breaches(connection, str(conninfo_to_dict(url)["user"]))


async def prove(
    database: Database,
    url: str,
    *,
    statements_a_minute: int = 0,
    every_kind: bool = False,
    tried: Iterable[Place] | None = None,
) -> isolation.Proof | None:
    """Make a proof and keep it; None where another is under way. With ``every_kind`` each place is given the ids of all kinds of rows
    at once, and not only of a few by turns; ids are ``tried`` in all places there are, unless told."""
    proof_id = await isolation.begin_proof(database, metadata.version("orderloom"), schema_hash())
    if proof_id is None:
        return None
    kinds = len(TENANT_TABLES) if every_kind else KINDS
    before = await isolation.proofs(database, 1)
    turn = before[0].counts.get("turn", 0) + 1 if before else 0
    prover = Prover(database, url, statements_a_minute=statements_a_minute, kinds=kinds, turn=turn)
    try:
        await prover.prove(tried)
        await isolation.end_proof(database, proof_id, prover.counts, prover.findings)
    finally:
        # Of one that has ended nothing is forgotten.
        await isolation.give_up(database, proof_id)
    (latest,) = await isolation.proofs(database, 1)
    return latest


def schema_hash() -> str:
    """What the schema of this version is told by: the first 12 hexadecimal digits of its SHA-256, as it is printed."""
    return hashlib.sha256(print_schema(SCHEMA).encode()).hexdigest()[:12]
