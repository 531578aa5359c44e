"""One PostgreSQL and one Redis for a whole test run, however many pytest-xdist workers it has.

A keeper process holds them. Every worker holds a shared lock on a file as long as it lives; the keeper stops the services
once it gets that lock for itself, so nothing is left running however a worker ends.
"""

import fcntl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

import migrations
from server.embedded import Embedded, Services, running
from server.settings import APPLICATION_ROLE, app_database_url

READY_SECONDS = 60.0
# A test machine that loses power loses nothing that matters.
QUICK = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "64MB",
    "max_connections": "60",
    "autovacuum": "off",
}


@contextmanager
def shared_services(folder: Path) -> Iterator[Services]:
    """The services below ``folder``, migrated, started by whoever comes first and stopped after the last has left."""
    with (folder / "users").open("w") as users:
        # Waits while an earlier keeper is stopping.
        fcntl.flock(users, fcntl.LOCK_SH)
        with (folder / "starting").open("w") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            ready = folder / "ready"
            if not ready.exists():
                _start_keeper(folder)
            found = running(folder / "data")
        assert found is not None
        yield found


def _start_keeper(folder: Path) -> None:
    log = folder / "keeper.log"
    with log.open("w") as output:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.services", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # Ctrl-C is for pytest; the keeper ends when its users have.
            start_new_session=True,
        )
    end = time.monotonic() + READY_SECONDS
    while not (folder / "ready").exists():
        if keeper.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"The services for the tests did not start:\n{log.read_text()}")
        time.sleep(0.02)
    # Never waited for: it outlives this process where another worker still needs it.
    keeper.returncode = 0


def keep(folder: Path) -> None:
    """Run the services until nobody uses them."""
    ready = folder / "ready"
    # The lock is let go after the services have stopped: the next user then starts them anew.
    with (folder / "users").open("w") as users, Embedded(folder / "data", extra_settings=QUICK) as embedded:
        owner_url = embedded.services.database_url
        migrations.upgrade(owner_url, APPLICATION_ROLE, urlsplit(app_database_url(owner_url)).password)
        ready.touch()
        try:
            fcntl.flock(users, fcntl.LOCK_EX)
        finally:
            ready.unlink()


def fresh_database(services: Services, name: str) -> str:
    """The owner's URL of a new copy of the migrated database."""
    # From another database: one that is copied may have no other session, and workers copy it at the same time.
    elsewhere = urlsplit(services.superuser_url)._replace(path="/postgres").geturl()
    with psycopg.connect(elsewhere, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(
                sql.Identifier(name),
                sql.Identifier(urlsplit(services.database_url).path.strip("/")),
                sql.Identifier(urlsplit(services.database_url).username or ""),
            )
        )
    return urlsplit(services.database_url)._replace(path=f"/{name}").geturl()


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
