"""The class of a tenant, for metrics: by how many orders it has, so that one can see whether large or small ones suffer."""

import asyncio
import logging
from time import monotonic
from uuid import UUID

import psycopg
from psycopg_pool import PoolTimeout

from tenants.database import ENTER, Database
from tenants.remembering import Remembered

# From how many orders on a tenant is of the class.
MEDIUM, LARGE = 1_000, 100_000
UNKNOWN = "unknown"
FRESH_SECONDS = 3_600.0
BETWEEN_LOOKS = 1.0

# Skipping along an index until there is no more: some milliseconds for the largest.
_SIZE = """
SELECT CASE WHEN EXISTS (SELECT FROM orders WHERE tenant_id = %(tenant)s OFFSET %(large)s) THEN 'large'
            WHEN EXISTS (SELECT FROM orders WHERE tenant_id = %(tenant)s OFFSET %(medium)s) THEN 'medium'
            ELSE 'small' END AS found
"""

log = logging.getLogger(__name__)


class TenantClasses:
    """What is known of the tenants that asked; who is new is looked at in the background, and again every hour."""

    def __init__(self) -> None:
        self._known: Remembered[UUID, tuple[str, float]] = Remembered(20_000)
        self._asked: dict[UUID, None] = {}

    def of(self, tenant_id: UUID) -> str:
        """``small``, ``medium``, ``large``, or ``unknown`` for the first second."""
        known = self._known.get(tenant_id)
        if known is None or monotonic() > known[1]:
            self._asked[tenant_id] = None
        return known[0] if known else UNKNOWN

    async def run(self, database: Database) -> None:
        """Never returns; cancel it."""
        while True:
            await asyncio.sleep(BETWEEN_LOOKS)
            await self.look(database)

    async def look(self, database: Database) -> None:
        """Learn the classes of the tenants that have asked and are not known, or not any more."""
        while self._asked:
            tenant_id, _ = self._asked.popitem()
            try:
                found = await _look(database, tenant_id)
            except (psycopg.Error, PoolTimeout) as error:
                log.warning("The size of a tenant could not be looked at: %s", error)
                return
            self._known.put(tenant_id, (found, monotonic() + FRESH_SECONDS))


async def _look(database: Database, tenant_id: UUID) -> str:
    scope = {"tenant": tenant_id, "medium": MEDIUM - 1, "large": LARGE - 1}
    async with database.aside.connection() as connection, connection.pipeline():
        await connection.execute(ENTER, scope)
        row = await (await connection.execute(_SIZE, scope)).fetchone()
    return str(row["found"]) if row else UNKNOWN
