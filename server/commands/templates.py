"""Templates that ship with the product, in a company: listed, applied, removed."""

from typing import Annotated

import typer

from server.commands.configuration import CommentOption, say_changes, say_effects
from server.commands.house import TenantOption, opened, run, say
from tenants.config.assessing import assess
from tenants.config.installed_templates import (
    additions,
    apply_template,
    installed_templates,
    plan_removal,
    remove_template,
)
from tenants.config.sentences import title
from tenants.config.shipped_templates import read_template, template_description, template_names, template_title
from tenants.transaction import begin

template = typer.Typer(help="Templates of a company's configuration.", no_args_is_help=True)
NameArgument = Annotated[str, typer.Argument(help=f"One of {', '.join(template_names())}.", metavar="TEMPLATE")]
PlanOption = Annotated[bool, typer.Option("--plan", help="Say what it would do; nothing is changed.")]


@template.command("list")
def list_templates(slug: TenantOption) -> None:
    """List the templates that there are, and since which version each is installed."""
    run(_list(slug))


async def _list(slug: str) -> None:
    async with opened() as house:
        caller = await house.operator(await house.tenant(slug))
        async with begin(house.database, caller, rehearsal=True) as tx:
            installed = await installed_templates(tx)
    for name in template_names():
        since = f"version {installed[name].version}" if name in installed else "-"
        described = f"{template_title(name, caller.language)}: {template_description(name, caller.language)}"
        typer.echo(f"{name}\t{since}\t{described}")


@template.command("apply")
def apply(slug: TenantOption, name: NameArgument, comment: CommentOption = "", *, plan: PlanOption = False) -> None:
    """Add a template: definitions come and change, none goes."""
    version = run(_apply(slug, name, comment, plan=plan))
    if not plan:
        say(f"The configuration of '{slug}' is at version {version}.")


async def _apply(slug: str, name: str, comment: str, *, plan: bool) -> int:
    wanted = read_template(name)
    async with opened() as house:
        caller = await house.operator(await house.tenant(slug))
        async with begin(house.database, caller, rehearsal=plan) as tx:
            if plan:
                found = await assess(tx, additions(tx.config, wanted))
                say_effects(found, caller.language)
                return tx.config_version
            version, changes = await apply_template(tx, name, wanted, comment)
    say_changes(changes, caller.language)
    return version


@template.command("remove")
def remove(slug: TenantOption, name: NameArgument, comment: CommentOption = "", *, plan: PlanOption = False) -> None:
    """Take away what a template brought and nobody has changed or needs, and say what stays."""
    version = run(_remove(slug, name, comment, plan=plan))
    if not plan:
        say(f"The configuration of '{slug}' is at version {version}.")


async def _remove(slug: str, name: str, comment: str, *, plan: bool) -> int:
    async with opened() as house:
        caller = await house.operator(await house.tenant(slug))
        async with begin(house.database, caller, rehearsal=plan) as tx:
            removal = await plan_removal(tx, name)
            for kept in removal.kept:
                titled = title(kept.dependent.key, kept.dependent.definition, caller.language)
                typer.echo(f"{titled}: {kept.reason.text(caller.language)}")
            if plan:
                say_effects(await assess(tx, removal.changes), caller.language)
                return tx.config_version
            version, changes = await remove_template(tx, name, comment)
    say_changes(changes, caller.language)
    return version
