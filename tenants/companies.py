"""Tenants: founding a company, and what the operator may list."""

import re
from asyncio import to_thread
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

import psycopg
from psycopg.types.json import Jsonb

from tenants.actors import Actor
from tenants.audit_log import COMPANY, About, record_within
from tenants.config.change_sets import Change
from tenants.config.definitions import LANGUAGES, CustomField, Definition
from tenants.config.documents import stored
from tenants.config.shipped_templates import DEFAULT_TEMPLATE, read_template
from tenants.database import ENTER, Connection, Database
from tenants.field_types.currencies import CURRENCIES
from tenants.passwords import hash_password
from tenants.people import add_member, find_or_create_user
from tenants.problems import FieldError, InvalidInput
from tenants.quotas import Quotas
from tenants.transaction import new_id, translated

SLUG = re.compile(r"[a-z][a-z0-9-]{1,39}")


@dataclass(frozen=True, slots=True)
class NewCompany:
    """What a company begins with. ``template`` is the name of a configuration document that ships with the product; ``quotas`` are what the
    operator lets it use. A ``canary`` is nobody's company, made for the proof of isolation, and told to none."""

    slug: str
    name: str
    owner_email: str
    owner_name: str
    owner_password: str = ""
    language: str = "en"
    time_zone: str = "UTC"
    currency: str = "EUR"
    template: str = DEFAULT_TEMPLATE
    quotas: Quotas = field(default_factory=Quotas)
    canary: bool = False


async def create_company(database: Database, company: NewCompany, by: Actor | None = None) -> UUID:
    """Found a company with its owner and its template, all or nothing. An owner who has an account keeps their password. The audit log
    tells ``by`` whom, unless it is a company of examples.

    Raises :class:`InvalidInput`.
    """
    check_company(company)
    about = (company.owner_email, company.owner_name, company.name)
    password = await hash_password(company.owner_password, about=about)

    async def owner(connection: Connection, tenant_id: UUID) -> UUID:
        if by is not None:
            await note_founding(connection, tenant_id, company, by)
        return await find_or_create_user(connection, company.owner_email, company.owner_name, password)

    return await found(database, company, owner)


async def note_founding(connection: Connection, tenant_id: UUID, company: NewCompany, by: Actor) -> None:
    """Tell the audit log who founded the company, as the first entry about it."""
    told = {
        "slug": company.slug,
        "name": company.owner_name,
        "email": company.owner_email,
        "template": company.template,
    }
    await record_within(connection, tenant_id, by, "company_founded", told, about=About(COMPANY, tenant_id))


async def found(database: Database, company: NewCompany, owner: Callable[[Connection, UUID], Awaitable[UUID]]) -> UUID:
    """Found a company that was checked, with the account that ``owner`` gives within the same transaction, told the company's id.

    Raises :class:`InvalidInput` for an unknown template and for what is taken.
    """
    # Tenths of a second for a large one, in which others are served.
    definitions = await to_thread(read_template, company.template)
    tenant_id = new_id()
    async with database.connection() as connection:
        try:
            async with connection.transaction():
                await connection.execute(ENTER, {"tenant": tenant_id})
                await connection.execute(_INSERT, {"id": tenant_id, **_columns(company)})
                await connection.execute(_INSERT_CHANGE_SET, _founding(tenant_id, definitions))
                await connection.execute(_INSERT_TEMPLATE, {"tenant": tenant_id, "template": company.template})
                await connection.execute(_INSERT_DEFINITIONS, _written(tenant_id, definitions))
                await connection.execute(_INSERT_INDEXES, _indexed(tenant_id, definitions))
                user_id = await owner(connection, tenant_id)
                await add_member(
                    connection, tenant_id, user_id, company.owner_name, company.owner_email, ["owner"], company.language
                )
        except psycopg.Error as error:
            if (problem := translated(error, {"tenants": _columns(company)})) is error:
                raise
            raise problem from error
    return tenant_id


def check_company(company: NewCompany) -> None:
    """Raise :class:`InvalidInput` with all that is wrong with it, but for what is taken."""
    errors = []
    if not SLUG.fullmatch(company.slug):
        errors.append(FieldError(("slug",), "limit.slug", {"slug": company.slug}))
    if not company.name.strip():
        errors.append(FieldError(("name",), "value.required"))
    if company.language not in LANGUAGES:
        options = ", ".join(LANGUAGES)
        errors.append(FieldError(("language",), "value.not_option", {"value": company.language, "options": options}))
    if company.time_zone not in _time_zones():
        options = "Europe/Berlin, Asia/Shanghai, UTC, …"
        errors.append(FieldError(("timeZone",), "value.not_option", {"value": company.time_zone, "options": options}))
    if company.currency not in CURRENCIES:
        errors.append(FieldError(("currency",), "value.not_currency", {"value": company.currency}))
    if errors:
        raise InvalidInput(errors)


@cache
def _time_zones() -> frozenset[str]:
    """Their names, which are looked for in many folders."""
    return frozenset(available_timezones())


def _columns(company: NewCompany) -> dict[str, Any]:
    return {
        "slug": company.slug,
        "name": company.name.strip(),
        "language": company.language,
        "time_zone": company.time_zone,
        "currency": company.currency,
        "quotas": Jsonb(company.quotas.model_dump(exclude_none=True)),
        "canary": company.canary,
    }


def _written(tenant_id: UUID, definitions: Mapping[str, Mapping[str, Definition]]) -> dict[str, Any]:
    entries = [
        {"kind": kind, "key": key, "body": stored(definition)}
        for kind, found in definitions.items()
        for key, definition in found.items()
    ]
    return {"tenant": tenant_id, "entries": Jsonb(entries)}


def _indexed(tenant_id: UUID, definitions: Mapping[str, Mapping[str, Definition]]) -> dict[str, Any]:
    keys = [
        key
        for found in definitions.values()
        for key, definition in found.items()
        if isinstance(definition, CustomField) and definition.is_indexed
    ]
    return {"tenant": tenant_id, "ids": [new_id() for _ in keys], "keys": keys}


def _founding(tenant_id: UUID, definitions: Mapping[str, Mapping[str, Definition]]) -> dict[str, Any]:
    """The first change set: everything that the template brings."""
    changes = [
        Change(kind, key, None, definition).stored
        for kind, found in definitions.items()
        for key, definition in found.items()
    ]
    return {"tenant": tenant_id, "id": new_id(), "changes": Jsonb(changes)}


_INSERT = """
INSERT INTO tenants (id, slug, name, language, time_zone, currency, quotas, canary, config_version, created_at)
VALUES (%(id)s, %(slug)s, %(name)s, %(language)s, %(time_zone)s, %(currency)s, %(quotas)s, %(canary)s, 1, now())
"""
_INSERT_DEFINITIONS = """
INSERT INTO definitions (tenant_id, kind, key, body)
SELECT %(tenant)s, e.kind, e.key, e.body FROM jsonb_to_recordset(%(entries)s) AS e(kind text, key text, body jsonb)
"""
_INSERT_CHANGE_SET = """
INSERT INTO change_sets (tenant_id, id, version, author_kind, author_name, comment, changes, created_at)
VALUES (%(tenant)s, %(id)s, 1, 'system', 'orderloom', '', %(changes)s, now())
"""
_INSERT_TEMPLATE = "INSERT INTO template_steps (tenant_id, version, template) VALUES (%(tenant)s, 1, %(template)s)"
# Of no records, an index is complete from the start.
_INSERT_INDEXES = """
INSERT INTO field_indexes (tenant_id, id, field, state)
SELECT %(tenant)s, e.id, e.key, 'ready' FROM unnest(%(ids)s::uuid[], %(keys)s::text[]) AS e(id, key)
"""


async def list_companies(database: Database) -> list[dict[str, Any]]:
    """All tenants, by slug: the operator's view."""
    async with database.connection() as connection:
        cursor = await connection.execute(
            "SELECT id, slug, name, language, config_version FROM tenants WHERE NOT canary ORDER BY slug"
        )
        return await cursor.fetchall()


async def company_id(database: Database, slug: str) -> UUID:
    """The tenant of that slug. Raises ``LookupError``."""
    async with database.connection() as connection:
        row = await (
            await connection.execute("SELECT id FROM tenants WHERE slug = %(slug)s AND NOT canary", {"slug": slug})
        ).fetchone()
    if row is None:
        raise LookupError(slug)
    return UUID(str(row["id"]))
