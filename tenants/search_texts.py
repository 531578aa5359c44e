"""The search texts of records: what of a record goes into them, and how they come under the index."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tenants.config.snapshot import TenantConfig
from tenants.field_types import field_type
from tenants.models import ADDRESS_PARTS
from tenants.search import search_text, spelled_words
from tenants.transaction import Transaction

Row = Mapping[str, Any]
_WRITTEN_PARTS = tuple(part for part in ADDRESS_PARTS if part not in ("recipient", "phone"))


def order_text(config: TenantConfig, row: Row, lines: Iterable[Row]) -> str:
    """Number, recipient and lines first, then where it goes and whatever else was written. Its customer has a text of their own."""
    address = row.get("shipping_address") or {}
    names = [row["number"], row.get("external_id"), address.get("recipient")]
    prose = [address.get(part) for part in _WRITTEN_PARTS]
    for line in lines:
        names += [line["sku"], line["name"]]
        prose.append(line.get("specification"))
    prose += [row.get("channel"), *row.get("tags", ()), *_custom_texts(config, "order", row), row.get("notes")]
    return search_text(names, [phone for phone in [address.get("phone")] if phone], prose)


def customer_text(config: TenantConfig, row: Row, contacts: Sequence[Row], addresses: Sequence[Row]) -> str:
    """Name, phones and mail addresses first, then the address book and whatever else was written."""
    by_kind: dict[str, list[str]] = {"phone": [], "email": []}
    for contact in contacts:
        by_kind[contact["kind"]].append(contact["value"])
    names = [row["name"], row.get("external_id"), *by_kind["email"], *(address["recipient"] for address in addresses)]
    phones = by_kind["phone"] + [address["phone"] for address in addresses if address["phone"]]
    prose = [address[part] for address in addresses for part in _WRITTEN_PARTS]
    prose += [*row.get("tags", ()), *_custom_texts(config, "customer", row), row.get("notes")]
    return search_text(names, phones, prose)


def product_text(config: TenantConfig, row: Row) -> str:
    """Article number, name and specification first, then the company's own fields."""
    names = [row["sku"], row["name"], row.get("specification"), row.get("external_id")]
    return search_text(names, (), _custom_texts(config, "product", row))


def _custom_texts(config: TenantConfig, record_type: str, row: Row) -> Iterator[str]:
    """The values of the company's own fields as a person would type them: chosen options by their labels in all languages."""
    values = row.get("custom") or {}
    for key, definition in config.fields.get(record_type, {}).items():
        value = values.get(key)
        if value is not None:
            yield from field_type(definition.type).words(value, definition)


async def put(tx: Transaction, record_type: str, before: Row | None, row: Row) -> None:
    """Bring a record's ``search_text`` under the index, if it is another one than before."""
    text = row["search_text"]
    if before is None:
        await tx.insert("search_texts", {"id": row["id"], "record_type": record_type, "text": text})
    elif before["search_text"] != text:
        await tx.update("search_texts", ("text",), {"id": row["id"], "text": text})
    else:
        return
    tx.words.update(spelled_words(text))
