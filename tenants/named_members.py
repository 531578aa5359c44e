"""Fields of the company's own that lead to members: which records name somebody there, and naming another in their place."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from tenants.aggregates import CUSTOMER, ORDER, PRODUCT, Aggregate, Record
from tenants.config.own_attributes import target_of
from tenants.config.snapshot import TenantConfig
from tenants.problems import InvalidInput
from tenants.transaction import Transaction

AGGREGATES: Mapping[str, Aggregate] = {aggregate.record_type: aggregate for aggregate in (ORDER, CUSTOMER, PRODUCT)}

Keys = Mapping[str, Sequence[str]]


def member_fields(config: TenantConfig, chosen: Collection[str] = ()) -> Keys:
    """The keys of the fields that lead to members, by record type; where some are ``chosen``, as ``<record type>.<key>``, of these alone."""
    found: dict[str, list[str]] = {}
    for name in AGGREGATES:
        for key, definition in config.fields.get(name, {}).items():
            if target_of(definition) == "member" and (not chosen or f"{name}.{key}" in chosen):
                found.setdefault(name, []).append(key)
    return found


def fields_meant(config: TenantConfig, fields: Sequence[str]) -> Keys:
    """The same of the fields that an input names. Raises :class:`InvalidInput` for one that leads to no members."""
    for place, field in enumerate(fields):
        name, _, key = field.partition(".")
        if key not in member_fields(config).get(name, ()):
            every = (f"{other}.{each}" for other, keys in member_fields(config).items() for each in keys)
            raise InvalidInput.at(
                ("fields", place), "people.no_member_field", field=field, fields=", ".join(every) or "-"
            )
    return member_fields(config, fields)


async def count_named(tx: Transaction, member_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many records name each of the members."""
    keys = member_fields(tx.config)
    if not keys:
        return {}
    named = " UNION ".join(f"SELECT l.value, l.record_id {_rows(name)} AND l.value = ANY(%(ids)s)" for name in keys)
    rows = await tx.fetch_all(
        f"SELECT value AS member_id, count(*) AS found FROM ({named}) n GROUP BY value",  # noqa: S608  (SQL of ours; values are parameters)
        ids=list(member_ids),
        **_scope(keys),
    )
    return {row["member_id"]: row["found"] for row in rows}


async def next_named(
    tx: Transaction, keys: Keys, member_id: UUID, through: UUID | None, most: int
) -> Sequence[Mapping[str, Any]]:
    """The next records that name the member, in the order of their ids: ``id`` and ``record_type`` of each."""
    if not keys:
        return []
    named = " UNION ".join(
        f"SELECT '{name}' AS record_type, l.record_id AS id {_rows(name)} AND l.value = %(member)s" for name in keys
    )
    return await tx.fetch_all(
        f"SELECT * FROM ({named}) n WHERE %(through)s::uuid IS NULL OR id > %(through)s::uuid ORDER BY id LIMIT %(most)s",  # noqa: S608  (SQL of ours; values are parameters)
        member=member_id,
        through=through,
        most=most,
        **_scope(keys),
    )


def _rows(name: str) -> str:
    """FROM and WHERE of the links of records of a type that may still be changed."""
    standing = (
        " JOIN orders o ON o.tenant_id = l.tenant_id AND o.id = l.record_id AND o.voided_at IS NULL"
        if name == ORDER.record_type
        else ""
    )
    return f"FROM {name}_links l{standing} WHERE l.tenant_id = %(tenant)s AND l.field = ANY(%({name}_fields)s)"


def _scope(keys: Keys) -> dict[str, Any]:
    return {f"{name}_fields": list(fields) for name, fields in keys.items()}


def rename(record: Record, keys: Sequence[str], giver: UUID, receiver: UUID) -> bool:
    """Let the record name the one in place of the other, who is named once where both were; whether anything changes."""
    custom, old, new = dict(record.row["custom"]), str(giver), str(receiver)
    for key in keys:
        value = custom.get(key)
        if isinstance(value, list):
            custom[key] = list(dict.fromkeys(new if each == old else each for each in value))
        elif value == old:
            custom[key] = new
    changed: bool = custom != record.row["custom"]
    record.row["custom"] = custom
    return changed
