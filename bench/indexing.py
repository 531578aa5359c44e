"""The two own fields that are marked as indexed once everything else has been measured: no other work pays for their index."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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


async def mark(services: Services, tenant: Tenant, keys: Sequence[str] = (INDEXED_SCORE, INDEXED_INSTALLED)) -> None:
    """Mark the fields as an administrator would. Raises what the house raises."""
    database = await Database.open(app_database_url(services.database_url))
    try:
        async with begin(database, await Callers(database).by_token(tenant.token)) as tx:
            changes = []
            for key in keys:
                body = tx.config.fields["order"][key].model_dump(mode="json")
                changes.append(change_sets.define(tx.config, "field", f"order.{key}", {**body, "indexed": True}))
            await change_sets.apply(tx, changes)
    finally:
        await database.close()


@contextmanager
def workers(services: Services, folder: Path) -> Iterator[None]:
    """The product's own worker and clock. What they said is in what :func:`wait_for` raises."""
    environment = {**os.environ, **product_environment(services, free_port())}
    with (folder / LOG).open("wb") as words:
        children = [
            subprocess.Popen([sys.executable, "-m", "server.cli", name], env=environment, stdout=words, stderr=words)
            for name in ("worker", "clock")
        ]
        try:
            yield
        except ServerError as error:
            said = (folder / LOG).read_text("utf-8", "replace")[-1_500:].strip()
            raise ServerError(f"{error}: {said}") from None
        finally:
            for child in children:
                child.terminate()
            for child in children:
                child.wait(timeout=30)


def wait_for(is_ready: Callable[[], bool], most_seconds: float = READY_SECONDS) -> None:
    """Wait until indexes are complete. Raises ServerError where that takes too long."""
    if not wait_until(is_ready, most_seconds, every=0.5):
        raise ServerError(f"the indexes of own fields are not complete after {most_seconds:.0f} s")


def build(services: Services, tenant: Tenant, connection: psycopg.Connection[Any], folder: Path) -> None:
    """Let the product's own worker and clock make the index rows. Raises ServerError where they do not."""
    with workers(services, folder):
        wait_for(lambda: connection.execute(_UNREADY, [tenant.id]).fetchone() == (0,))
    connection.execute(_RIVAL_INDEX)
    connection.execute("VACUUM ANALYZE")
