"""Message templates: Liquid, with limits, over plain values only. No Python object is ever within a template's reach."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

from liquid import BoundTemplate, Environment
from liquid.exceptions import LiquidError

from tenants.config.definitions import label
from tenants.config.snapshot import TenantConfig
from tenants.expressions import ComputedColumn
from tenants.field_rights import EVERY
from tenants.field_values.slots import turned
from tenants.names import nearest
from tenants.problems import Conflict, FieldError, NotFound
from tenants.transaction import Transaction


class _Limited(Environment):
    context_depth_limit = 10
    loop_iteration_limit = 1_000
    output_stream_limit = 100_000
    local_namespace_limit = 10_000


_ENVIRONMENT = _Limited()


@lru_cache(maxsize=1_000)
def _parsed(text: str) -> BoundTemplate:
    return _ENVIRONMENT.from_string(text)


# What a template can show of an order beside the company's own fields, and the parts of each.
SHOWN: Mapping[str, tuple[str, ...]] = {
    "number": (),
    "status": ("key", "label"),
    "total": ("amount", "currency"),
    "priority": (),
    "channel": (),
    "promisedAt": (),
    "orderedAt": (),
    "voidReason": (),
    "ownerId": (),
    "owner": ("name", "email", "language"),
    "customer": ("name", "email", "language"),
}
# Fields under another name than the one that a template says, and the parts that are fields of another record.
_FIELDS = {"ownerId": "owner"}
_OTHERS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "owner": ("member", {}),
    "customer": ("customer", {"email": "emails"}),
}
_PARTS = tuple(f"{name}.{part}" for name, parts in SHOWN.items() for part in parts)
# What Liquid says of any text or list.
_OF_ALL = ("size", "first", "last")
# Tags that would read another template, of which there are none.
_PARTIAL = ("include", "render")
_Names = tuple[tuple[Any, ...], ...]


@lru_cache(maxsize=1_000)
def _named(text: str) -> _Names:
    """The ways to what a template shows, each part by part; those of its own variables are left out."""
    return tuple(_fixed(way) for way in _parsed(text).global_variable_segments(include_partials=False))


def _fixed(way: Iterable[Any]) -> tuple[Any, ...]:
    """A way whose parts can be keys; one that is worked out, as in order.custom[x], is a way itself."""
    return tuple(_fixed(part) if isinstance(part, list) else part for part in way)


def template_errors(config: TenantConfig, name: str, texts: Mapping[str, str]) -> Iterator[FieldError]:
    """What is wrong with a template, which is given by language: its form, and what it names that is not there."""
    for language, text in texts.items():
        path = (name, language) if language else (name,)
        try:
            used = _parsed(text).analyze(include_partials=False)
            ways = _named(text)
        except (LiquidError, RecursionError) as error:
            yield FieldError(path, "config.bad_template", {"reason": " ".join(str(error).split())})
            continue
        for each in used.filters:
            if each not in _ENVIRONMENT.filters:
                near = nearest(each, _ENVIRONMENT.filters)
                yield _unknown(path, "filter", each, near, sorted(_ENVIRONMENT.filters))
        for each in used.tags:
            if each in _PARTIAL:
                yield FieldError(path, "template.no_partial", {"tag": each})
        known = (*SHOWN, *_PARTS, *(f"custom.{key}" for key in config.fields.get("order", {})))
        for way in dict.fromkeys(ways):
            if not _is_known(way, known):
                shown = ".".join(str(part) for part in way)
                near = nearest(shown.removeprefix("order."), known)
                yield _unknown(path, "field", shown, near and f"order.{near}", [f"order.{name}" for name in known])


def fields_shown(texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Object and path of each field that a template can show; one that ends in ``*`` stands for all that begin so, where it is not known
    before which is meant."""
    ways = {
        tuple(part if isinstance(part, str) else EVERY for part in (*way[1:3], None, None))
        for text in texts.values()
        for way in _named(text)
        if way[0] == "order"
    }
    for field, part, *_ in ways:
        if field == "custom":
            yield "order", f"custom.{part}"
            continue
        yield "order", _FIELDS.get(field, field)
        for other, (name, renamed) in _OTHERS.items():
            if field in (other, EVERY):
                yield from ((name, renamed.get(each, each)) for each in SHOWN[other] if part in (each, EVERY))


def _is_known(way: tuple[Any, ...], known: Collection[str]) -> bool:
    root, *parts = way
    if root != "order" or not parts:
        return bool(root == "order")
    field, *rest = parts
    if field == "custom":
        # What is worked out, as in order.custom[x], is not known before. Of the parts of a value each type has its own.
        return not rest or not isinstance(rest[0], str) or f"custom.{rest[0]}" in known
    if field not in SHOWN:
        return not isinstance(field, str)
    return not rest or rest[0] in (*SHOWN[field], *_OF_ALL) or not isinstance(rest[0], str)


def _unknown(path: tuple[str, ...], kind: str, name: str, near: str | None, known: Iterable[str]) -> FieldError:
    if near is not None:
        return FieldError(path, f"template.unknown_{kind}_near", {"name": name, "near": near})
    return FieldError(path, f"template.unknown_{kind}", {"name": name, "known": ", ".join(known)})


def own_fields(*templates: Mapping[str, str]) -> frozenset[str]:
    """The keys of the company's own fields that templates show."""
    ways = (way for texts in templates for text in texts.values() for way in _named(text))
    return frozenset(way[2] for way in ways if way[:2] == ("order", "custom") and len(way) > 2)


def render(texts: Mapping[str, str], language: str, values: Mapping[str, Any]) -> str:
    """The template in its reader's language, with its values filled in. Raises :class:`Conflict` when the template runs into a limit."""
    try:
        return _parsed(label(texts, language)).render(**values)
    except (LiquidError, RecursionError) as error:
        raise Conflict("config.bad_template", reason=" ".join(str(error).split())) from None


_ORDER = """
SELECT o.number, o.status, o.total, o.currency, o.priority, o.channel, o.promised_at, o.ordered_at, o.custom, o.void_reason,
       o.owner_id{columns}, m.name AS owner_name, m.email AS owner_email, m.language AS owner_language, c.name AS customer_name,
       c.language AS customer_language,
       (SELECT p.value FROM contact_points p WHERE p.tenant_id = o.tenant_id AND p.customer_id = c.id AND p.kind = 'email'
        ORDER BY p.position LIMIT 1) AS customer_email
FROM orders o
LEFT JOIN customers c ON c.tenant_id = o.tenant_id AND c.id = o.customer_id
LEFT JOIN members m ON m.tenant_id = o.tenant_id AND m.id = o.owner_id
WHERE o.tenant_id = %(tenant)s AND o.id = %(order)s
"""


async def load_order(tx: Transaction, order_id: UUID, own: Collection[str] = ()) -> dict[str, Any]:
    """An order as templates see it in the company's language: plain texts, names as in GraphQL. Of the company's ``own`` fields those
    that are worked out are worked out where they are named. Raises :class:`NotFound`."""
    attributes = tx.config.own.get("order", {})
    computed = {key: found for key in own if isinstance(found := attributes.get(key), ComputedColumn)}
    columns = "".join(f", {column.expression('o')} AS own_{key}" for key, column in computed.items())
    row = await tx.fetch_one(_ORDER.format(columns=columns), order=order_id)
    if row is None:
        raise NotFound("order", order_id)
    status = tx.config.all_statuses[row["status"]]
    return {
        "number": row["number"],
        "status": {"key": row["status"], "label": label(status.label, tx.config.language, row["status"])},
        "total": {"amount": format(row["total"], "f"), "currency": row["currency"]},
        "priority": row["priority"],
        "channel": row["channel"],
        "promisedAt": row["promised_at"].isoformat() if row["promised_at"] else None,
        "orderedAt": row["ordered_at"].isoformat(),
        "voidReason": row["void_reason"],
        "ownerId": row["owner_id"],
        "owner": {"name": row["owner_name"], "email": row["owner_email"], "language": row["owner_language"]},
        "customer": {
            "name": row["customer_name"],
            "email": row["customer_email"],
            "language": row["customer_language"],
        },
        "custom": {**turned(tx.config.swapped, "order", row)["custom"], **_worked_out(row, computed)},
    }


def _worked_out(row: Mapping[str, Any], computed: Mapping[str, ComputedColumn]) -> dict[str, Any]:
    found = {key: (column.type, row[f"own_{key}"]) for key, column in computed.items()}
    return {key: kind.store(value) for key, (kind, value) in found.items() if value is not None}


def for_reader(tx: Transaction, order: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The values of a template over that order, with labels in its reader's language."""
    key = order["status"]["key"]
    shown = label(tx.config.all_statuses[key].label, language, key)
    return {"order": {**order, "status": {"key": key, "label": shown}}}
