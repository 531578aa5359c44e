"""Products: the commands."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tenants.aggregates import CREATED, PRODUCT, UPDATED, Record
from tenants.forms import Form
from tenants.rules.settling import settle
from tenants.saving import load, save
from tenants.search_texts import product_text
from tenants.transaction import Transaction, new_id


async def create_product(tx: Transaction, values: Mapping[str, Any]) -> UUID:
    """Create a product. Raises :class:`NotAllowed` (product.create) and :class:`InvalidInput`."""
    tx.access.require("product.create")
    record = Record({"id": new_id()})
    form = Form(values, record.row)
    _check(tx, form)
    settled = await settle(tx, PRODUCT, None, record, form)
    record.row["search_text"] = product_text(tx.config, record.row)
    await save(tx, settled, CREATED)
    return record.id


async def update_product(
    tx: Transaction, product_id: UUID | None, values: Mapping[str, Any], expected_version: int | None = None
) -> UUID:
    """Change a product; names that are absent from ``values`` stay.

    Raises :class:`NotAllowed` (product.update), :class:`NotFound`, :class:`Conflict` and :class:`InvalidInput`.
    """
    tx.access.require("product.update")
    before = await load(tx, PRODUCT, product_id, expected_version, rights=("product.update",))
    after = before.copy()
    form = Form(values, after.row)
    _check(tx, form)
    settled = await settle(tx, PRODUCT, before, after, form)
    after.row["search_text"] = product_text(tx.config, after.row)
    await save(tx, settled, UPDATED)
    return before.id


def _check(tx: Transaction, form: Form) -> None:
    row = form.row
    form.text("sku", required=True, longest=100)
    form.text("name", required=True, longest=300)
    form.text("specification", longest=1_000)
    form.text("unit", longest=40)
    form.text("externalId", longest=200, nullable=True)
    form.currency("currency", row.get("currency") or tx.config.currency)
    form.money("price", row["currency"])
    form.rate("taxRate")
    form.value("active", "boolean", default=True)
