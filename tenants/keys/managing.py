"""Making keys of programs, giving them new secrets, and ending them. Only people can."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from tenants.actors import KEY
from tenants.audit_log import About, record
from tenants.callers import token_hash
from tenants.field_rights import told_rights
from tenants.forms import Form
from tenants.keys.narrowing import RECORD_TYPES, Narrowing, narrowed, network_of
from tenants.keys.secret import hint, new_secret
from tenants.problems import Conflict, LimitExceeded, NotFound
from tenants.transaction import Transaction, new_id

USUAL_DAYS, MOST_DAYS = 365, 730
USUAL_OVERLAP_HOURS, MOST_OVERLAP_HOURS = 24, 7 * 24
MOST_KEYS = 100
MOST_NETWORKS = 20
LONGEST_NAME = 100

_OPEN = """
INSERT INTO sessions (token_hash, tenant_id, key_id, created_at, expires_at)
VALUES (%(hash)s, %(tenant)s, %(id)s, now(), %(expires)s)
"""
_END_SECRETS = """
UPDATE sessions SET expires_at = least(expires_at, now() + %(overlap)s::interval),
                    revoked_at = CASE WHEN %(overlap)s::interval = interval '0' THEN coalesce(revoked_at, now()) ELSE revoked_at END
WHERE tenant_id = %(tenant)s AND key_id = %(id)s AND revoked_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Made:
    """A key with its new secret, which is told once."""

    id: UUID
    secret: str


async def create_key(tx: Transaction, values: Mapping[str, Any]) -> Made:
    """A key: ``name``, ``roles``, and what it is narrowed to (``rights``, ``recordTypes``, ``readOnly``, ``networks``), for
    ``validDays``.

    Raises :class:`NotAllowed` (key.create), :class:`InvalidInput`, also for a right that whoever makes it lacks, and
    :class:`LimitExceeded`.
    """
    tx.access.require("key.create")
    row: dict[str, Any] = {"id": new_id()}
    form = Form(values, row)
    form.text("name", required=True, longest=LONGEST_NAME)
    for name in ("roles", "rights", "recordTypes", "networks"):
        form.value(name, "tags", default=[])
    form.value("readOnly", "boolean", default=False)
    days = _within(form, "validDays", USUAL_DAYS, 1, MOST_DAYS)
    _check_roles(tx, form)
    _check_scopes(form)
    form.finish()
    await _check_count(tx)
    secret = new_secret()
    row |= {
        "hint": hint(secret),
        "created_by_id": tx.caller.member_id,
        "created_by_name": tx.actor.name,
        "created_at": tx.now,
        "expires_at": tx.now + timedelta(days=days),
        "revoked_at": None,
    }
    await tx.insert("api_keys", row)
    await tx.execute(_OPEN, hash=token_hash(secret), id=row["id"], expires=row["expires_at"])
    told = {name: row[name] for name in ("name", "roles", "rights", "networks", "hint") if row[name]}
    told |= {"recordTypes": row["record_types"] or None, "readOnly": row["read_only"] or None}
    await record(tx, "key_created", {**told, "expiresAt": row["expires_at"].isoformat()}, about=About(KEY, row["id"]))
    return Made(row["id"], secret)


async def rotate_key(tx: Transaction, key_id: UUID | None, values: Mapping[str, Any]) -> Made:
    """A new secret for a key; those before hold for ``overlapHours`` more. With ``validDays`` it is valid for so long from now on.

    Raises :class:`NotAllowed` (key.update), :class:`NotFound`, :class:`InvalidInput`, and :class:`Conflict` for a key that has ended.
    """
    tx.access.require("key.update")
    row = await _load(tx, key_id)
    form = Form(values, dict(row))
    hours = _within(form, "overlapHours", USUAL_OVERLAP_HOURS, 0, MOST_OVERLAP_HOURS)
    days = _within(form, "validDays", None, 1, MOST_DAYS)
    # Whoever has the new secret has all that the key may do.
    _check_gain(tx, form, row["roles"], Narrowing.of(row))
    form.finish()
    expires = tx.now + timedelta(days=days) if days else row["expires_at"]
    if expires <= tx.now:
        raise Conflict("key.over")
    secret = new_secret()
    await tx.execute(_END_SECRETS, id=key_id, overlap=timedelta(hours=hours))
    await tx.execute(_OPEN, hash=token_hash(secret), id=key_id, expires=expires)
    await tx.execute(
        "UPDATE api_keys SET hint = %(hint)s, expires_at = %(expires)s WHERE tenant_id = %(tenant)s AND id = %(id)s",
        id=key_id,
        hint=hint(secret),
        expires=expires,
    )
    told = {"hint": (row["hint"], hint(secret)), "overlapHours": hours, "expiresAt": expires.isoformat()}
    await record(tx, "key_rotated", told, about=About(KEY, row["id"]))
    return Made(row["id"], secret)


async def revoke_key(tx: Transaction, key_id: UUID | None) -> UUID:
    """End a key: each of its secrets is refused from the next request on, in every process.

    Raises :class:`NotAllowed` (key.update), :class:`NotFound`, and :class:`Conflict` for a key that has ended.
    """
    tx.access.require("key.update")
    row = await _load(tx, key_id)
    await tx.execute(
        "UPDATE api_keys SET revoked_at = %(now)s WHERE tenant_id = %(tenant)s AND id = %(id)s", id=key_id, now=tx.now
    )
    await tx.execute(_END_SECRETS, id=key_id, overlap=timedelta())
    await record(tx, "key_revoked", {"name": row["name"]}, about=About(KEY, row["id"]))
    return UUID(str(row["id"]))


async def _load(tx: Transaction, key_id: UUID | None) -> Mapping[str, Any]:
    row = await tx.fetch_one(
        "SELECT * FROM api_keys WHERE tenant_id = %(tenant)s AND id = %(id)s::uuid FOR UPDATE", id=key_id
    )
    if row is None:
        raise NotFound("api_key", key_id)
    if row["revoked_at"] is not None:
        raise Conflict("key.over")
    return row


async def _check_count(tx: Transaction) -> None:
    counted = await tx.fetch_one(
        "SELECT count(*) AS found FROM api_keys WHERE tenant_id = %(tenant)s AND revoked_at IS NULL AND expires_at > now()"
    )
    if counted is not None and counted["found"] >= MOST_KEYS:
        raise LimitExceeded("key.too_many", most=MOST_KEYS)


def _within(form: Form, name: str, usual: int | None, least: int, most: int) -> Any:
    value = form.values.get(name)
    if value is None:
        return usual
    if not least <= value <= most:
        form.fail(name, "key.not_within", least=least, most=most)
    return value


def _check_roles(tx: Transaction, form: Form) -> None:
    row, policy = form.row, tx.config.policy
    if not row["roles"]:
        form.fail("roles", "value.required")
    for role in row["roles"]:
        if role not in policy.roles:
            form.fail("roles", "config.unknown_role", role=role)
    if "owner" in row["roles"] and "owner" not in tx.actor.roles:
        form.fail("roles", "limit.owner_grant")
    possible = narrowed(policy.access(row["roles"]), Narrowing()).rights
    for right in row["rights"]:
        if right not in possible:
            form.fail("rights", "key.right_beyond", right=right)
    _check_gain(tx, form, row["roles"], Narrowing.of(row))
    useless = narrowed(policy.access(row["roles"]), Narrowing.of(row)).of_members()
    if any(right.endswith(".read") for right in useless):
        form.fail("roles", "key.of_members", rights=", ".join(useless))


def _check_gain(tx: Transaction, form: Form, roles: list[str], narrowing: Narrowing) -> None:
    """Nobody makes a key that may do what they may not."""
    gained = narrowed(tx.config.policy.access(roles), narrowing).beyond(tx.access)
    if gained:
        form.fail("roles", "limit.role_grant", rights=told_rights(gained))


def _check_scopes(form: Form) -> None:
    for name in form.row["record_types"]:
        if name not in RECORD_TYPES:
            form.fail("recordTypes", "value.not_option", value=name, options=", ".join(RECORD_TYPES))
    if len(form.row["networks"]) > MOST_NETWORKS:
        form.fail("networks", "value.too_many", count=len(form.row["networks"]), most=MOST_NETWORKS)
    for text in form.row["networks"]:
        try:
            network_of(text)
        except ValueError:
            form.fail("networks", "key.not_network", value=text)
