"""What a company says of its identity providers: kept, changed, removed and tried.

Whoever sets a provider up can have it vouch for anybody. So the roles that it gives hold no right that they lack themselves, and only who has
all rights lets it find members by their address; owners sign in by it only where an owner says so, and then only owners change it.
The secret is written and never read.
"""

import re
from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from psycopg.types.json import Jsonb

from tenants.audit_log import About, record
from tenants.field_rights import told_rights
from tenants.forms import Form
from tenants.names import camel
from tenants.outgoing import NoAnswer
from tenants.problems import Conflict, InvalidInput, NotFound
from tenants.secrets import Secrets
from tenants.single_sign_on import settings
from tenants.single_sign_on.discovery import BadProvider, Discovery
from tenants.single_sign_on.id_tokens import ALGORITHMS, keys_for
from tenants.single_sign_on.joining import KINDS, OPENID_CONNECT, OWNER, SAML
from tenants.transaction import Transaction, new_id

RIGHT = "identity_provider.manage"
MOST_PROVIDERS = 20
_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_COLUMNS = (
    *(
        "name",
        "issuer",
        "client_id",
        "client_secret",
        "scopes",
        "domains",
        "default_roles",
        "role_claim",
        "role_mapping",
    ),
    *("creates_members", "links_by_email", "owners", "counts_as_second_factor", "enforced", "active"),
    *("sign_in_url", "certificates", "metadata_url", "email_claim", "name_claim"),
)

# Where a provider is: one that is somewhere else has to be tried first.
_WHERE = ("issuer", "sign_in_url", "metadata_url")

Row = dict[str, Any]

_LIST = "SELECT * FROM identity_providers WHERE tenant_id = %(tenant)s ORDER BY key"
_LOCK = "SELECT * FROM identity_providers WHERE tenant_id = %(tenant)s AND id = %(id)s FOR UPDATE"
_INSERT = f"""
INSERT INTO identity_providers (tenant_id, id, key, kind, {", ".join(_COLUMNS)}, created_at, updated_at)
VALUES (%(tenant)s, %(id)s, %(key)s, %(kind)s, {", ".join(f"%({name})s" for name in _COLUMNS)}, %(now)s, %(now)s)
"""  # noqa: S608  (SQL of ours; values are parameters)
_UPDATE = f"""
UPDATE identity_providers SET {", ".join(f"{name} = %({name})s" for name in _COLUMNS)}, version = version + 1, updated_at = %(now)s
WHERE tenant_id = %(tenant)s AND id = %(id)s
"""  # noqa: S608  (SQL of ours; values are parameters)
_REMOVE = "DELETE FROM identity_providers WHERE tenant_id = %(tenant)s AND id = %(id)s"
# Whoever came in by a provider that is not to be believed any more goes out again.
_END_SESSIONS = """
UPDATE sessions SET revoked_at = %(now)s WHERE tenant_id = %(tenant)s AND provider_id = %(id)s AND revoked_at IS NULL
"""
_PASSWORDS = """
UPDATE tenants SET passwords_off = EXISTS (SELECT 1 FROM identity_providers p
                                           WHERE p.tenant_id = %(tenant)s AND p.active AND p.enforced)
WHERE id = %(tenant)s RETURNING passwords_off
"""
# Whoever came in with a password where none counts goes out; they are told why at their next request (``tenants.callers``).
_END_OTHERS = """
UPDATE sessions s SET revoked_at = %(now)s FROM members m
WHERE s.tenant_id = %(tenant)s AND s.provider_id IS NULL AND s.revoked_at IS NULL
  AND m.tenant_id = s.tenant_id AND m.id = s.member_id AND NOT 'owner' = ANY(m.roles)
"""


async def list_providers(tx: Transaction) -> list[Row]:
    """The company's providers, by key. Raises :class:`NotAllowed`."""
    tx.access.require(RIGHT)
    return await tx.fetch_all(_LIST)


async def may_manage(tx: Transaction) -> None:
    """Raises :class:`NotAllowed`."""
    tx.access.require(RIGHT)


async def create_provider(tx: Transaction, kept: Secrets, values: Mapping[str, Any]) -> Row:
    """A new provider. Raises :class:`NotAllowed`, :class:`InvalidInput`, and :class:`Conflict` where a secret is given and the
    operator has set no key to encrypt it with."""
    tx.access.require(RIGHT)
    known = await tx.fetch_all(_LIST)
    row: Row = {"id": new_id(), "version": 1, "active": True, "client_secret": None, "role_mapping": {}}
    form = Form(values, row)
    form.text("key", required=True, longest=40)
    if row["key"] and not _KEY.fullmatch(row["key"]):
        form.fail("key", "single_sign_on.bad_key")
    if row["key"] in {other["key"] for other in known}:
        form.fail("key", "value.taken", value=row["key"])
    if len(known) >= MOST_PROVIDERS:
        form.fail("key", "single_sign_on.too_many", most=MOST_PROVIDERS)
    form.choice("kind", KINDS, OPENID_CONNECT)
    settings.take(form, kept)
    _guard(tx, form, None)
    if row["enforced"]:
        form.fail("enforced", "single_sign_on.enforce_later")
    form.finish()
    await tx.execute(_INSERT, **_stored(row), key=row["key"], kind=row["kind"], now=tx.now)
    await _changed(tx, row, None)
    return {**row, "created_at": tx.now, "updated_at": tx.now}


async def update_provider(
    tx: Transaction, kept: Secrets, provider_id: UUID | None, values: Mapping[str, Any], expected: int | None = None
) -> Row:
    """Change a provider; what is not given stays. One that is switched off, or another issuer's, ends the sessions it opened.

    Raises :class:`NotAllowed`, :class:`NotFound`, :class:`Conflict` and :class:`InvalidInput`.
    """
    tx.access.require(RIGHT)
    before = await _locked(tx, provider_id, expected)
    row = dict(before)
    form = Form(values, row)
    settings.take(form, kept)
    _guard(tx, form, before)
    if row["enforced"] and not before["enforced"] and any(row[name] != before[name] for name in _WHERE):
        form.fail("enforced", "single_sign_on.enforce_later")
    form.finish()
    if row == before:
        return row
    await tx.execute(_UPDATE, **_stored(row), now=tx.now)
    if row["issuer"] != before["issuer"] or not row["active"]:
        await tx.execute(_END_SESSIONS, id=row["id"], now=tx.now)
    await _changed(tx, row, before)
    return {**row, "version": before["version"] + 1, "updated_at": tx.now}


async def remove_provider(tx: Transaction, provider_id: UUID | None, expected: int | None = None) -> UUID:
    """Forget a provider; the sessions it opened end. Who is who there stays known, should it come back.

    Raises :class:`NotAllowed`, :class:`NotFound`, :class:`Conflict` and :class:`InvalidInput`.
    """
    tx.access.require(RIGHT)
    row = await _locked(tx, provider_id, expected)
    form = Form({}, dict(row))
    _guard_owners(tx, form, row)
    form.finish()
    await tx.execute(_REMOVE, id=row["id"])
    await tx.execute(_END_SESSIONS, id=row["id"], now=tx.now)
    await _changed(tx, None, row)
    return UUID(str(row["id"]))


async def provider_of(tx: Transaction, provider_id: UUID | None) -> Row:
    """One of the company's providers. Raises :class:`NotAllowed` and :class:`NotFound`."""
    tx.access.require(RIGHT)
    return await _locked(tx, provider_id, None)


async def require_usable(discovery: Discovery, row: Row, language: str) -> None:
    """Raise :class:`InvalidInput` (``enforced``) for a provider that cannot be used now, and that nobody needs to sign in by yet: from then on
    nobody but owners could."""
    found = [] if row["enforced"] else await complaints(discovery, row, language)
    if found:
        raise InvalidInput.at(("enforced",), "single_sign_on.not_usable", problems=" ".join(found))


async def complaints(discovery: Discovery, row: Row, language: str) -> list[str]:
    """What is wrong with what the provider says of itself, read anew, in plain words; nothing where it can be used."""
    try:
        if row["kind"] == SAML:
            await settings.require_usable(discovery, row)
            return []
        metadata = await discovery.metadata(row["issuer"], fresh=True)
        keys = await discovery.keys(metadata)
    except (NoAnswer, BadProvider) as problem:
        return [problem.text(language)]
    if not any(keys_for(keys, {"alg": algorithm}) for algorithm in ALGORITHMS):
        return [BadProvider("single_sign_on.no_keys", address=metadata.jwks_uri).text(language)]
    return []


async def _locked(tx: Transaction, provider_id: UUID | None, expected: int | None) -> Row:
    row = await tx.fetch_one(_LOCK, id=provider_id)
    if row is None:
        raise NotFound("identity_provider", provider_id)
    if expected not in (None, row["version"]):
        raise Conflict("stale_version", type="identity_provider", expected=expected, actual=row["version"])
    return row


def _guard(tx: Transaction, form: Form, before: Row | None) -> None:
    """What a provider may do, whoever changes it may do too."""
    row, policy = form.row, tx.config.policy
    _guard_owners(tx, form, before)
    # A role that was removed since it was named gives nothing, and is no reason to refuse another change.
    known = {
        *policy.roles,
        *(before["default_roles"] if before else ()),
        *(before["role_mapping"].values() if before else ()),
    }
    places = {"defaultRoles": row["default_roles"], "roleMapping": tuple(row["role_mapping"].values())}
    for name, roles in places.items():
        for role in dict.fromkeys(roles):
            if role == OWNER:
                form.fail(name, "limit.owner_grant")
            elif role not in known:
                form.fail(name, "config.unknown_role", role=role)
        gained = policy.access(role for role in roles if role != OWNER).beyond(tx.access)
        if gained:
            form.fail(name, "limit.role_grant", rights=told_rights(gained))
    if row["links_by_email"] and (gained := policy.access(("admin",)).beyond(tx.access)):
        form.fail("linksByEmail", "limit.role_grant", rights=told_rights(gained))
    if row["creates_members"] and not row["default_roles"] and not (row["role_claim"] and row["role_mapping"]):
        form.fail("defaultRoles", "single_sign_on.roles_wanted")


def _guard_owners(tx: Transaction, form: Form, before: Row | None) -> None:
    if OWNER not in tx.actor.roles and (form.row["owners"] or (before is not None and before["owners"])):
        form.fail("owners", "single_sign_on.owners")


def _stored(row: Row) -> Row:
    return {"id": row["id"], **{name: row[name] for name in _COLUMNS}, "role_mapping": Jsonb(row["role_mapping"])}


async def _changed(tx: Transaction, after: Row | None, before: Row | None) -> None:
    """Let what holds for sign-ins follow, and write down who changed it; of the secret only whether there is another."""
    company = await tx.fetch_one(_PASSWORDS)
    if company is not None and company["passwords_off"]:
        await tx.execute(_END_OTHERS, now=tx.now)
    told = ("key", "kind", *_COLUMNS)
    old, new = _told(before), _told(after)
    data = {camel(name): (old.get(name), new.get(name)) for name in told if old.get(name) != new.get(name)}
    await record(tx, "provider_changed", data, about=About("identity_provider", cast(Row, after or before)["id"]))


def _told(row: Row | None) -> Row:
    if row is None:
        return {}
    return {**row, "client_secret": None if row["client_secret"] is None else "***"}
