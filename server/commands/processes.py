"""The processes that run, and what is done once before they do."""

import asyncio
from datetime import timedelta
from functools import partial
from urllib.parse import unquote, urlsplit

import psycopg
import typer
from psycopg import sql

import migrations
from server import demo, logs, mail, supervisor, tracing
from server.app import create_app
from server.commands.house import opened, say
from server.commands.house import run as run_command
from server.embedded import running
from server.isolation.timer import keep_proving
from server.mailbox import is_loopback
from server.preflight import check_database
from server.protocol import Server, configured, listening_socket
from server.settings import Settings
from tenants.companies import list_companies
from tenants.secrets import new_key
from workers import clock as clock_process
from workers import run as worker_process
from workers.run import WorkerSettings


def run() -> None:
    """Start everything: PostgreSQL and Redis where no URL is set, the server, the workers and the clock, until Ctrl-C."""
    raise typer.Exit(supervisor.run(Settings.load()))


def serve() -> None:
    """Serve the API."""
    settings = _load()
    tracing.start("orderloom-serve")
    with listening_socket(settings) as listening:
        check_database(settings.application_database_url())
        Server(configured(create_app(settings), settings.host, settings.port), settings.ready_fd).run([listening])


def worker() -> None:
    """Run automations and deliver messages."""
    settings = _load()
    url = settings.application_database_url()
    check_database(url)
    tracing.start("orderloom-worker")
    metrics_at = (settings.host, settings.worker_metrics_port) if settings.worker_metrics_port else None
    worker_process.run(
        WorkerSettings(url, settings.redis_address(), mail.sender(settings), metrics_at, settings.frontend_url)
    )


def clock() -> None:
    """Hand out jobs to the workers, and do what only time asks for."""
    settings = _load()
    url = settings.application_database_url()
    check_database(url)
    hours = timedelta(hours=settings.isolation_proof_hours)
    beside = (partial(keep_proving, every=hours),) if hours else ()
    asyncio.run(clock_process.run(url, settings.redis_address(), *beside))


def secret_key() -> None:
    """Make a key for SECRET_KEYS, with which secrets are encrypted; put a new one in front of the old ones."""
    typer.echo(new_key())


def migrate() -> None:
    """Bring the database to the shape that this version needs."""
    settings = _load()
    owner_url, application_url = settings.owner_database_url(), settings.application_database_url()
    check_database(owner_url)
    application = urlsplit(application_url)
    role, password = unquote(application.username or ""), unquote(application.password or "")
    migrations.upgrade(owner_url, role, password)
    _let_sign_in(owner_url, application_url, role, password)
    say(f"The database is at {migrations.head()}.")


def _let_sign_in(owner_url: str, application_url: str, role: str, password: str) -> None:
    """Give the application role its password again where it no longer is the one that the settings lead to."""
    try:
        psycopg.connect(application_url, connect_timeout=5).close()
    except psycopg.OperationalError:
        with psycopg.connect(owner_url, autocommit=True) as connection:
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(password)))
        check_database(application_url)


def seed_demo() -> None:
    """Found the two demo companies, unless they are there, and say how to sign in."""
    text = run_command(_seed())
    if text:
        typer.echo(text)


async def _seed() -> str:
    """How to sign in; nothing where the demo companies have no place: their passwords are public."""
    async with opened() as house:
        if not is_loopback(house.settings.host):
            say(f"The demo companies are left out: HOST is {house.settings.host}, and their passwords are public.")
            return ""
        others = [row["slug"] for row in await list_companies(house.database) if row["slug"] not in demo.COMPANIES]
        if others and not _is_embedded(house.settings):
            say(f"The demo companies are left out: the database holds others, such as '{others[0]}'.")
            return ""
        return await demo.seed(house.database, f"http://{house.settings.host}:{house.settings.port}")


def _is_embedded(settings: Settings) -> bool:
    services = running(settings.data_dir)
    return services is not None and services.database_url == settings.owner_database_url()


def _load() -> Settings:
    settings = Settings.load()
    logs.configure(settings.log_level)
    return settings
