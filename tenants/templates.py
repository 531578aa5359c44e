"""Message templates: Liquid, with limits, over plain values only. No Python object is ever within a template's reach."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

from liquid import BoundTemplate, Environment
from liquid.exceptions import LiquidError

from tenants.config.definitions import label
from tenants.field_values.slots import turned
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


def template_errors(name: str, texts: Mapping[str, str]) -> Iterator[FieldError]:
    """What is wrong with the form of a template, which is given by language."""
    for language, text in texts.items():
        try:
            _parsed(text)
        except (LiquidError, RecursionError) as error:
            path = (name, language) if language else (name,)
            yield FieldError(path, "config.bad_template", {"reason": " ".join(str(error).split())})


def render(texts: Mapping[str, str], language: str, values: Mapping[str, Any]) -> str:
    """The template in its reader's language, with its values filled in. Raises :class:`Conflict` when the template runs into a limit."""
    try:
        return _parsed(label(texts, language)).render(**values)
    except (LiquidError, RecursionError) as error:
        raise Conflict("config.bad_template", reason=" ".join(str(error).split())) from None


_ORDER = """
SELECT o.number, o.status, o.total, o.currency, o.priority, o.channel, o.promised_at, o.ordered_at, o.custom, o.void_reason,
       o.owner_id, m.name AS owner_name, m.email AS owner_email, m.language AS owner_language, c.name AS customer_name,
       c.language AS customer_language,
       (SELECT p.value FROM contact_points p WHERE p.tenant_id = o.tenant_id AND p.customer_id = c.id AND p.kind = 'email'
        ORDER BY p.position LIMIT 1) AS customer_email
FROM orders o
LEFT JOIN customers c ON c.tenant_id = o.tenant_id AND c.id = o.customer_id
LEFT JOIN members m ON m.tenant_id = o.tenant_id AND m.id = o.owner_id
WHERE o.tenant_id = %(tenant)s AND o.id = %(order)s
"""


async def load_order(tx: Transaction, order_id: UUID) -> dict[str, Any]:
    """An order as templates see it in the company's language: plain texts, names as in GraphQL. Raises :class:`NotFound`."""
    row = await tx.fetch_one(_ORDER, order=order_id)
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
        "custom": turned(tx.config.swapped, "order", row)["custom"],
    }


def for_reader(tx: Transaction, order: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The values of a template over that order, with labels in its reader's language."""
    key = order["status"]["key"]
    shown = label(tx.config.all_statuses[key].label, language, key)
    return {"order": {**order, "status": {"key": key, "label": shown}}}
