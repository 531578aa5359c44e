"""A company's configuration as a document: out, compared, and in."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from server.commands.house import CommandError, TenantOption, opened, read_text, run, say
from tenants.config import change_sets
from tenants.config.change_sets import Change
from tenants.config.documents import export_document, read_document
from tenants.transaction import begin

config = typer.Typer(help="A company's configuration as one YAML document.", no_args_is_help=True)
FileArgument = Annotated[str, typer.Argument(help="The YAML document; - reads standard input.", metavar="FILE")]
CommentOption = Annotated[str, typer.Option("--comment", "-m", help="Why; kept with the change set.")]


@config.command("export")
def export(
    slug: TenantOption,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write there, not to standard output.")] = None,
) -> None:
    """Write the configuration in force."""
    text = run(_export(slug))
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, "utf-8")
    except OSError as error:
        raise CommandError(f"{output} cannot be written: {error.strerror}.") from error


async def _export(slug: str) -> str:
    async with opened() as house:
        caller = await house.operator(await house.tenant(slug))
        return export_document(caller.config.definitions)


@config.command("plan")
def plan(slug: TenantOption, file: FileArgument = "-") -> None:
    """Say what the document would change, and whether it could be applied; nothing is changed."""
    _print(*run(_apply(slug, read_text(file), "", really=False))[:2])


@config.command("apply")
def apply(slug: TenantOption, file: FileArgument = "-", comment: CommentOption = "") -> None:
    """Make the configuration what the document says; it holds for the very next request."""
    changes, language, version = run(_apply(slug, read_text(file), comment, really=True))
    _print(changes, language)
    say(f"The configuration of '{slug}' is at version {version}.")


class _NotReally(Exception):
    """Takes back what was only tried."""


async def _apply(slug: str, text: str, comment: str, *, really: bool) -> tuple[list[Change], str, int]:
    """The changes, the company's language, and the version in force afterwards."""
    wanted = read_document(text)
    async with opened() as house:
        caller = await house.operator(await house.tenant(slug))
        changes = change_sets.plan(caller.config, wanted)
        version = caller.config.version
        try:
            async with begin(house.database, caller) as tx:
                version = await change_sets.apply(tx, changes, comment)
                if not really:
                    raise _NotReally
        except _NotReally:
            version = caller.config.version
        return changes, caller.config.language, version


def _print(changes: Iterable[Change], language: str) -> None:
    sentences = [change.sentence(language) for change in changes]
    for sentence in sentences or ["没有变化。" if language == "zh" else "Nothing changes."]:
        typer.echo(sentence)
