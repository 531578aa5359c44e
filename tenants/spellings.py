"""The words of each company, under all the spellings that search forgives; see `search_spelled` in migration 0004.

They are written in the background and at best: what search forgives is nothing that a record may wait for, or be refused for.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from contextvars import Context
from uuid import UUID
from weakref import WeakKeyDictionary

import psycopg
from psycopg_pool import PoolTimeout

from tenants.database import ENTER_UNFLUSHED, Database
from tenants.search import forms
from tenants.wire import bind, statement

MOST_KNOWN = 20_000
# Words that wait, of all companies; those beyond are written with the next record that has them.
MOST_WAITING = 20_000
LAST_WORDS = 2.0

# Words that this process has written already. They are but a help: forgotten, they are written once more, to no effect.
_known: set[tuple[UUID, str]] = set()

# A word lost in a crash of the server comes back with the next record that has it.
# In one order, so that two who learn the same words never wait for one another.
_LEARN = statement("""
INSERT INTO search_spellings (tenant_id, form, word)
SELECT %(tenant)s::uuid, form, word FROM unnest(%(forms)s::text[], %(words)s::text[]) AS s(form, word) ORDER BY form, word
ON CONFLICT DO NOTHING
""")


class _Learner:
    """The words that wait in one event loop, and the task that writes them, company by company, for as long as there are any."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[int, UUID], tuple[Database, set[str]]] = {}
        self._count = 0
        self.task: asyncio.Task[None] | None = None

    def take(self, database: Database, tenant_id: UUID, words: set[str]) -> None:
        if self._count + len(words) > MOST_WAITING:
            return
        _, waiting = self._waiting.setdefault((id(database), tenant_id), (database, set()))
        self._count -= len(waiting)
        waiting |= words
        self._count += len(waiting)
        if self.task is None or self.task.done():
            # What it sends is no part of the call that gave it the words.
            self.task = asyncio.create_task(self._run(), context=Context())

    async def _run(self) -> None:
        while self._waiting:
            (_, tenant_id), (database, words) = self._waiting.popitem()
            self._count -= len(words)
            with suppress(psycopg.Error, PoolTimeout):
                await write(database, tenant_id, words)


_learners: "WeakKeyDictionary[asyncio.AbstractEventLoop, _Learner]" = WeakKeyDictionary()


def learn(database: Database, tenant_id: UUID, words: Iterable[str]) -> None:
    """Write down words of the company's records in the background. Where the database does not take them, or too many wait,
    they are written with the next record that has them."""
    new = {word for word in words if (tenant_id, word) not in _known}
    if new:
        _learners.setdefault(asyncio.get_running_loop(), _Learner()).take(database, tenant_id, new)


async def learned() -> None:
    """Wait until all words that this event loop was given have been written, or given up."""
    learner = _learners.get(asyncio.get_running_loop())
    if learner is not None and learner.task is not None:
        await asyncio.wait({learner.task})


async def finish() -> None:
    """Before the database is closed: write what waits, if that is soon done, and give up the rest."""
    with suppress(TimeoutError):
        await asyncio.wait_for(learned(), LAST_WORDS)
    learner = _learners.pop(asyncio.get_running_loop(), None)
    if learner is not None and learner.task is not None:
        learner.task.cancel()
        await asyncio.wait({learner.task})


async def write(database: Database, tenant_id: UUID, words: Iterable[str]) -> None:
    """Write down words at once, in a commit of their own. Raises ``psycopg.Error`` and ``psycopg_pool.PoolTimeout``."""
    new = sorted(words)
    pairs = [(form, word) for word in new for form in forms(word)]
    scope = {"tenant": tenant_id, "forms": [form for form, _ in pairs], "words": [word for _, word in pairs]}
    async with database.aside.connection() as connection:
        await connection.exchange(bind(ENTER_UNFLUSHED, scope), bind(_LEARN, scope))
    if len(_known) > MOST_KNOWN:
        _known.clear()
    _known.update((tenant_id, word) for word in new)
