"""Search, kept up from outside."""

from typing import Annotated

import typer

from server.commands.house import opened, run, say
from tenants.companies import list_companies
from tenants.reindexing import reindex

search = typer.Typer(help="The index of search.", no_args_is_help=True)


@search.callback()
def _about() -> None:
    """Keeps `rebuild` a word of its own."""


@search.command("rebuild")
def rebuild_command(
    slug: Annotated[
        str | None,
        typer.Option("--tenant", "-t", help="The company's slug; all companies if not given.", metavar="SLUG"),
    ] = None,
) -> None:
    """Make what records are found by anew: after an upgrade that says so, or a restore."""
    for name, count in run(_rebuild(slug)).items():
        say(f"{name}: {count} records.")


async def _rebuild(slug: str | None) -> dict[str, int]:
    async with opened() as house:
        slugs = [slug] if slug else [row["slug"] for row in await list_companies(house.database)]
        return {name: await reindex(house.database, await house.operator(await house.tenant(name))) for name in slugs}
