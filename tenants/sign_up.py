"""Founding a company oneself: what is wanted is checked and kept with a message, and founded when its secret is brought back.

Nothing is founded before somebody has proved that they read the address, so that nobody can take names with addresses of others; and the
password is chosen only then, by whoever reads the message. Neither the answer nor its time tells whether the address has an account.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any
from uuid import UUID

from tenants import proofs
from tenants.actors import SOMEBODY
from tenants.companies import NewCompany, check_company, found, note_founding
from tenants.config.shipped_templates import DEFAULT_TEMPLATE, require_template
from tenants.database import Connection, Database
from tenants.field_types import BadValue
from tenants.field_types.contacts import email_address
from tenants.keys.using import network
from tenants.languages import product_language
from tenants.names_told import name_of
from tenants.problems import Conflict, FieldError, InvalidInput, LimitExceeded
from tenants.quotas import Quotas
from tenants.sign_in import tries
from tenants.sign_in.proving import Shown, prove

PURPOSE = "sign_up"
# Messages to one address in an hour: more are not sent, and nobody is told.
MOST_MESSAGES = 3
HOUR = 60
LONGEST_NAME = 200
SUGGESTIONS = 8
LONGEST_SLUG = 40
# Names that an instance, its pages and its mails may want for themselves, or that would pretend to be its operator.
_RESERVED = """
about abuse account accounts admin administrator api app apps assets auth beta billing blog cdn changelog console contact dashboard demo dev
developer docs download email explorer faq files ftp graphql healthz help home host hostmaster imap info internal invitation invite legal
localhost login logout mail mailbox mailer me metrics mx news noc noreply no-reply ns null oauth oidc operator orderloom owner password payment
payments ping policy pop postmaster press pricing privacy readyz register root sales security service settings shop sign-in sign-out sign-up
signin signout signup smtp sso staging static stats status store support sysadmin system team tenant tenants terms test undefined webhook
webhooks webmaster webmail wiki www
"""
RESERVED = frozenset(_RESERVED.split())


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms anybody may found a company; ``quotas`` is what the operator lets such a company use. So many messages are sent within
    an hour that were asked for from one network, and in all."""

    quotas: Quotas = field(default_factory=Quotas)
    per_network: int = 20
    per_hour: int = 500


async def ask(database: Database, terms: Terms | None, values: Mapping[str, Any], language: str, address: str) -> None:
    """Check what is wanted (names as in the API; ``language`` where none is given), and send a message with a secret to the address of
    mail. ``address`` is the network address of who asks.

    Raises :class:`Conflict` where the operator lets nobody found companies (no ``terms``), :class:`InvalidInput`, with a slug that is free
    for one that is taken, and :class:`LimitExceeded` for too many messages from one network or in all.
    """
    if terms is None:
        raise Conflict("people.sign_up_closed")
    company = await _wanted(database, {**values, "language": values.get("language") or product_language(language)})
    await _require_room(database, terms, address)
    bucket = tries.bucket_of(PURPOSE, company.owner_email)
    if not await tries.count(database, bucket, most=MOST_MESSAGES, minutes=HOUR):
        kept = {name: getattr(company, name) for name in _KEPT}
        await proofs.ask(database, PURPOSE, company.owner_email, company.language, kept)


async def _require_room(database: Database, terms: Terms, address: str) -> None:
    for name, most in ((network(address) or address, terms.per_network), ("", terms.per_hour)):
        wait = await tries.count(database, tries.bucket_of(f"{PURPOSE} network", name), most=most, minutes=HOUR)
        if wait:
            raise LimitExceeded("limit.sign_ups", minutes=ceil(wait / 60))


_KEPT = ("slug", "name", "owner_name", "language", "time_zone", "currency", "template")


async def confirm(
    database: Database, terms: Terms | None, secret: str, shown: Shown, slug: str | None
) -> tuple[str, str]:
    """Found the company by the secret of the message, once: its slug, and the address to sign in with. ``slug`` takes the place of one that
    was taken meanwhile.

    Raises :class:`Conflict` where the operator lets nobody found companies any more, :class:`InvalidInput` for a secret that is unknown, used
    or too old (``token``) or a slug that is taken, and what :func:`tenants.sign_in.proving.prove` does.
    """
    if terms is None:
        raise Conflict("people.sign_up_closed")
    proof = await proofs.find(database, PURPOSE, secret)
    kept = {name: proof.data[name] for name in _KEPT}
    company = NewCompany(**kept, owner_email=proof.address, quotas=terms.quotas)
    company = replace(company, slug=slug or company.slug)
    check_company(company)
    if problem := await _slug_problem(database, company.slug):
        raise InvalidInput([problem])
    person = await prove(database, proof.address, replace(shown, name=company.owner_name))

    async def owner(connection: Connection, tenant_id: UUID) -> UUID:
        await proofs.use_within(connection, proof)
        await note_founding(connection, tenant_id, company, SOMEBODY)
        return await person.account(connection)

    await found(database, company, owner)
    return company.slug, proof.address


async def _wanted(database: Database, values: Mapping[str, Any]) -> NewCompany:
    """Raises :class:`InvalidInput` with all that is wrong at once."""
    errors: list[FieldError] = []
    company = NewCompany(
        slug=values["slug"],
        name=_name(values, "companyName", errors),
        owner_email=values["email"].strip(),
        owner_name=_name(values, "name", errors),
        language=values["language"],
        time_zone=values.get("timeZone") or "UTC",
        currency=(values.get("currency") or "EUR").upper(),
        template=values.get("template") or DEFAULT_TEMPLATE,
    )
    try:
        company = replace(company, owner_email=email_address(company.owner_email).lower())
    except BadValue as bad:
        errors.append(FieldError(("email",), bad.code, bad.data))
    try:
        require_template(company.template)
    except InvalidInput as problem:
        errors.extend(problem.errors)
    try:
        check_company(company)
    except InvalidInput as problem:
        errors.extend(error for error in problem.errors if error.path != ("name",))
    if not any(error.path == ("slug",) for error in errors) and (taken := await _slug_problem(database, company.slug)):
        errors.append(taken)
    if errors:
        raise InvalidInput(errors)
    return company


def _name(values: Mapping[str, Any], name: str, errors: list[FieldError]) -> str:
    try:
        given = name_of(" ".join(values[name].split()), LONGEST_NAME, to_strangers=True)
    except BadValue as bad:
        errors.append(FieldError((name,), bad.code, bad.data))
        return ""
    if not given:
        errors.append(FieldError((name,), "value.required"))
    return given


async def _slug_problem(database: Database, slug: str) -> FieldError | None:
    """Why a company cannot have that slug, with one that it can have."""
    base = slug[: LONGEST_SLUG - 5].rstrip("-")
    others = [f"{base}-{number}" for number in range(2, 2 + SUGGESTIONS)]
    others.append(f"{base}-{secrets.token_hex(2)}")
    async with database.connection() as connection:
        cursor = await connection.execute(
            "SELECT slug FROM tenants WHERE slug = ANY(%(slugs)s)", {"slugs": [slug, *others]}
        )
        taken = {row["slug"] for row in await cursor.fetchall()}
    if slug not in taken and slug not in RESERVED:
        return None
    code = "people.slug_taken" if slug in taken else "people.slug_reserved"
    free = next((other for other in others if other not in taken), others[-1])
    return FieldError(("slug",), code, {"slug": slug, "suggestion": free})
