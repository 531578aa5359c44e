"""Tenants: founding a company, and what the operator may list."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

import psycopg
from psycopg.types.json import Jsonb

from tenants.config.change_sets import Change
from tenants.config.checks import check
from tenants.config.definitions import LANGUAGES, CustomField, Definition
from tenants.config.documents import stored
from tenants.config.shipped_templates import DEFAULT_TEMPLATE, read_template
from tenants.config.snapshot import TenantConfig
from tenants.database import ENTER, Database
from tenants.field_types.currencies import CURRENCIES
from tenants.passwords import hash_password
from tenants.people import add_member, find_or_create_user
from tenants.problems import FieldError, InvalidInput
from tenants.transaction import new_id, translated

SLUG = re.compile(r"[a-z][a-z0-9-]{1,39}")


@dataclass(frozen=True, slots=True)
class NewCompany:
    """What a company begins with. ``template`` is the name of a configuration document that ships with the product."""

    slug: str
    name: str
    owner_email: str
    owner_name: str
    owner_password: str
    language: str = "en"
    time_zone: str = "UTC"
    currency: str = "EUR"
    template: str = DEFAULT_TEMPLATE


async def create_company(database: Database, company: NewCompany) -> UUID:
    """Found a company with its owner and its template, all or nothing. Raises :class:`InvalidInput`."""
    errors = list(_errors(company))
    if errors:
        raise InvalidInput(errors)
    definitions = read_template(company.template)
    tenant_id = new_id()
    about = (company.owner_email, company.owner_name, company.name)
    password = await hash_password(company.owner_password, about=about)
    async with database.connection() as connection:
        try:
            async with connection.transaction():
                await connection.execute(ENTER, {"tenant": tenant_id})
                await connection.execute(_INSERT, {"id": tenant_id, **_columns(company)})
                await connection.execute(_INSERT_CHANGE_SET, _founding(tenant_id, definitions))
                await connection.execute(_INSERT_TEMPLATE, {"tenant": tenant_id, "template": company.template})
                for kind, found in definitions.items():
                    for key, definition in found.items():
                        parameters = {"tenant": tenant_id, "kind": kind, "key": key, "body": stored(definition)}
                        await connection.execute(_INSERT_DEFINITION, parameters)
                        if isinstance(definition, CustomField) and definition.is_indexed:
                            await connection.execute(_INSERT_INDEX, {"tenant": tenant_id, "id": new_id(), "key": key})
                user_id = await find_or_create_user(connection, company.owner_email, company.owner_name, password)
                await add_member(
                    connection, tenant_id, user_id, company.owner_name, company.owner_email, ["owner"], company.language
                )
        except psycopg.Error as error:
            if (problem := translated(error, {"tenants": _columns(company)})) is error:
                raise
            raise problem from error
    return tenant_id


def _errors(company: NewCompany) -> list[FieldError]:
    errors = []
    if not SLUG.fullmatch(company.slug):
        errors.append(FieldError(("slug",), "limit.slug", {"slug": company.slug}))
    if not company.name.strip():
        errors.append(FieldError(("name",), "value.required"))
    if company.language not in LANGUAGES:
        options = ", ".join(LANGUAGES)
        errors.append(FieldError(("language",), "value.not_option", {"value": company.language, "options": options}))
    if company.time_zone not in available_timezones():
        options = "Europe/Berlin, Asia/Shanghai, UTC, …"
        errors.append(FieldError(("timeZone",), "value.not_option", {"value": company.time_zone, "options": options}))
    if company.currency not in CURRENCIES:
        errors.append(FieldError(("currency",), "value.not_currency", {"value": company.currency}))
    return errors


def _columns(company: NewCompany) -> dict[str, Any]:
    return {
        "slug": company.slug,
        "name": company.name.strip(),
        "language": company.language,
        "time_zone": company.time_zone,
        "currency": company.currency,
    }


def _founding(tenant_id: UUID, definitions: Mapping[str, Mapping[str, Definition]]) -> dict[str, Any]:
    """The first change set: everything that the template brings."""
    changes = [
        Change(kind, key, None, definition).stored
        for kind, found in definitions.items()
        for key, definition in found.items()
    ]
    return {"tenant": tenant_id, "id": new_id(), "changes": Jsonb(changes)}


def check_template(name: str) -> list[FieldError]:
    """All that is unsound in a shipped template; the tests hold each to none."""
    definitions = read_template(name)
    empty: dict[str, dict[str, Definition]] = {kind: {} for kind in definitions}
    config = TenantConfig("en", "UTC", "EUR", empty)
    return check(config, definitions, None)


_INSERT = """
INSERT INTO tenants (id, slug, name, language, time_zone, currency, config_version, created_at)
VALUES (%(id)s, %(slug)s, %(name)s, %(language)s, %(time_zone)s, %(currency)s, 1, now())
"""
_INSERT_DEFINITION = """
INSERT INTO definitions (tenant_id, kind, key, body) VALUES (%(tenant)s, %(kind)s, %(key)s, %(body)s)
"""
_INSERT_CHANGE_SET = """
INSERT INTO change_sets (tenant_id, id, version, author_kind, author_name, comment, changes, created_at)
VALUES (%(tenant)s, %(id)s, 1, 'system', 'orderloom', '', %(changes)s, now())
"""
_INSERT_TEMPLATE = "INSERT INTO template_steps (tenant_id, version, template) VALUES (%(tenant)s, 1, %(template)s)"
# Of no records, an index is complete from the start.
_INSERT_INDEX = """
INSERT INTO field_indexes (tenant_id, id, field, state) VALUES (%(tenant)s, %(id)s, %(key)s, 'ready')
"""


async def list_companies(database: Database) -> list[dict[str, Any]]:
    """All tenants, by slug: the operator's view."""
    async with database.connection() as connection:
        cursor = await connection.execute("SELECT id, slug, name, language, config_version FROM tenants ORDER BY slug")
        return await cursor.fetchall()


async def company_id(database: Database, slug: str) -> UUID:
    """The tenant of that slug. Raises ``LookupError``."""
    async with database.connection() as connection:
        row = await (
            await connection.execute("SELECT id FROM tenants WHERE slug = %(slug)s", {"slug": slug})
        ).fetchone()
    if row is None:
        raise LookupError(slug)
    return UUID(str(row["id"]))
