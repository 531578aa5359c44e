"""The history, judged from outside."""

from typing import Annotated

import typer

from server.commands.house import opened, run, say
from tenants.audit import Report, verify
from tenants.companies import list_companies

audit = typer.Typer(help="The history of all records.", no_args_is_help=True)


@audit.callback()
def _about() -> None:
    """Keeps `verify` a word of its own."""


@audit.command("verify")
def verify_command(
    slug: Annotated[
        str | None,
        typer.Option("--tenant", "-t", help="The company's slug; all companies if not given.", metavar="SLUG"),
    ] = None,
) -> None:
    """Check that no entry was changed, added, moved or taken out. Exit code 1 names the first broken place of each record."""
    reports = run(_verify(slug))
    for name, report in reports.items():
        for found in report.breaks:
            typer.echo(f"{name}: {found}")
        state = f"{len(report.breaks)} broken" if report.breaks else "all in order"
        say(f"{name}: {report.records} records, {report.entries} entries, {state}.")
    if any(report.breaks for report in reports.values()):
        raise typer.Exit(1)


async def _verify(slug: str | None) -> dict[str, Report]:
    async with opened() as house:
        if slug is not None:
            found = {slug: await house.tenant(slug)}
        else:
            found = {row["slug"]: row["id"] for row in await list_companies(house.database)}
        return {name: await verify(house.database, tenant_id) for name, tenant_id in found.items()}
