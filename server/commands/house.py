"""What the commands share: the open house, the tenant they are about, and failures as one line."""

import asyncio
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

import psycopg
import typer
from psycopg_pool import PoolTimeout

from server import logs
from server.embedded import ServiceError
from server.preflight import PortTakenError, check_database
from server.settings import APPLICATION_ROLE, Settings, SettingsError
from tenants import spellings
from tenants.actors import system
from tenants.callers import Callers
from tenants.companies import company_id
from tenants.database import Caller, Database, Outdated, UnsafeRole
from tenants.problems import InvalidInput, Problem
from workers.announcements import Announcer

T = TypeVar("T")
TenantOption = Annotated[str, typer.Option("--tenant", "-t", help="The company's slug.", metavar="SLUG")]
STANDARD = "-"


class CommandError(Exception):
    """The command cannot do what it was asked; the text is one line for the operator."""


EXPECTED = (
    CommandError,
    Outdated,
    PortTakenError,
    Problem,
    PoolTimeout,
    ServiceError,
    SettingsError,
    UnsafeRole,
    psycopg.Error,
)


@dataclass(frozen=True)
class Opened:
    """The house, opened for one command."""

    settings: Settings
    database: Database
    callers: Callers

    async def tenant(self, slug: str) -> UUID:
        """The tenant of that slug. Raises CommandError."""
        try:
            return await company_id(self.database, slug)
        except LookupError:
            message = f"There is no company '{slug}': 'orderloom tenant list' names them all."
            raise CommandError(message) from None

    async def operator(self, tenant_id: UUID) -> Caller:
        """The operator as a caller in that tenant, with all rights and the tenant's language."""
        caller = await self.callers.acting(tenant_id, system("orderloom"))
        return await self.callers.acting(tenant_id, system("orderloom", caller.config.language))


@asynccontextmanager
async def opened() -> AsyncIterator[Opened]:
    """The house under this environment's settings. Raises what :data:`EXPECTED` lists."""
    settings = Settings.load()
    url = settings.application_database_url()
    # The pool would try for a while, and say less.
    await asyncio.to_thread(check_database, url)
    database = await Database.open(url, size=3)
    announcer = None
    with suppress(SettingsError):
        announcer = Announcer(settings.redis_address())
        announcer.start()
        database.on_commit.append(announcer)
    try:
        yield Opened(settings, database, Callers(database))
    finally:
        if announcer is not None:
            await announcer.close()
        await spellings.finish()
        await database.close()


def run(command: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine, with its warnings on standard error."""
    logs.configure("ERROR", json=False)
    return asyncio.run(command)


def lines(error: Exception) -> Iterator[str]:
    """What an expected failure says to the operator; the first line tells what failed."""
    match error:
        case InvalidInput():
            for detail in error.errors:
                place = ".".join(str(part) for part in detail.path)
                yield f"{place}: {detail.text('en')}" if place else detail.text("en")
        case Outdated():
            yield "The configuration was changed meanwhile: run the command again."
        case psycopg.errors.UndefinedTable() | psycopg.errors.UndefinedColumn():
            yield "The database does not have the shape that this version needs: run 'orderloom migrate'."
        case psycopg.Error() | PoolTimeout():
            yield f"The database refused: {_first_line(error)}"
        case SettingsError() if APPLICATION_ROLE in str(error) and _may_lack_migration(str(error)):
            yield f"{error} If the database is new, run 'orderloom migrate' first."
        case _:
            yield str(error)


def _may_lack_migration(text: str) -> bool:
    return "does not exist" in text or "authentication failed" in text


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__


def read_text(file: str) -> str:
    """The text of a file, or of standard input for "-". Raises CommandError."""
    try:
        return sys.stdin.read() if file == STANDARD else Path(file).read_text("utf-8")
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{file} is not text in UTF-8.") from error


def say(text: str) -> None:
    """A line on standard error, where it does not mix with what a command is asked for."""
    typer.echo(text, err=True)
