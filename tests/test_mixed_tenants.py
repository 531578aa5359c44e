"""Many companies over few connections: each is answered with what is its own, whatever went wrong on the connection before (T4).

`make faults` does the same with 10,000 requests, and through PgBouncer where that is installed.
"""

import random

import pytest

from schema.execution import House
from server.settings import Settings
from tenants import database as module
from tenants.callers import Callers
from tenants.database import Database
from tests.mixed_tenants import RIGHT, locks_held, marked, mixed

pytestmark = pytest.mark.anyio


async def test_answers_are_not_mixed_up(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Errors, cancels and time-outs among requests of many companies over five connections."""
    monkeypatch.setitem(
        module._OPTIONS, "options", module.SESSION_OPTIONS.replace("lock_timeout=5s", "lock_timeout=20ms")
    )
    few = await Database.open(settings.application_database_url(), size=5)
    house = House(few, Callers(few))
    companies = await marked(house, 8)
    async with locks_held(database, companies):
        found = await mixed(house, companies, 400, random.Random(4))
    await few.close()
    assert found.foreign == []
    # Else the answers would say nothing: what should be answered was, and what should go wrong did.
    for kind in (*RIGHT, "foreign", "refused", "busy"):
        assert (kind, found.answered[kind]) == (kind, found.asked[kind])
    assert found.answered["cancelled"] < found.asked["cancelled"]
