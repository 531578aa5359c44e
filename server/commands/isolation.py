"""The proof that companies cannot reach each other's data."""

import subprocess
from typing import Annotated

import typer

from server.commands.house import CommandError, opened, run, say
from server.isolation.timer import COMMAND, EVERY_KIND, PACE, UNDER_WAY
from tenants import isolation as kept

isolation = typer.Typer(help="The proof that companies cannot reach each other's data.", no_args_is_help=True)


@isolation.command("prove")
def prove_command(
    statements_a_minute: Annotated[
        int, typer.Option(help="SQL statements that it may send; 0: as fast as it can.", min=0)
    ] = PACE,
    every_kind: Annotated[
        bool, typer.Option("--every-kind", help="Try ids of every kind in every place, not a few by turns.")
    ] = False,
) -> None:
    """Try to reach from one company of nobody what another one has, and keep what is found. Exit code 1 tells that something is."""
    more = (EVERY_KIND,) if every_kind else ()
    code = subprocess.run([*COMMAND, str(statements_a_minute), *more], check=False).returncode
    if code == UNDER_WAY:
        raise CommandError("A proof is being made by somebody else. 'orderloom isolation reports' will tell of it.")
    if code:
        raise typer.Exit(code)
    reports(1)


@isolation.command("reports")
def reports(most: Annotated[int, typer.Option(help="How many, the newest first.", min=1, max=kept.KEPT)] = 5) -> None:
    """What the last proofs have found. Exit code 1 tells that the newest found something."""
    found = run(_reports(most))
    if not found:
        say("No proof has been made yet: 'orderloom isolation prove' makes one.")
    for proof in found:
        _say(proof)
    if found and found[0].findings:
        raise typer.Exit(1)


def _say(proof: kept.Proof) -> None:
    for sentence in proof.sentences("en"):
        typer.echo(sentence)
    counts = proof.counts
    say(
        f"{proof.started_at:%Y-%m-%d %H:%M} UTC, version {proof.version}, schema {proof.schema_hash}:"
        f" {counts['attempts']} attempts in {counts['places']} places of {counts['operations']} operations,"
        f" {counts['reads']} reads, {counts['statements']} statements in {proof.seconds:.0f} s."
        f" {len(proof.findings) or 'Nothing'} found."
    )


async def _reports(most: int) -> list[kept.Proof]:
    async with opened() as house:
        return await kept.proofs(house.database, most)
