"""The history and the audit log, judged from outside, and what is removed of it."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer

from server.commands.house import Opened, opened, run, say
from tenants.audit import Report, verify
from tenants.audit_removal import LEAST_DAYS, remove_old
from tenants.companies import list_companies
from tenants.database import owner_connection

audit = typer.Typer(help="The history of all records, and the audit log.", no_args_is_help=True)
Slug = Annotated[
    str | None,
    typer.Option("--tenant", "-t", help="The company's slug; all companies if not given.", metavar="SLUG"),
]


@audit.command("verify")
def verify_command(slug: Slug = None) -> None:
    """Check that no entry was changed, added, moved or taken out. Exit code 1 names the first broken place of each record."""
    reports = run(_verify(slug))
    for name, report in reports.items():
        for found in report.breaks:
            typer.echo(f"{name}: {found}")
        state = f"{len(report.breaks)} broken" if report.breaks else "all in order"
        say(f"{name}: {report.records} records, {report.entries} entries, {state}.")
        for (day, before), count in report.removed.items():
            say(f"{name}: {count} entries from before {before} were removed on {day}, as the audit log tells.")
    if any(report.breaks for report in reports.values()):
        raise typer.Exit(1)


async def _verify(slug: str | None) -> dict[str, Report]:
    async with opened() as house:
        found = await _companies(house, slug)
        return {name: await verify(house.database, tenant_id) for name, tenant_id in found.items()}


@audit.command("remove")
def remove_command(
    days: Annotated[
        int, typer.Option("--older-than", help=f"How old, in days; {LEAST_DAYS} at least.", min=LEAST_DAYS)
    ],
    slug: Slug = None,
) -> None:
    """Remove old entries of sign-ins, downloads and refusals; who was given what stays. As the owner of the database (DATABASE_URL).

    The audit log tells of it, and what is left can be verified as before.
    """
    for name, count in run(_remove(days, slug)).items():
        say(f"{name}: {count} entries removed.")


async def _remove(days: int, slug: str | None) -> dict[str, int]:
    now = datetime.now(UTC)
    async with opened() as house:
        found = await _companies(house, slug)
        async with owner_connection(house.settings.owner_database_url()) as connection:
            return {name: await remove_old(connection, tenant_id, now, days) for name, tenant_id in found.items()}


async def _companies(house: Opened, slug: str | None) -> dict[str, UUID]:
    """The company of that slug, or all, by their slugs."""
    if slug is not None:
        return {slug: await house.tenant(slug)}
    return {row["slug"]: row["id"] for row in await list_companies(house.database)}
