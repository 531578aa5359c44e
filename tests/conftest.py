"""The fixtures that the tests stand on.

Each pytest-xdist worker has a database of its own, copied from one that was migrated once, and tests share it: a test asks
for a ``company`` and sees nothing of any other. Everything is the real thing, in this process and in one event loop: the
application with its lifespan, PostgreSQL under row security, Redis; only mail goes into an ``outbox``, and passwords are
hashed cheaply.

* ``company``: a fresh tenant with ``owner``, ``member`` and ``read_only``; ``await company.graphql(...)``,
  ``async with company.begin() as tx``, ``await company.rows(sql)``. ``new_company`` founds more of them.
* ``client``: the HTTP interface; ``client.http`` is the plain HTTP client. ``address`` is a real port, for WebSockets.
* ``work``: ``await work()`` does all due jobs, ``await work(overdue=True)`` also those whose lease still runs;
  ``outbox.sent`` holds the mails, and ``outbox.refusal`` makes them fail.
* ``statements``: the SQL that was sent since the test began, or since ``statements.clear()``.

The types of all of them are in `tests/harness.py`.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Iterator
from functools import wraps
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx2
import hypothesis
import psycopg
import pytest
import uvicorn
from argon2 import PasswordHasher
from hypothesis import HealthCheck
from starlette.applications import Starlette

import server.audit
import server.sessions
import server.tenant_classes
import server.usage
from server.app import create_app
from server.embedded import Services
from server.protocol import configured
from server.settings import Settings, app_database_url
from tenants import passwords, spellings
from tenants.callers import Callers
from tenants.database import Database
from tenants.secrets import new_key
from tenants.wire import Bound, WireConnection
from tests.harness import Client, Company, Drain, Outbox, Statements, found_company
from tests.services import fresh_database, shared_services
from workers.announcements import Announcer
from workers.work import Work

# How fast examples are made depends on the machine, and on whether it is the first run: neither says anything of the product.
hypothesis.settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.settings.load_profile("any machine")


class NewCompany(Protocol):
    """Founds one more company; keywords are fields of ``tenants.companies.NewCompany``."""

    def __call__(self, **changes: str) -> Awaitable[Company]: ...


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Services]:
    """PostgreSQL and Redis, shared by all workers; the database there is only to be copied."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "services"
    folder.mkdir(exist_ok=True)
    with shared_services(folder) as found:
        yield found


@pytest.fixture(scope="session")
def worker_id() -> str:
    """The name of this pytest-xdist worker; "master" without pytest-xdist."""
    return os.environ.get("PYTEST_XDIST_WORKER", "master")


@pytest.fixture(scope="session")
def settings(services: Services, worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of an instance on this worker's own database."""
    url = fresh_database(services, f"test_{worker_id}")
    number = int(worker_id.removeprefix("gw")) % 15 + 1 if worker_id != "master" else 0
    return Settings.model_validate(
        {
            "database_url": url,
            "app_database_url": app_database_url(url),
            "redis_url": urlsplit(services.redis_url)._replace(path=f"/{number}").geturl(),
            "data_dir": tmp_path_factory.mktemp("data"),
            "smtp_url": None,
            "secret_keys": new_key(),
            "public_url": "http://orderloom.test",
            "sign_in_pages": "https://app.example.com/signed-in https://app.example.com/other?way=sso",
            # Providers of the tests are in processes of this machine.
            "outgoing_private_networks": "127.0.0.0/8",
            # No test asks for so much but those of the limits, which set their own.
            "company_cost_rate": 10**9,
            "company_cost_burst": 10**12,
            "anonymous_cost_rate": 10**9,
            "sign_ups_per_network": 10**6,
            "sign_ups_per_hour": 10**6,
        }
    )


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """A real hash takes tens of milliseconds by design, and each company needs one."""
    with pytest.MonkeyPatch.context() as patch:
        hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(passwords, "_HASHER", hasher)
        patch.setattr(passwords, "_NOBODY", hasher.hash("there is no such account"))
        yield


@pytest.fixture(scope="session")
async def database(settings: Settings) -> AsyncIterator[Database]:
    """The database as the application role sees it; commits are announced, as those of workers and commands are."""
    opened = await Database.open(settings.application_database_url(), size=10)
    announcer = Announcer(settings.redis_address())
    announcer.start()
    opened.on_commit.append(announcer)
    yield opened
    await announcer.close()
    await spellings.finish()
    await opened.close()


@pytest.fixture(scope="session")
def callers(database: Database) -> Callers:
    return Callers(database)


@pytest.fixture
def wanted_client(request: pytest.FixtureRequest) -> Client | None:
    """The client, if the test asks for it: most tests of the house itself need no application."""
    # Not in `new_company`: an asynchronous fixture cannot ask for another while it runs.
    found: Client | None = request.getfixturevalue("client") if "client" in request.fixturenames else None
    return found


@pytest.fixture
async def new_company(wanted_client: Client | None, database: Database, callers: Callers) -> AsyncIterator[NewCompany]:
    """Founds companies; their unfinished jobs go with the test."""
    founded = []

    async def found(**changes: str) -> Company:
        founded.append(await found_company(database, callers, wanted_client, **changes))
        return founded[-1]

    yield found
    async with database.connection() as connection:
        await connection.execute("DELETE FROM jobs WHERE tenant_id = ANY(%s)", [[company.id for company in founded]])


@pytest.fixture
async def company(new_company: NewCompany) -> Company:
    """A fresh company on the minimal template."""
    return await new_company()


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def work(database: Database, callers: Callers, outbox: Outbox) -> Drain:
    return Drain(Work(database, callers, outbox.send))


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Statements:
    """Counts what this process sends to PostgreSQL."""
    counted = Statements()
    execute = psycopg.AsyncCursor.execute

    @wraps(execute)
    async def counting(self: psycopg.AsyncCursor[Any], query: Any, *arguments: Any, **options: Any) -> Any:
        # A pool that tries its connections sends nothing to each.
        if query:
            counted.texts.append(query if isinstance(query, str) else str(query))
        return await execute(self, query, *arguments, **options)

    monkeypatch.setattr(psycopg.AsyncCursor, "execute", counting)
    exchange = WireConnection.exchange

    @wraps(exchange)
    async def counting_all(self: WireConnection, *sent: Bound) -> Any:
        counted.texts.extend(statement.text.decode() for statement, _ in sent)
        return await exchange(self, *sent)

    monkeypatch.setattr(WireConnection, "exchange", counting_all)
    return counted


@pytest.fixture(scope="session")
async def app(settings: Settings) -> AsyncIterator[Starlette]:
    """The application, running; what it served it tells only when asked, so that no statement comes from the background."""
    application = create_app(settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server.usage, "BETWEEN_TELLS", 3_600.0)
        patch.setattr(server.sessions, "BETWEEN_NOTES", 3_600.0)
        patch.setattr(server.audit, "BETWEEN_WRITES", 3_600.0)
        patch.setattr(server.tenant_classes, "BETWEEN_LOOKS", 3_600.0)
        async with application.router.lifespan_context(application):
            yield application


@pytest.fixture
async def client(app: Starlette) -> AsyncIterator[Client]:
    """The HTTP interface of the application in this process; what an answer leaves to the background is done with it."""

    async def settled(_: httpx2.Response) -> None:
        await spellings.learned()

    transport = httpx2.ASGITransport(app)
    hooks = {"response": [settled]}
    async with httpx2.AsyncClient(transport=transport, base_url="http://orderloom.test", event_hooks=hooks) as http:
        yield Client(http)


@pytest.fixture(scope="session")
async def address(app: Starlette) -> AsyncIterator[str]:
    """Where the application of this process listens for real, as host and port."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(configured(app, "127.0.0.1", 0))
        # The lifespan runs already, and signals are pytest's.
        server.config.lifespan = "off"
        serving = asyncio.create_task(server._serve([listening]))
        while not server.started:  # noqa: ASYNC110  (uvicorn sets a flag, and no event)
            await asyncio.sleep(0.01)
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        await serving
