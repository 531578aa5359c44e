"""Records in and out."""

import os
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.console import Console
from rich.progress import Progress, TaskID

from server.commands.house import CommandError, TenantOption, opened, run, say
from tenants.exports import EXPORTED, export_records
from tenants.imports.run import run_import
from tenants.imports.summary import Summary

NOUNS = {f"{record_type}s": record_type for record_type in EXPORTED}


def import_records(
    mapping: Annotated[Path, typer.Argument(help="The YAML file that says which columns of which files are what.")],
    slug: TenantOption,
    folders: Annotated[
        list[Path] | None,
        typer.Option(
            "--files", metavar="DIR", help="Where the files are, if not beside the mapping; may be given again."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")] = False,
) -> None:
    """Import customers, products and orders from files. Rejected rows are named with their reason."""
    summary, language = run(_import(slug, mapping, folders or [], dry_run))
    for line in summary.lines(language):
        typer.echo(line)
    if summary.rejected:
        raise typer.Exit(1)


async def _import(slug: str, mapping: Path, folders: list[Path], dry_run: bool) -> tuple[Summary, str]:
    async with opened() as house:
        tenant_id = await house.tenant(slug)
        caller = await house.operator(tenant_id)
        # The bar is for people; a file or a pipe gets the summary alone.
        with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bars:
            known: dict[str, TaskID] = {}

            def show(stage: str, done: int, total: int | None) -> None:
                if stage not in known:
                    known[stage] = bars.add_task(stage, total=total)
                bars.update(known[stage], completed=done, total=total)

            summary = await run_import(
                house.database,
                house.callers,
                tenant_id,
                mapping,
                folders=folders,
                dry_run=dry_run,
                progress=show,
            )
        return summary, caller.config.language


def export_command(
    noun: Annotated[str, typer.Argument(help=f"What: {', '.join(NOUNS)}.", metavar="WHAT")],
    slug: TenantOption,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write there, not to standard output.")] = None,
) -> None:
    """Export records as JSON, one a line, oldest first, void orders included."""
    if noun not in NOUNS:
        raise CommandError(f"'{noun}' cannot be exported: say one of {', '.join(NOUNS)}.")
    try:
        with _target(output) as target:
            count = run(_export(slug, NOUNS[noun], target))
    except BrokenPipeError:
        # Whoever read it has seen enough. What Python still holds for them goes nowhere, or it would fail once more at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    except OSError as error:
        raise CommandError(f"{output or 'The output'} cannot be written: {error.strerror}.") from error
    if output is not None:
        say(f"{count} {noun} are in {output}.")


def _target(output: Path | None) -> AbstractContextManager[BinaryIO]:
    return output.open("wb") if output is not None else nullcontext(sys.stdout.buffer)


async def _export(slug: str, record_type: str, target: BinaryIO) -> int:
    count = 0
    async with opened() as house:
        caller = await house.operator(await house.tenant(slug))
        async for line in export_records(house.database, caller, record_type):
            target.write(line + b"\n")
            count += 1
    target.flush()
    return count
