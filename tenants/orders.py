"""Orders: the commands. One function per thing a person can do; automations and imports call the same ones."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tenants import customers
from tenants.config.definitions import Category, label
from tenants.field_types import BadValue
from tenants.field_types.text import clean_text
from tenants.forms import Form, record_id
from tenants.models import ADDRESS_PARTS
from tenants.numbering import next_number
from tenants.order_lines import ask_products, check_lines, total_up
from tenants.problems import Conflict, FieldError, InvalidInput, NotAllowed
from tenants.records.orders import PRIORITIES
from tenants.references import References, named_id
from tenants.saving import CREATED, CUSTOMER, ORDER, STATUS_CHANGED, UPDATED, VOIDED, Record, Row, load, save
from tenants.search_texts import order_text
from tenants.transaction import Transaction, new_id

LONGEST_NOTE = 2_000


async def create_order(tx: Transaction, values: Mapping[str, Any], *, status: str | None = None) -> UUID:
    """Create an order with its lines, and with ``customer`` instead of ``customerId`` the customer too: all or nothing.

    An import may say in which ``status`` the order already stands elsewhere; that needs the right order.import. Raises
    :class:`NotAllowed` (order.create, customer.create), :class:`InvalidInput` and :class:`Conflict`.
    """
    tx.access.require("order.create")
    record = Record({"id": new_id(), "status": _first_status(tx, status)}, {"lines": []})
    form = Form(values, record.row)
    customer = await _new_customer(tx, form)
    await _check(tx, form, record, customer)
    form.finish()
    record.row["number"] = await next_number(tx)
    record.row["search_text"] = order_text(tx.config, record.row, record.children["lines"])
    if customer:
        await save(tx, CUSTOMER, None, customer, CREATED)
    await save(tx, ORDER, None, record, CREATED)
    return record.id


def _first_status(tx: Transaction, imported: str | None) -> str:
    if imported is None:
        if tx.config.initial_status is None:
            raise Conflict("order.no_initial_status")
        return tx.config.initial_status
    tx.access.require("order.import")
    statuses = [key for key, status in tx.config.statuses.items() if status.category is not Category.VOID]
    if imported not in statuses:
        raise InvalidInput.at(("status",), "order.unknown_status", status=imported, statuses=", ".join(statuses))
    return imported


async def update_order(
    tx: Transaction, order_id: UUID | None, values: Mapping[str, Any], expected_version: int | None = None
) -> UUID:
    """Change an order; names that are absent from ``values`` stay, ``lines`` are replaced as a whole.

    Raises :class:`NotAllowed` (order.update), :class:`NotFound`, :class:`Conflict` and :class:`InvalidInput`.
    """
    tx.access.require("order.update")
    before = await load(tx, ORDER, order_id, expected_version)
    _refuse_voided(before.row)
    after = before.copy()
    form = Form(values, after.row)
    await _check(tx, form, after, None)
    form.finish()
    after.row["search_text"] = order_text(tx.config, after.row, after.children["lines"])
    await save(tx, ORDER, before, after, UPDATED)
    return before.id


async def change_status(
    tx: Transaction, order_id: UUID | None, target: str, expected_version: int | None = None, note: str | None = None
) -> UUID:
    """Take one step of the life cycle.

    Raises :class:`NotAllowed` (order.change_status, or the step's own right), :class:`NotFound`, :class:`InvalidInput` for an
    unknown status, and :class:`Conflict` for a step that the life cycle does not have, naming those it has.
    """
    tx.access.require("order.change_status")
    before = await load(tx, ORDER, order_id, expected_version, step=STATUS_CHANGED)
    _refuse_voided(before.row)
    statuses = tx.config.statuses
    if target not in statuses:
        raise InvalidInput.at(("status",), "order.unknown_status", status=target, statuses=", ".join(statuses))
    if statuses[target].category is Category.VOID:
        raise Conflict(
            "order.use_void", current=_as_it_is(before.row), status=label(statuses[target].label, tx.language, target)
        )
    _require_step(tx, before.row, target)
    note = _checked_note(note)
    after = before.copy()
    after.row["status"] = target
    await save(tx, ORDER, before, after, STATUS_CHANGED, note)
    return before.id


async def void_order(
    tx: Transaction,
    order_id: UUID | None,
    reason: str,
    expected_version: int | None = None,
    note: str | None = None,
) -> UUID:
    """Void an order: it leaves work lists and totals, and stays readable.

    Raises :class:`NotAllowed` (order.void), :class:`NotFound`, :class:`InvalidInput` for the reason or a missing note, and
    :class:`Conflict` where its status forbids it, saying what must be done first.
    """
    tx.access.require("order.void")
    before = await load(tx, ORDER, order_id, expected_version, step=VOIDED)
    _refuse_voided(before.row)
    note = _checked_note(note)
    _check_reason(tx, reason, note)
    status = tx.config.all_statuses[before.row["status"]]
    if status.void_blocked:
        name = label(status.label, tx.language, before.row["status"])
        hint = label(status.void_blocked, tx.language)
        raise Conflict("order.void_blocked", current=_as_it_is(before.row), status=name, hint=hint)
    if tx.config.void_status is None:
        raise Conflict("order.no_void_status")
    after = before.copy()
    after.row.update(
        status=tx.config.void_status,
        voided_at=tx.now,
        voided_by_id=tx.caller.member_id,
        void_reason=reason,
        void_note=note,
    )
    await save(tx, ORDER, before, after, VOIDED, note)
    return before.id


def _checked_note(note: str | None) -> str | None:
    try:
        return clean_text(note or "", LONGEST_NOTE) or None
    except BadValue as bad:
        raise InvalidInput.at(("note",), bad.code, **bad.data) from None


def _check_reason(tx: Transaction, reason: str, note: str | None) -> None:
    reasons = tx.config.void_reasons
    if reason not in reasons:
        raise InvalidInput.at(("reason",), "order.unknown_reason", reason=reason, reasons=", ".join(reasons) or "-")
    if reasons[reason].note_required and note is None:
        name = label(reasons[reason].label, tx.language, reason)
        raise InvalidInput.at(("note",), "order.note_required", reason=name)


def _refuse_voided(row: Row) -> None:
    if row["voided_at"] is not None:
        raise Conflict("order.voided", current=_as_it_is(row), at=row["voided_at"].isoformat())


def _as_it_is(row: Row) -> tuple[str, UUID, int]:
    """What a conflict shows of the order: the record as it stands."""
    return ("order", row["id"], row["version"])


def _require_step(tx: Transaction, row: Row, target: str) -> None:
    config, source = tx.config, row["status"]
    keys = config.steps.get(source, [])
    step = next((key for key in keys if config.transitions[key].target == target), None)
    if step is None:
        names = {key: label(status.label, tx.language, key) for key, status in config.all_statuses.items()}
        steps = ", ".join(f"'{names[config.transitions[key].target]}'" for key in keys)
        code = "order.illegal_step" if keys else "order.no_next_steps"
        raise Conflict(
            code,
            current=_as_it_is(row),
            source=names.get(source, source),
            target=names.get(target, target),
            steps=steps,
        )
    allowed = [
        key for key in keys if config.transitions[key].target == target and tx.access.allows(f"order.transition.{key}")
    ]
    if not allowed:
        right = f"order.transition.{step}"
        raise NotAllowed(right, tx.access.policy.holders(right))


async def _new_customer(tx: Transaction, form: Form) -> Record | None:
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


async def _check(tx: Transaction, form: Form, record: Record, customer: Record | None) -> None:
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
    form.custom(tx.config.fields.get("order", {}))
    customers.check_owner(form, row, references)
    if "version" not in row and not form.has("ownerId"):
        row["owner_id"] = tx.caller.member_id
    _check_customer(form, row, customer, references)
    _check_shipping_address(form, row, customer.children["addresses"] if customer else references.rows("addresses"))
    _check_lines(form, record, references)


async def _look_up(tx: Transaction, form: Form, row: Row, customer: Record | None) -> References:
    """What the input names, and the customer's address book where an address of it may be meant."""
    references = References(tx)
    references.ask(form, "ownerId", "member")
    known = row.get("customer_id")
    if customer is None:
        references.ask(form, "customerId", "customer")
        known = named_id(form, "customerId", "customer") if form.has("customerId") else known
        if known is not None and (form.has("shippingAddressId") or "version" not in row):
            references.select("addresses", _ADDRESSES, customer=known)
    ask_products(form, references)
    await references.fetch()
    return references


_ADDRESSES = "SELECT * FROM addresses WHERE tenant_id = %(tenant)s AND customer_id = %(customer)s ORDER BY position"


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
        default = next((entry for entry in book if entry["kind"] == "delivery"), None)
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
