"""How many records, members and private views hold what a change of the configuration is about."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from tenants.config.change_sets import Change
from tenants.config.checks import CHECKS
from tenants.config.checks.base import Reference
from tenants.config.checks.references import links_of
from tenants.config.definitions import CustomField, View, split_field_key
from tenants.field_values.slots import stored_name
from tenants.records import CUSTOMISABLE, REGISTRY
from tenants.transaction import Transaction

# Values that several records share which are named.
NAMED = 3
_NAMING_ROLES = """
SELECT r.key,
  (SELECT count(*) FROM api_keys k WHERE k.tenant_id = %(tenant)s AND k.revoked_at IS NULL AND k.expires_at > now()
     AND r.key = ANY(k.roles)) AS keys,
  (SELECT count(*) FROM identity_providers p WHERE p.tenant_id = %(tenant)s AND p.active AND (r.key = ANY(p.default_roles)
     OR EXISTS (SELECT FROM jsonb_each_text(p.role_mapping) m WHERE m.value = r.key))) AS providers,
  (SELECT count(*) FROM invitations i WHERE i.tenant_id = %(tenant)s AND i.state = 'open' AND i.expires_at > now()
     AND r.key = ANY(i.roles)) AS invitations
FROM unnest(%(roles)s::text[]) r(key)
"""


@dataclass(frozen=True)
class Use:
    """How many records hold what the changes are about.

    ``records`` by type; ``fields``, ``statuses``, ``types``, ``reasons``, ``members`` and ``runs`` by key; ``open_orders`` are those of a status that
    are not void; ``options`` by field and option, ``doubled`` values by field, ``private_views`` by what they need; ``elsewhere`` is what else
    than members names a role that goes, by role and kind.
    """

    records: Mapping[str, int]
    fields: Mapping[str, int]
    options: Mapping[tuple[str, str], int]
    doubled: Mapping[str, Sequence[Mapping[str, Any]]]
    statuses: Mapping[str, int]
    open_orders: Mapping[str, int]
    types: Mapping[str, int]
    reasons: Mapping[str, int]
    members: Mapping[str, int]
    runs: Mapping[str, int]
    private_views: Mapping[tuple[str, str], int]
    elsewhere: Mapping[str, Mapping[str, int]]

    @classmethod
    async def counted(cls, tx: Transaction, todo: Sequence[Change]) -> "Use":
        fields = [change for change in todo if change.kind == "field" and change.before is not None]
        kinds = {change.kind for change in todo if change.before is not None}
        statuses = await _orders_by(tx, "status") if "status" in kinds else {}
        return cls(
            records=await _records(tx, {split_field_key(change.key)[0] for change in fields}),
            fields=await _values(tx, fields),
            options={
                (change.key, option): await _with_option(tx, change.key, option)
                for change in fields
                for option in archived_options(change)
            },
            doubled={
                change.key: await _doubled(tx, change.key)
                for change in fields
                if turned_on(change, "unique") and tx.access.reads_all()
            },
            statuses={key: found for key, (found, _) in statuses.items()},
            open_orders=Counter({key: found for key, (_, found) in statuses.items()}),
            types=await _counts(tx, "orders", "type") if "order_type" in kinds else {},
            reasons=await _counts(tx, "orders", "void_reason") if "void_reason" in kinds else {},
            # Members keep the keys of roles that are gone, and have those again that come back.
            members=await _members(tx) if any(change.kind == "role" for change in todo) else {},
            runs=await _counts(tx, "automation_runs", "automation") if "automation" in kinds else {},
            private_views=await _private_views(tx, todo),
            elsewhere=await _elsewhere(
                tx, [change.key for change in todo if change.kind == "role" and change.takes_away]
            ),
        )

    def of(self, change: Change) -> int:
        """How many hold the definition of the change."""
        counts = {
            "field": self.fields,
            "status": self.statuses,
            "order_type": self.types,
            "void_reason": self.reasons,
            "role": self.members,
            "automation": self.runs,
        }
        return counts.get(change.kind, {}).get(change.key, 0)


def turned_on(change: Change, name: str) -> bool:
    """Whether the change switches a property on."""
    return bool(getattr(change.after, name, False)) and not getattr(change.before, name, False)


def archived_options(change: Change) -> list[str]:
    """Options that can be chosen no more after the change."""
    before, after = change.before, change.after
    if not isinstance(before, CustomField) or not isinstance(after, CustomField):
        return []
    return [option for option in before.open_options if option not in after.open_options]


def archived_references(change: Change) -> list[Reference]:
    """The same options, as other definitions refer to them."""
    return [("option", f"{change.key}.{option}") for option in archived_options(change)]


async def _records(tx: Transaction, record_types: Iterable[str]) -> dict[str, int]:
    found = {}
    for name in record_types:
        row = await tx.fetch_one(f"SELECT count(*) AS found FROM {_table(name)} WHERE tenant_id = %(tenant)s")
        found[name] = row["found"] if row else 0
    return found


async def _values(tx: Transaction, fields: Sequence[Change]) -> dict[str, int]:
    """How many records have a value, by the field's key in the document."""
    names: dict[str, dict[str, str]] = defaultdict(dict)
    for change in fields:
        names[split_field_key(change.key)[0]][_stored(tx, change.key)] = change.key
    found = {}
    for record_type, wanted in names.items():
        rows = await tx.fetch_all(
            f"SELECT k.key, count(*) AS found FROM {_table(record_type)} o, unnest(%(names)s::text[]) k(key)"
            " WHERE o.tenant_id = %(tenant)s AND o.custom->>k.key IS NOT NULL GROUP BY k.key",
            names=list(wanted),
        )
        found.update({wanted[row["key"]]: row["found"] for row in rows})
    return found


def _stored(tx: Transaction, key: str) -> str:
    """The name under which a field's values are stored."""
    return stored_name(split_field_key(key)[1], is_swapped=key in tx.config.swapped_fields)


async def _with_option(tx: Transaction, key: str, option: str) -> int:
    record_type, name = split_field_key(key)[0], _stored(tx, key)
    row = await tx.fetch_one(
        f"SELECT count(*) AS found FROM {_table(record_type)} o"
        " WHERE o.tenant_id = %(tenant)s AND o.custom->%(name)s::text ? %(option)s::text",
        name=name,
        option=option,
    )
    return row["found"] if row else 0


async def _doubled(tx: Transaction, key: str) -> list[dict[str, Any]]:
    record_type, name = split_field_key(key)[0], _stored(tx, key)
    return await tx.fetch_all(
        "SELECT value, found, count(*) OVER () AS values FROM ("
        f"SELECT o.custom->>%(name)s::text AS value, count(*) AS found FROM {_table(record_type)} o"
        " WHERE o.tenant_id = %(tenant)s AND o.custom->>%(name)s::text IS NOT NULL GROUP BY 1 HAVING count(*) > 1) d"
        " ORDER BY found DESC, value LIMIT %(named)s::integer",
        name=name,
        named=NAMED,
    )


async def _orders_by(tx: Transaction, column: str) -> dict[str, tuple[int, int]]:
    """How many orders there are of each value, and how many of these are not void."""
    rows = await tx.fetch_all(
        f"SELECT {column} AS key, count(*) AS found, count(*) FILTER (WHERE voided_at IS NULL) AS open"
        " FROM orders WHERE tenant_id = %(tenant)s GROUP BY 1"
    )
    return {row["key"]: (row["found"], row["open"]) for row in rows}


async def _counts(tx: Transaction, table: str, column: str) -> dict[str, int]:
    rows = await tx.fetch_all(
        f"SELECT {column} AS key, count(*) AS found FROM {table}"
        f" WHERE tenant_id = %(tenant)s AND {column} IS NOT NULL GROUP BY 1"
    )
    return {row["key"]: row["found"] for row in rows}


async def _members(tx: Transaction) -> dict[str, int]:
    rows = await tx.fetch_all(
        "SELECT r.key, count(*) AS found FROM members m, unnest(m.roles) r(key)"
        " WHERE m.tenant_id = %(tenant)s AND m.active GROUP BY 1"
    )
    return {row["key"]: row["found"] for row in rows}


async def _elsewhere(tx: Transaction, roles: Sequence[str]) -> dict[str, dict[str, int]]:
    rows = await tx.fetch_all(_NAMING_ROLES, roles=list(roles)) if roles else []
    return {row.pop("key"): row for row in rows}


async def _private_views(tx: Transaction, todo: Sequence[Change]) -> dict[tuple[str, str], int]:
    """How many views of members need what would go; whose, and which, is their own business."""
    leaving = {(change.kind, change.key) for change in todo if change.takes_away} | {
        reference for change in todo for reference in archived_references(change)
    }
    if not leaving:
        return {}
    fields = tx.config.definitions["field"]
    links = links_of(fields)
    names = {key.rpartition(".")[2] for _, key in leaving} | {
        shown.rpartition(".")[2] for shown, link in links.items() if ("field", link.field) in leaving
    }
    words = [pattern for name in sorted(names) for pattern in (f'%"{name}"%', f"%.{name}%")]
    rows = await tx.fetch_all(
        "SELECT body FROM private_views WHERE tenant_id = %(tenant)s AND body::text LIKE ANY (%(words)s::text[])",
        words=words,
    )
    counted: Counter[tuple[str, str]] = Counter()
    for row in rows:
        try:
            view = View.model_validate(row["body"])
        except ValidationError:
            continue
        counted.update(leaving.intersection(CHECKS["view"].references("", view, links)))
    return counted


def _table(record_type: str) -> str:
    return REGISTRY[record_type].table if record_type in CUSTOMISABLE else "orders"
