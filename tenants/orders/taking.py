"""Taking orders and changing what they say."""

from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter
from typing import Any
from uuid import UUID

from tenants import customers
from tenants.aggregates import CREATED, CUSTOMER, ORDER, UPDATED, Record, Row, Settled
from tenants.config.definitions import label
from tenants.field_rights import READ
from tenants.field_types import BadValue
from tenants.field_types.identifier import record_id
from tenants.forms import Form
from tenants.judging import Draft
from tenants.life_cycles.cycles import FOLLOWING, Cycle, cycle_of_type, default_type, order_types
from tenants.life_cycles.gates import all_unmet, entry, refusal
from tenants.life_cycles.standing import due_at, stand
from tenants.models import ADDRESS_PARTS
from tenants.numbering import next_number, order_series
from tenants.order_lines import ask_products, check_lines, total_up
from tenants.orders.standing import refuse_voided
from tenants.problems import Conflict, FieldError, InvalidInput
from tenants.records.orders import PRIORITIES
from tenants.references import References, named_id
from tenants.rules.settling import settle
from tenants.saving import load, save
from tenants.search_texts import order_text
from tenants.transaction import Transaction, new_id


async def create_order(tx: Transaction, values: Mapping[str, Any], *, status: str | None = None) -> UUID:
    """Create an order with its lines, and with ``customer`` instead of ``customerId`` the customer too: all or nothing.

    It begins in the life cycle of its ``type``. An import may say in which ``status`` the order already stands elsewhere; that needs
    the right order.import. Raises :class:`NotAllowed` (order.create, customer.create), :class:`InvalidInput` and :class:`Conflict`.
    """
    tx.access.require("order.create")
    record = Record({"id": new_id()}, {"lines": []})
    form = Form(values, record.row)
    cycle = _begin(tx, form, status)
    customer = await _new_customer(tx, form)
    await check(tx, form, record, customer.after if customer else None)
    settled = await settle(tx, ORDER, None, record, form, (customer,) if customer else ())
    await _require_entry(tx, cycle, record, customer.after if customer else None)
    record.row["number"] = await next_number(tx, order_series(tx.config), record.row)
    record.row["search_text"] = order_text(tx.config, record.row, record.children["lines"])
    if customer:
        await save(tx, customer, CREATED)
    await save(tx, settled, CREATED)
    return record.id


def _begin(tx: Transaction, form: Form, imported: str | None) -> Cycle:
    """Choose the new order's type, and with it the life cycle and the status that it begins in."""
    chosen = default_type(tx.config)
    given = form.values.get("type")
    if given in order_types(tx.config):
        chosen = given
    elif given is not None:
        _refuse_type(form, given, order_types(tx.config))
    cycle = cycle_of_type(tx.config, chosen)
    form.row.update(type=chosen, life_cycle=cycle.key)
    stand(form.row, tx.config, cycle, _first_status(tx, cycle, imported), tx.now)
    return cycle


def _first_status(tx: Transaction, cycle: Cycle, imported: str | None) -> str:
    if imported is None:
        if cycle.initial is None:
            raise Conflict("order.no_initial_status")
        return cycle.initial
    tx.access.require("order.import")
    void = tx.config.void_status
    if imported not in cycle.gates or imported == void:
        statuses = ", ".join(key for key in cycle.gates if key != void)
        raise InvalidInput.at(("status",), "order.unknown_status", status=imported, statuses=statuses)
    return imported


async def _require_entry(tx: Transaction, cycle: Cycle, record: Record, customer: Record | None) -> None:
    """Raise :class:`Conflict` for a new order that does not meet the condition of the status it begins in."""
    found = entry(tx.config, cycle, record.row["status"])
    unmet = await all_unmet(tx, found, record, [Draft(CUSTOMER, customer)] if customer else ())
    if unmet:
        raise refusal(tx, unmet, record.row)


async def update_order(
    tx: Transaction, order_id: UUID | None, values: Mapping[str, Any], expected_version: int | None = None
) -> UUID:
    """Change an order; names that are absent from ``values`` stay, ``lines`` are replaced as a whole.

    Raises :class:`NotAllowed` (order.update), :class:`NotFound`, :class:`Conflict` and :class:`InvalidInput`.
    """
    tx.access.require("order.update")
    before = await load(tx, ORDER, order_id, expected_version, rights=("order.update",))
    refuse_voided(tx, before.row)
    after = before.copy()
    form = Form(values, after.row)
    _change_type(tx, form)
    await check(tx, form, after, None)
    settled = await settle(tx, ORDER, before, after, form)
    after.row["search_text"] = order_text(tx.config, after.row, after.children["lines"])
    await save(tx, settled, UPDATED)
    return before.id


def _change_type(tx: Transaction, form: Form) -> None:
    """Give the order another type, or none; it goes on in that type's life cycle, which must have the status that it is in."""
    given, row, types = form.values.get("type"), form.row, order_types(tx.config)
    if not form.has("type") or given == row["type"]:
        return
    if given is not None and given not in types:
        _refuse_type(form, given, types)
        return
    cycle = cycle_of_type(tx.config, given)
    if cycle.key != row["life_cycle"]:
        if row["status"] not in cycle.gates:
            name = label(tx.config.all_statuses[row["status"]].label, tx.language, row["status"])
            form.fail("type", "order.type_status", type=given, status=name)
            return
        since = row["status_since"] or row["created_at"]
        row.update(
            life_cycle=cycle.key,
            life_cycle_version=FOLLOWING,
            status_due_at=due_at(tx.config, cycle, row["status"], since),
        )
    row["type"] = given


def _refuse_type(form: Form, given: Any, types: Collection[str]) -> None:
    form.fail("type", "order.unknown_type", type=given, types=", ".join(types) or "-")


async def _new_customer(tx: Transaction, form: Form) -> Settled | None:
    """The customer that the input describes inline, checked but not saved."""
    given = form.values.get("customer")
    if given is None:
        return None
    if form.values.get("customerId") is not None:
        form.fail("customer", "order.customer_twice")
        return None
    tx.access.require("customer.create")
    try:
        return await customers.build(tx, given, (*form.path, "customer"))
    except InvalidInput as problem:
        form.errors.extend(problem.errors)
        return None


async def check(tx: Transaction, form: Form, record: Record, customer: Record | None) -> None:
    """Check the form's built-in values into the record; ``customer`` is one that was described inline."""
    row = record.row
    references = await _look_up(tx, form, row, customer)
    form.currency("currency", row.get("currency") or tx.config.currency)
    form.text("externalId", longest=200, nullable=True)
    form.text("channel", longest=60)
    form.choice("priority", PRIORITIES, default=row.get("priority", "normal"))
    form.value("tags", "tags", default=[])
    form.text("notes")
    form.value("promisedAt", "date_time")
    form.value("orderedAt", "date_time", default=row.get("ordered_at", tx.now))
    customers.check_owner(tx, form, row, references)
    _check_customer(form, row, customer, references)
    _check_shipping_address(form, row, customer.children["addresses"] if customer else references.rows("addresses"))
    _check_lines(form, record, references)


async def _look_up(tx: Transaction, form: Form, row: Row, customer: Record | None) -> References:
    """What the input names, and the customer's address book where an address of it may be meant, as far as the caller may read it."""
    references = References(tx)
    references.ask(form, "ownerId", "member")
    known = row.get("customer_id")
    if customer is None:
        references.ask(form, "customerId", "customer")
        known = named_id(form, "customerId", "customer") if form.has("customerId") else known
        is_asked = known is not None and (form.has("shippingAddressId") or "version" not in row)
        # An order shows the address to whoever may read the order: nobody copies one that they may not read where it is.
        if is_asked and tx.access.allows("customer.read") and tx.access.has_field("customer", READ, "addresses"):
            references.select("addresses", _ADDRESSES, record_type="address", customer=known)
    ask_products(form, references)
    await references.fetch()
    return references


_ADDRESSES = "SELECT * FROM addresses WHERE tenant_id = %(tenant)s AND customer_id = %(customer)s"


def _check_lines(form: Form, record: Record, references: References) -> None:
    new = "version" not in record.row
    if new or form.has("lines") or form.has("currency"):
        lines = _lines(form, record, references, new)
        record.children["lines"] = lines
        if not form.errors:
            total_up(record.row, lines)


def _lines(form: Form, record: Record, references: References, new: bool) -> list[Row]:
    existing = record.children["lines"]
    if new or form.has("lines"):
        return check_lines(form, record.row, existing, references)
    # A change of currency alone calculates the lines anew, at the prices they have.
    kept = Form({"lines": [{"id": line["id"], "unitPrice": line["unit_price"]} for line in existing]}, record.row)
    lines = check_lines(kept, record.row, existing, references)
    form.errors.extend(kept.errors)
    return lines


def _check_customer(form: Form, row: Row, customer: Record | None, references: References) -> None:
    """Link the customer."""
    if customer is not None:
        row["customer_id"] = customer.row["id"]
    elif form.has("customerId"):
        row["customer_id"] = None
        if form.values["customerId"] is not None:
            found = references.one(form, "customerId", "customer")
            row["customer_id"] = found["id"] if found else None


def _check_shipping_address(form: Form, row: Row, book: Sequence[Row]) -> None:
    """The order's snapshot of an address: as given, or one of the customer's book, by default the first for deliveries."""
    if form.values.get("shippingAddress") is not None:
        if form.values.get("shippingAddressId") is not None:
            form.fail("shippingAddress", "value.exclusive", first="shippingAddress", second="shippingAddressId")
        address: Row = {}
        inner = Form(form.values["shippingAddress"], address, (*form.path, "shippingAddress"))
        customers.check_address(inner)
        form.errors.extend(inner.errors)
        row["shipping_address"] = address
    elif form.values.get("shippingAddressId") is not None:
        row["shipping_address"] = _from_book(form, book)
    elif form.has("shippingAddress") or form.has("shippingAddressId"):
        row["shipping_address"] = None
    elif "version" not in row:
        deliveries = (entry for entry in book if entry["kind"] == "delivery")
        default = min(deliveries, key=itemgetter("position"), default=None)
        row["shipping_address"] = _snapshot(default) if default else None


def _from_book(form: Form, book: Sequence[Row]) -> Row | None:
    given = form.values["shippingAddressId"]
    try:
        wanted = record_id(given, "address")
    except BadValue:
        wanted = None
    found = next((entry for entry in book if entry["id"] == wanted), None)
    if found is None:
        path = (*form.path, "shippingAddressId")
        form.errors.append(FieldError(path, "order.unknown_address", {"id": given}))
        return None
    return _snapshot(found)


def _snapshot(address: Row) -> Row:
    return {part: address[part] for part in ADDRESS_PARTS}
