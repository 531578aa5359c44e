"""Order lines: what a line takes from its product, and what lines amount to.

Amounts are exact and rounded half up to the currency's places, line by line; the order's totals are sums of rounded lines, so
that a printed order adds up.
"""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import lru_cache
from typing import Any
from uuid import UUID

from tenants.aggregates import Row
from tenants.field_types.currencies import currency_places
from tenants.field_types.numbers import DIGITS, PLACES
from tenants.forms import Form
from tenants.problems import FieldError
from tenants.references import References, named_id
from tenants.transaction import new_id

MOST_LINES = 500
_PRODUCTS = (
    "SELECT id, sku, name, specification, unit, price, currency, tax_rate FROM products"
    " WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s)"
)
_SNAPSHOT = ("sku", "name", "specification", "unit")
# Digits that the product of three of the largest numbers has: nothing is rounded before the end.
_EXACT = 3 * DIGITS
_LARGEST = Decimal(10) ** (DIGITS - PLACES)


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Half up to the currency's places."""
    return amount.quantize(_smallest(currency), ROUND_HALF_UP)


@lru_cache(maxsize=500)
def _smallest(currency: str) -> Decimal:
    return Decimal(1).scaleb(-currency_places(currency))


def check_lines(form: Form, order: Row, existing: Sequence[Row], references: References) -> list[Row]:
    """The order's lines after the input's ``lines``, which replace the list as a whole: an entry with ``id`` keeps its line.

    Errors go into the form, below ``lines``.
    """
    entries = form.values.get("lines") or []
    if len(entries) > MOST_LINES:
        form.fail("lines", "value.too_many", count=len(entries), most=MOST_LINES)
        return list(existing)
    if not entries:
        form.fail("lines", "order.no_lines")
        return list(existing)
    products = _products(form, entries, references)
    known = {str(line["id"]): line for line in existing}
    lines: list[Row] = []
    for place, entry in enumerate(entries):
        line = _line(form, place, entry, known, order["currency"])
        inner = Form(entry, line, (*form.path, "lines", place))
        _check_line(inner, products.get(str(entry.get("productId"))), order["currency"])
        external_id = line.get("external_id")
        if external_id is not None and any(other["external_id"] == external_id for other in lines):
            inner.fail("externalId", "value.taken", value=external_id)
        form.errors.extend(inner.errors)
        lines.append(line)
    return lines


def _line(form: Form, place: int, entry: Mapping[str, Any], known: dict[str, Row], currency: str) -> Row:
    line_id = entry.get("id")
    existing = known.pop(str(line_id), None) if line_id is not None else None
    if line_id is not None and existing is None:
        error = FieldError((*form.path, "lines", place, "id"), "order.unknown_line", {"id": line_id})
        form.errors.append(error)
    line: Row = dict(existing) if existing else {"id": new_id(), "product_id": None, "external_id": None}
    line["position"] = place + 1
    line["currency"] = currency
    return line


def ask_products(form: Form, references: References) -> None:
    """Look for the products that the entries of ``lines`` name."""
    entries = form.values.get("lines") or []
    if len(entries) <= MOST_LINES:
        wanted = {_product_id(entry) for entry in entries} - {None}
        if wanted:
            references.select("products", _PRODUCTS, record_type="product", ids=list(wanted))


def _product_id(entry: Mapping[str, Any]) -> UUID | None:
    given = entry.get("productId")
    return None if given is None else named_id(Form(entry, {}), "productId", "product")


def _products(form: Form, entries: Sequence[Mapping[str, Any]], references: References) -> dict[str, Row]:
    """The products that the entries name, by id as given."""
    by_id = {row["id"]: row for row in references.rows("products")}
    found: dict[str, Row] = {}
    for place, entry in enumerate(entries):
        given = entry.get("productId")
        if given is None:
            continue
        product_id = _product_id(entry)
        if product_id in by_id:
            found[str(given)] = by_id[product_id]
        else:
            path = (*form.path, "lines", place, "productId")
            form.errors.append(references.missing(path, "product", given))
    return found


def _check_line(form: Form, product: Row | None, currency: str) -> None:
    line = form.row
    if product is not None and line.get("product_id") != product["id"]:
        line.update({name: product[name] for name in _SNAPSHOT})
        line["product_id"] = product["id"]
        line["tax_rate"] = product["tax_rate"]
        line["unit_price"] = product["price"] if product["currency"] == currency else None
    elif form.has("productId") and form.values["productId"] is None:
        line["product_id"] = None
    for name in _SNAPSHOT:
        form.text(name, longest=1_000 if name == "specification" else 300)
        line.setdefault(name, "")
    form.text("externalId", longest=200, nullable=True)
    if not line["name"] and form.values.get("productId") is None and not form.errors:
        form.fail("name", "order.line_item")
    form.value("quantity", "decimal", default=Decimal(1))
    if line["quantity"] <= 0:
        form.fail("quantity", "value.not_positive", value=line["quantity"])
    _check_price(form, product, currency)
    if form.values.get("discountRate", 0) is None and line.get("discount_rate"):
        # The amount only said what the rate came to; without the rate there is no discount.
        line["discount_amount"] = None
    form.rate("discountRate")
    if form.has("discountAmount") or not line["discount_rate"]:
        form.money("discountAmount", currency)
    form.rate("taxRate")
    if not form.errors:
        with localcontext(prec=_EXACT):
            _calculate(form, currency)


def _check_price(form: Form, product: Row | None, currency: str) -> None:
    """A line without a price of its own takes its product's; an unknown product has been complained of already."""
    line = form.row
    form.value("unitPrice", "decimal", default=None)
    if line["unit_price"] is not None and line["unit_price"] < 0:
        form.fail("unitPrice", "value.negative", value=line["unit_price"])
    if line["unit_price"] is not None or form.values.get("unitPrice") is not None:
        return
    if product is not None:
        line["unit_price"] = product["price"] if product["currency"] == currency else None
        if line["unit_price"] is None:
            form.fail("unitPrice", "order.line_price", sku=product["sku"], currency=currency)
    elif form.values.get("productId") is None:
        form.fail("unitPrice", "order.bare_line")


def _calculate(form: Form, currency: str) -> None:
    """Discount, net, tax and total of the line. A discount is given as a rate or as an amount, not both."""
    line = form.row
    if line["unit_price"] is None:
        return
    gross = line["quantity"] * line["unit_price"]
    if gross >= _LARGEST:
        form.fail("quantity", "value.decimal_range", value=format(gross, "f"), digits=DIGITS - PLACES)
        return
    by_amount = form.values.get("discountAmount") is not None
    by_rate = form.values.get("discountRate") is not None
    if by_amount and by_rate:
        form.fail("discountAmount", "value.exclusive", first="discountRate", second="discountAmount")
        return
    if by_amount:
        line["discount_rate"] = Decimal(0)
    elif by_rate or not line["discount_amount"] or line["discount_rate"]:
        line["discount_amount"] = rounded(gross * line["discount_rate"], currency)
    amount = rounded(gross, currency)
    if line["discount_amount"] > amount:
        form.fail("discountAmount", "order.discount_too_large", discount=line["discount_amount"], amount=amount)
        return
    # The net amount is rounded from the exact one, so that a rate of discount costs no extra cent.
    exact = gross * (1 - line["discount_rate"]) if line["discount_rate"] else gross - line["discount_amount"]
    line["net_amount"] = rounded(exact, currency)
    line["discount_amount"] = amount - line["net_amount"]
    line["tax_amount"] = rounded(line["net_amount"] * line["tax_rate"], currency)
    line["total"] = line["net_amount"] + line["tax_amount"]


def total_up(order: Row, lines: Sequence[Row]) -> None:
    """Write the order's totals from its lines."""
    zero = rounded(Decimal(0), order["currency"])
    order["subtotal"] = sum((line["net_amount"] for line in lines), zero)
    order["discount_total"] = sum((line["discount_amount"] for line in lines), zero)
    order["tax_total"] = sum((line["tax_amount"] for line in lines), zero)
    order["total"] = order["subtotal"] + order["tax_total"]
