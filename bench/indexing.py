"""The two own fields that are marked as indexed once everything else has been measured: no other work pays for their index."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg

from bench.data import INDEXED_INSTALLED, INDEXED_SCORE, Tenant
from bench.servers import ServerError, product_environment
from server.embedded import Services
from server.embedded.processes import free_port, wait_until
from server.settings import app_database_url
from tenants.callers import Callers
from tenants.config import change_sets
from tenants.database import Database
from tenants.transaction import begin

READY_SECONDS = 240.0
LOG = "workers.log"
# What somebody who serves the same data by PostGraphile would make; a day in JSON cannot be indexed so.
_RIVAL_INDEX = f"CREATE INDEX ON orders (tenant_id, ((custom->>'{INDEXED_SCORE}')::numeric))"
_UNREADY = "SELECT count(*) FROM field_indexes WHERE tenant_id = %s AND state <> 'ready'"


async def mark(services: Services, tenant: Tenant) -> None:
    """Mark the fields as an administrator would. Raises what the house raises."""
    database = await Database.open(app_database_url(services.database_url))
    try:
        async with begin(database, await Callers(database).by_token(tenant.token)) as tx:
            changes = []
            for key in (INDEXED_SCORE, INDEXED_INSTALLED):
                body = tx.config.fields["order"][key].model_dump(mode="json")
                changes.append(change_sets.define(tx.config, "field", f"order.{key}", {**body, "indexed": True}))
            await change_sets.apply(tx, changes)
    finally:
        await database.close()


def build(services: Services, tenant: Tenant, connection: psycopg.Connection[Any], folder: Path) -> None:
    """Let the product's own worker and clock make the index rows. Raises ServerError where they do not."""
    environment = {**os.environ, **product_environment(services, free_port())}
    with (folder / LOG).open("wb") as words:
        children = [
            subprocess.Popen([sys.executable, "-m", "server.cli", name], env=environment, stdout=words, stderr=words)
            for name in ("worker", "clock")
        ]
        try:
            if not _is_complete(tenant, connection):
                said = (folder / LOG).read_text("utf-8", "replace")[-1_500:].strip()
                raise ServerError(f"the indexes of own fields are not complete after {READY_SECONDS:.0f} s: {said}")
        finally:
            for child in children:
                child.terminate()
            for child in children:
                child.wait(timeout=30)
    connection.execute(_RIVAL_INDEX)
    connection.execute("VACUUM ANALYZE")


def _is_complete(tenant: Tenant, connection: psycopg.Connection[Any]) -> bool:
    return wait_until(lambda: connection.execute(_UNREADY, [tenant.id]).fetchone() == (0,), READY_SECONDS, every=0.5)
