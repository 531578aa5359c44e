"""One instance for all fault runs; each run has a company of its own and leaves every process running."""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tenants.database import Database
from tests.faults.instance import Instance, MailServer

DEFAULT_SEEDS = 1


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        given = os.environ.get("SEED")
        count = int(os.environ.get("SEEDS", DEFAULT_SEEDS))
        seeds = [int(given)] if given else [random.SystemRandom().randrange(10**6) for _ in range(count)]
        metafunc.parametrize("seed", seeds)


@pytest.fixture
def chance(seed: int) -> random.Random:
    """The run's own dice."""
    print(f"SEED={seed}")
    return random.Random(seed)


@pytest.fixture(scope="session")
def mail() -> Iterator[MailServer]:
    server = MailServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
async def instance(tmp_path_factory: pytest.TempPathFactory, mail: MailServer) -> AsyncIterator[Instance]:
    folder: Path = tmp_path_factory.mktemp("instance")
    running = Instance(folder, mail)
    try:
        for name in ("serve", "worker", "clock"):
            running.start(name)
        keeping = asyncio.create_task(running.keep())
        await running.until_ready()
        yield running
        keeping.cancel()
    finally:
        running.stop()


@pytest.fixture(scope="session")
async def database(instance: Instance) -> AsyncIterator[Database]:
    """What the runs look at the results with."""
    opened = await Database.open(instance.app_url, size=4)
    yield opened
    await opened.close()
