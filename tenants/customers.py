"""Customers: the commands."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tenants.aggregates import CREATED, CUSTOMER, UPDATED, Record, Row, Settled
from tenants.field_types import BadValue
from tenants.field_types.contacts import email_address, phone_number
from tenants.forms import Form
from tenants.models import ADDRESS_PARTS
from tenants.records.customers import ADDRESS_KINDS, KINDS
from tenants.references import References
from tenants.rules.settling import settle
from tenants.saving import load, save
from tenants.search_texts import customer_text
from tenants.transaction import Transaction, new_id

MOST_CONTACTS = 20
MOST_ADDRESSES = 50
_CAMEL_PARTS = {"line1": "line1", "line2": "line2", "postal_code": "postalCode"}


async def create_customer(tx: Transaction, values: Mapping[str, Any]) -> UUID:
    """Create a customer. Raises :class:`NotAllowed` (customer.create) and :class:`InvalidInput`."""
    tx.access.require("customer.create")
    settled = await build(tx, values)
    await save(tx, settled, CREATED)
    return settled.after.id


async def update_customer(
    tx: Transaction, customer_id: UUID | None, values: Mapping[str, Any], expected_version: int | None = None
) -> UUID:
    """Change a customer; names that are absent from ``values`` stay, lists are replaced as a whole.

    Raises :class:`NotAllowed` (customer.update), :class:`NotFound`, :class:`Conflict` and :class:`InvalidInput`.
    """
    tx.access.require("customer.update")
    before = await load(tx, CUSTOMER, customer_id, expected_version, rights=("customer.update",))
    after = before.copy()
    form = Form(values, after.row)
    await _check(tx, form, after)
    await save(tx, await _settle(tx, before, after, form), UPDATED)
    return before.id


async def build(tx: Transaction, values: Mapping[str, Any], path: tuple[str | int, ...] = ()) -> Settled:
    """A new customer that is checked but not saved; errors are reported below ``path``."""
    record = Record({"id": new_id()}, {"contacts": [], "addresses": []})
    form = Form(values, record.row, path)
    await _check(tx, form, record)
    return await _settle(tx, None, record, form)


async def _settle(tx: Transaction, before: Record | None, after: Record, form: Form) -> Settled:
    settled = await settle(tx, CUSTOMER, before, after, form)
    after.row["search_text"] = customer_text(
        tx.config, after.row, after.children["contacts"], after.children["addresses"]
    )
    return settled


async def _check(tx: Transaction, form: Form, record: Record) -> None:
    row = record.row
    form.choice("kind", KINDS, default=row.get("kind", "person"))
    form.text("name", required=True, longest=300)
    form.text("externalId", longest=200, nullable=True)
    _check_language(tx, form, row)
    form.text("notes")
    form.value("tags", "tags", default=[])
    _check_contacts(form, record)
    _check_addresses(form, record)
    await _check_references(tx, form, row)


def _check_language(tx: Transaction, form: Form, row: dict[str, Any]) -> None:
    row.setdefault("language", None)
    if form.values.get("language") is not None:
        form.choice("language", tx.config.languages)
    elif form.has("language"):
        row["language"] = None


def _check_contacts(form: Form, record: Record) -> None:
    contacts = record.children["contacts"]
    for name, kind in (("phones", "phone"), ("emails", "email")):
        if not form.has(name):
            continue
        entries = form.values[name] or []
        if len(entries) > MOST_CONTACTS:
            form.fail(name, "value.too_many", count=len(entries), most=MOST_CONTACTS)
            continue
        known: dict[str, list[UUID]] = {}
        for old in contacts:
            if old["kind"] == kind:
                known.setdefault(old["value"], []).append(old["id"])
        contacts = [contact for contact in contacts if contact["kind"] != kind]
        seen = set[tuple[str, str]]()
        for place, entry in enumerate(entries):
            contact: Row = {"id": None, "kind": kind, "position": place + 1}
            inner = Form(entry, contact, (*form.path, name, place))
            inner.text("label", longest=60)
            _contact_value(inner, kind)
            contact.setdefault("label", "")
            # The same number may stand twice, as phone and as fax, each with its label: each entry keeps its own row.
            if (entry_key := (contact.get("value", ""), contact["label"])) in seen and contact.get("value"):
                inner.fail("value", "customer.contact_twice", value=contact["value"])
            seen.add(entry_key)
            same = known.get(contact.get("value", ""))
            contact["id"] = same.pop(0) if same else new_id()
            contacts.append(contact)
            form.errors.extend(inner.errors)
    record.children["contacts"] = contacts


def _contact_value(form: Form, kind: str) -> None:
    given = form.values.get("value")
    if not str(given or "").strip():
        form.fail("value", "value.required")
        return
    try:
        form.row["value"] = phone_number(given, None) if kind == "phone" else email_address(given)
    except BadValue as bad:
        form.fail("value", bad.code, **bad.data)


def _check_addresses(form: Form, record: Record) -> None:
    if not form.has("addresses"):
        return
    entries = form.values["addresses"] or []
    if len(entries) > MOST_ADDRESSES:
        form.fail("addresses", "value.too_many", count=len(entries), most=MOST_ADDRESSES)
        return
    known = {str(address["id"]): address for address in record.children["addresses"]}
    addresses = []
    for place, entry in enumerate(entries):
        existing = known.pop(str(entry.get("id")), None)
        address: Row = dict(existing) if existing else {"id": new_id()}
        address["position"] = place + 1
        inner = Form(entry, address, (*form.path, "addresses", place))
        if entry.get("id") is not None and existing is None:
            inner.fail("id", "order.unknown_address", id=entry["id"])
        inner.choice("kind", ADDRESS_KINDS, default="delivery")
        inner.text("label", longest=60)
        address.setdefault("label", "")
        check_address(inner)
        addresses.append(address)
        form.errors.extend(inner.errors)
    record.children["addresses"] = addresses


def check_address(form: Form) -> None:
    """The parts of a postal address, all of them optional but never all empty."""
    for part in ADDRESS_PARTS:
        name = _CAMEL_PARTS.get(part, part)
        if part == "country":
            form.country(name)
        else:
            form.text(name, longest=200)
        form.row.setdefault(part, "")
    if not form.errors and not any(form.row[part] for part in ADDRESS_PARTS):
        form.fail("line1", "value.required")


async def _check_references(tx: Transaction, form: Form, row: Row) -> None:
    references = References(tx)
    references.ask(form, "companyId", "customer", "id, kind, name")
    references.ask(form, "ownerId", "member")
    await references.fetch()
    if form.has("companyId"):
        row["company_id"] = None
        if form.values["companyId"] is not None:
            company = references.one(form, "companyId", "customer")
            if company and company["id"] == row.get("id"):
                form.fail("companyId", "customer.own_company")
            elif company and company["kind"] != "company":
                form.fail("companyId", "customer.not_company", name=company["name"])
            elif company:
                row["company_id"] = company["id"]
    check_owner(tx, form, row, references)


def check_owner(tx: Transaction, form: Form, row: Row, references: References) -> None:
    """``ownerId`` names a member of this tenant; who creates a record is its owner where none is named."""
    if "version" not in row and not form.has("ownerId"):
        row["owner_id"] = tx.caller.member_id
    if form.has("ownerId"):
        row["owner_id"] = None
        if form.values["ownerId"] is not None:
            owner = references.one(form, "ownerId", "member")
            row["owner_id"] = owner["id"] if owner else None
