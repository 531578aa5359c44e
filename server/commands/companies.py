"""Companies and the way into them."""

import secrets
from typing import Annotated

import typer

from server.commands.house import CommandError, TenantOption, opened, run, say
from tenants import people
from tenants.actors import system
from tenants.companies import NewCompany, create_company, list_companies
from tenants.config.shipped_templates import DEFAULT_TEMPLATE, template_names
from tenants.ownership import make_owner
from tenants.quotas import Quotas
from tenants.sign_in.sessions import open_session
from tenants.transaction import begin
from tenants.usage import set_quotas

tenant = typer.Typer(help="Companies on this instance.", no_args_is_help=True)


@tenant.command("list")
def list_tenants() -> None:
    """List the companies, one a line, the slug first."""
    for row in run(_list()):
        typer.echo(f"{row['slug']}\t{row['name']}\t{row['language']}\t{row['id']}")


async def _list() -> list[dict[str, object]]:
    async with opened() as house:
        return await list_companies(house.database)


@tenant.command("create")
def create(  # noqa: PLR0913, PLR0917  (each option is a parameter)
    slug: Annotated[str, typer.Argument(help="Its short name: small letters, digits and hyphens.")],
    owner_email: Annotated[str, typer.Option(help="The first owner's e-mail address, to sign in with.")],
    name: Annotated[str, typer.Option(help="Its name; the slug if not given.")] = "",
    owner_name: Annotated[str, typer.Option(help="The owner's name; the address if not given.")] = "",
    password: Annotated[
        str, typer.Option(help="The owner's password; 'ask' asks for it. Made and shown once if not given.")
    ] = "",
    language: Annotated[str, typer.Option(help="en or zh.")] = "en",
    currency: Annotated[str, typer.Option(help="ISO 4217, such as EUR or CNY.")] = "EUR",
    time_zone: Annotated[str, typer.Option(help="Such as Europe/Berlin or Asia/Shanghai.")] = "UTC",
    template: Annotated[
        str, typer.Option(help=f"The configuration to begin with: {', '.join(template_names())}.")
    ] = DEFAULT_TEMPLATE,
) -> None:
    """Found a company with its first owner."""
    if password == "ask":  # noqa: S105  (the word that asks for one)
        password = str(typer.prompt("Password of the owner", hide_input=True, confirmation_prompt=True, err=True))
    made = "" if password else secrets.token_urlsafe(12)
    company = NewCompany(
        slug,
        name or slug,
        owner_email,
        owner_name or owner_email,
        password or made,
        language,
        time_zone,
        currency,
        template,
    )
    is_new = run(_create(company))
    say(f"The company '{slug}' is founded; {owner_email} is its owner.")
    if not is_new:
        say(f"{owner_email} already had an account, and keeps the password.")
    elif made:
        typer.echo(made)


async def _create(company: NewCompany) -> bool:
    """Whether the owner's account is new."""
    async with opened() as house:
        known = await people.is_known(house.database, company.owner_email)
        await create_company(house.database, company, system("orderloom"))
        return not known


@tenant.command("owner")
def owner(
    slug: Annotated[str, typer.Argument(help="The company's slug.")],
    email: Annotated[str, typer.Argument(help="The address of the member, or of whoever is to become one.")],
    name: Annotated[str, typer.Option(help="The name of who is no member yet; the address if not given.")] = "",
) -> None:
    """Make somebody an owner, for a company whose only owner is gone. All owners are told by e-mail."""
    made = run(_make_owner(slug, email, name))
    say(f"{email} is an owner of the company '{slug}'; all its owners are told by e-mail.")
    if made:
        typer.echo(made)


async def _make_owner(slug: str, email: str, name: str) -> str:
    """The password of who had no account yet."""
    async with opened() as house:
        known = await people.is_known(house.database, email)
        password = secrets.token_urlsafe(12)
        values = {"email": email, "name": name or email, "password": password}
        async with begin(house.database, await house.operator(await house.tenant(slug))) as tx:
            await make_owner(tx, values)
        return "" if known else password


@tenant.command("quota")
def quota(
    slug: Annotated[str, typer.Argument(help="The company's slug.")],
    records: Annotated[int | None, typer.Option(help="Orders, customers and products together.", min=0)] = None,
    storage_mb: Annotated[int | None, typer.Option(help="Room of all records, in MiB.", min=0)] = None,
    points_per_second: Annotated[int | None, typer.Option(help="API cost given back each second.", min=1)] = None,
    points: Annotated[int | None, typer.Option(help="API cost that may be spent at once.", min=1)] = None,
) -> None:
    """Say what a company may use at most. What is not given is not limited, or as it is for all."""
    storage_bytes = None if storage_mb is None else storage_mb * 2**20
    quotas = Quotas(records=records, storage_bytes=storage_bytes, points_per_second=points_per_second, points=points)
    run(_set_quotas(slug, quotas))
    given = quotas.model_dump(exclude_none=True)
    say(
        f"The company '{slug}' may use: {', '.join(f'{name} {most}' for name, most in given.items()) or 'what it likes'}."
    )


async def _set_quotas(slug: str, quotas: Quotas) -> None:
    async with opened() as house:
        await set_quotas(house.database, await house.tenant(slug), quotas)


def token(
    slug: TenantOption,
    user: Annotated[
        str | None, typer.Option("--user", "-u", help="A member's e-mail address; an owner if not given.")
    ] = None,
) -> None:
    """Print a bearer token for the API and nothing else."""
    typer.echo(run(_token(slug, user)))


async def _token(slug: str, user: str | None) -> str:
    async with opened() as house:
        tenant_id = await house.tenant(slug)
        try:
            member_id = await people.member_by_email(house.database, tenant_id, user)
        except LookupError:
            who = f"active member '{user}'" if user else "active owner"
            raise CommandError(f"The company '{slug}' has no {who}.") from None
        return (await open_session(house.database, tenant_id, member_id, second_factor=True, method="operator")).token
