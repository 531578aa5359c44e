"""The words of each company, under all the spellings that search forgives; see `search_spelled` in migration 0004."""

from collections.abc import Iterable
from contextlib import suppress
from uuid import UUID

import psycopg

from tenants.database import Database
from tenants.search import forms
from tenants.wire import bind, statement

MOST_KNOWN = 20_000

# Words that this process has written already. They are but a help: forgotten, they are written once more, to no effect.
_known: set[tuple[UUID, str]] = set()

# A word lost in a crash of the server comes back with the next record that has it.
_ENTER = statement(
    "SELECT set_config('app.tenant_id', %(tenant)s::text, true), set_config('synchronous_commit', 'off', true)"
)
# In one order, so that two who learn the same words never wait for one another.
_LEARN = statement("""
INSERT INTO search_spellings (tenant_id, form, word)
SELECT %(tenant)s::uuid, form, word FROM unnest(%(forms)s::text[], %(words)s::text[]) AS s(form, word) ORDER BY form, word
ON CONFLICT DO NOTHING
""")


async def learn(database: Database, tenant_id: UUID, words: Iterable[str]) -> None:
    """Write down words of the company's records, in a commit of its own: what search forgives is nothing that a record may wait
    for, or be refused for. Where the database does not take them, they are written with the next record that has them."""
    new = sorted(word for word in words if (tenant_id, word) not in _known)
    if not new:
        return
    pairs = [(form, word) for word in new for form in forms(word)]
    scope = {"tenant": tenant_id, "forms": [form for form, _ in pairs], "words": [word for _, word in pairs]}
    with suppress(psycopg.Error):
        async with database.aside.connection() as connection:
            await connection.exchange(bind(_ENTER, scope), bind(_LEARN, scope))
        if len(_known) > MOST_KNOWN:
            _known.clear()
        _known.update((tenant_id, word) for word in new)
