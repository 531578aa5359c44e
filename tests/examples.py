"""Much data at once for tests that read: orders and own fields, made in one transaction of the house."""

from collections.abc import Mapping, Sequence
from typing import Any

from tenants import orders
from tenants.config import change_sets
from tests.harness import Company, Row

# Fields that conditions and documents are tried on at random, under the keys that the tests know them by.
FIELDS: Mapping[str, Row] = {
    "order.a_text": {"type": "text"},
    "order.a_whole": {"type": "integer"},
    "order.a_decimal": {"type": "decimal"},
    "order.a_flag": {"type": "boolean"},
    "order.a_day": {"type": "date"},
    "order.a_moment": {"type": "date_time"},
    "order.one": {"type": "select", "options": ["red", "blue"]},
    "order.some": {"type": "multi_select", "options": ["x", "y"]},
    "order.labels": {"type": "tags"},
}


async def create_orders(company: Company, inputs: Sequence[Mapping[str, Any]]) -> list[str]:
    """The ids of new orders; each has one line of 10.00 unless its input says otherwise."""
    line = {"name": "Work", "unitPrice": "10.00"}
    async with company.begin() as tx:
        return [str(await orders.create_order(tx, {"lines": [line], **values})) for values in inputs]


async def define_fields(company: Company, fields: Mapping[str, Mapping[str, Any]]) -> None:
    """Fields of the company's own in one change set: bodies by ``<record type>.<key>``; options may be plain keys."""
    async with company.begin() as tx:
        changes = [
            change_sets.define(tx.config, "field", key, {"label": {"en": key}, **body, "options": _options(body)})
            for key, body in fields.items()
        ]
        await change_sets.apply(tx, changes)


async def define_roles(company: Company, roles: Mapping[str, Sequence[str]]) -> None:
    """Roles of the company's own in one change set, by key, with their rights."""
    async with company.begin() as tx:
        changes = [
            change_sets.define(tx.config, "role", key, {"label": {"en": key}, "grants": list(map(_grant, rights))})
            for key, rights in roles.items()
        ]
        await change_sets.apply(tx, changes)


def _grant(right: str) -> Row:
    name, _, action = right.partition(".")
    return {"object": name, "actions": [action]}


def _options(body: Mapping[str, Any]) -> list[Row]:
    return [
        {"key": given, "label": {"en": given.title()}} if isinstance(given, str) else given
        for given in body.get("options", ())
    ]
