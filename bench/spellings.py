"""Which of several statements with the same answer is the fastest."""

import statistics
import time
from typing import Any
from uuid import UUID

import psycopg

from bench.works import Asks, Work

TRIES = 15


def fastest(connection: psycopg.Connection[Any], tenant_id: UUID, work: Work, asks: Asks) -> str:
    """The statement of the work that answers its first requests soonest, with the company's id in its place."""
    spellings = [sql.replace(":tenant", f"'{tenant_id}'") for sql in work.statements]
    bodies = [ask.bare for ask in asks.of(work)[:TRIES]]
    times = {
        sql: [_seconds(connection, sql, body) for body in bodies * (1 + TRIES // len(bodies))] for sql in spellings
    }
    return min(spellings, key=lambda sql: statistics.median(times[sql]))


def _seconds(connection: psycopg.Connection[Any], sql: str, parameters: Any) -> float:
    begun = time.perf_counter()
    connection.execute(sql.encode(), parameters, prepare=True).fetchone()
    return time.perf_counter() - begun
