"""A company's configuration as a document: out, compared, and in."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from server.commands.house import CommandError, TenantOption, opened, read_text, run, say
from tenants.config import change_sets
from tenants.config.assessing import Assessment, assess
from tenants.config.change_sets import Change
from tenants.config.definitions import Definition
from tenants.config.documents import export_document, read_document
from tenants.config.reverting import revert
from tenants.config.snapshot import TenantConfig
from tenants.problems import InvalidInput
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


MergeOption = Annotated[
    bool, typer.Option("--merge", help="Only add and change; else the document is the whole, and what it lacks goes.")
]


@config.command("plan")
def plan(slug: TenantOption, file: FileArgument = "-", *, merge: MergeOption = False) -> None:
    """Say what the document would change, what depends on it, and whether it could be applied; nothing is changed."""
    run(_plan(slug, read_text(file), merge=merge))


async def _plan(slug: str, text: str, *, merge: bool) -> None:
    wanted = read_document(text)
    async with opened() as house:
        caller = await house.operator(await house.tenant(slug))
        changes = _changes(caller.config, wanted, merge=merge)
        async with begin(house.database, caller, rehearsal=True) as tx:
            found = await assess(tx, changes)
    say_effects(found, caller.config.language)


def say_effects(found: Assessment, language: str) -> None:
    """What changes would do. Raises :class:`InvalidInput` where they could not be made."""
    for effect in found.effects:
        typer.echo(effect.change.sentence(language))
        for line in effect.lines(language):
            typer.echo(f"  {line}")
    if not found.effects:
        _nothing(language)
    if found.problems:
        raise InvalidInput(found.problems)


@config.command("apply")
def apply(
    slug: TenantOption, file: FileArgument = "-", comment: CommentOption = "", *, merge: MergeOption = False
) -> None:
    """Make the configuration what the document says; it holds for the very next request."""
    version = run(_apply(slug, read_text(file), comment, merge=merge))
    say(f"The configuration of '{slug}' is at version {version}.")


async def _apply(slug: str, text: str, comment: str, *, merge: bool) -> int:
    wanted = read_document(text)
    async with opened() as house:
        caller = await house.operator(await house.tenant(slug))
        changes = _changes(caller.config, wanted, merge=merge)
        async with begin(house.database, caller) as tx:
            version = await change_sets.apply(tx, changes, comment)
    say_changes(changes, caller.config.language)
    return version


def say_changes(changes: Sequence[Change], language: str) -> None:
    """What was changed, a sentence each."""
    for change in changes:
        typer.echo(change.sentence(language))
    if not changes:
        _nothing(language)


def _changes(config: TenantConfig, wanted: Mapping[str, Mapping[str, Definition]], *, merge: bool) -> list[Change]:
    return change_sets.merge(config, wanted) if merge else change_sets.plan(config, wanted)


def _nothing(language: str) -> None:
    typer.echo("没有变化。" if language == "zh" else "Nothing changes.")


@config.command("log")
def log(slug: TenantOption) -> None:
    """List the change sets, the newest first: who changed what, when and why."""
    run(_log(slug))


async def _log(slug: str) -> None:
    async with opened() as house:
        caller = await house.operator(await house.tenant(slug))
        async with begin(house.database, caller, rehearsal=True) as tx:
            rows = await tx.fetch_all(
                "SELECT version, created_at, author_name, comment, changes FROM change_sets"
                " WHERE tenant_id = %(tenant)s ORDER BY version DESC"
            )
    for row in rows:
        comment = f": {row['comment']}" if row["comment"] else ""
        typer.echo(f"{row['version']}  {row['created_at']:%Y-%m-%d %H:%M}  {row['author_name']}{comment}")
        for change in row["changes"]:
            said = change.get("sentences", {}).get(caller.config.language)
            typer.echo(f"  {said or change['kind'] + ' ' + change['key']}")


@config.command("revert")
def take_back(
    slug: TenantOption,
    version: Annotated[int, typer.Argument(help="The version that the change set made; see 'config log'.")],
    comment: CommentOption = "",
) -> None:
    """Take back one change set."""
    made, changes, language = run(_take_back(slug, version, comment))
    for change in changes:
        typer.echo(change.sentence(language))
    say(f"The configuration of '{slug}' is at version {made}.")


async def _take_back(slug: str, version: int, comment: str) -> tuple[int, list[Change], str]:
    async with opened() as house:
        caller = await house.operator(await house.tenant(slug))
        async with begin(house.database, caller) as tx:
            made, changes = await revert(tx, version, comment)
    return made, changes, caller.config.language
