"""A company's configuration as a document: out, compared, and in."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from server.commands.house import CommandError, TenantOption, opened, read_text, run, say
from tenants.config import change_sets
from tenants.config.change_sets import Change
from tenants.config.documents import export_document, read_document
from tenants.problems import Problem
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
    outcome = run(_apply(slug, read_text(file), "", really=False))
    _print(outcome)
    if outcome.refusal is not None:
        raise outcome.refusal


@config.command("apply")
def apply(slug: TenantOption, file: FileArgument = "-", comment: CommentOption = "") -> None:
    """Make the configuration what the document says; it holds for the very next request."""
    outcome = run(_apply(slug, read_text(file), comment, really=True))
    if outcome.refusal is not None:
        raise outcome.refusal
    _print(outcome)
    say(f"The configuration of '{slug}' is at version {outcome.version}.")


@dataclass(frozen=True)
class _Outcome:
    """What a document changes or would change, and why it cannot be applied, if it cannot."""

    changes: list[Change]
    language: str
    version: int
    refusal: Problem | None = None


class _NotReally(Exception):
    """Takes back what was only tried."""


async def _apply(slug: str, text: str, comment: str, *, really: bool) -> _Outcome:
    wanted = read_document(text)
    async with opened() as house:
        caller = await house.operator(await house.tenant(slug))
        outcome = _Outcome(change_sets.plan(caller.config, wanted), caller.config.language, caller.config.version)
        try:
            async with begin(house.database, caller) as tx:
                version = await change_sets.apply(tx, outcome.changes, comment)
                if not really:
                    raise _NotReally
        except _NotReally:
            return outcome
        except Problem as problem:
            return replace(outcome, refusal=problem)
        return replace(outcome, version=version)


def _print(outcome: _Outcome) -> None:
    sentences = [change.sentence(outcome.language) for change in outcome.changes]
    for sentence in sentences or ["没有变化。" if outcome.language == "zh" else "Nothing changes."]:
        typer.echo(sentence)
