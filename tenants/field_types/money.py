"""Amounts of money, each with its currency; compared, added and sorted by the amount."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tenants.field_types.base import PLAIN, BadValue, Settings, register
from tenants.field_types.currencies import CURRENCIES, currency_places
from tenants.field_types.decimal import exact
from tenants.field_types.numbers import Number, number_key
from tenants.field_types.operators import EQUALITY, IS_NULL, MEMBERSHIP, ORDER

if TYPE_CHECKING:
    from tenants.config.definitions import CustomField
    from tenants.imports.formats import FileFormat

_WRITTEN = re.compile(r"([A-Za-z]{3})?\s*([^A-Za-z]*[^A-Za-z\s])\s*([A-Za-z]{3})?")


@register
class Money(Number):
    """``{"amount": "12.50", "currency": "EUR"}``; without a currency it is in that of the field, else of the company. A text may
    hold both, such as ``12.50 EUR``."""

    key = "money"
    shape = "money"
    graphql = "Money"
    graphql_input = "MoneyInput"
    filter = "DecimalFilter"
    sql = "numeric"
    operators = (*EQUALITY, *MEMBERSHIP, *ORDER, *IS_NULL)
    takes = frozenset({"currency"})
    groupable = False

    def parse(self, value: Any, settings: Settings = PLAIN) -> dict[str, Any]:
        given = _split(value) if isinstance(value, str) else value
        if not isinstance(given, Mapping):
            given = {"amount": given}
        if given.keys() - {"amount", "currency"} or "amount" not in given:
            raise BadValue("value.money_parts")
        currency = given.get("currency") or settings.currency
        if not isinstance(currency, str) or currency.upper() not in CURRENCIES:
            raise BadValue("value.not_currency", value=currency)
        amount, code = exact(given["amount"]), currency.upper()
        places = currency_places(code)
        if amount != round(amount, places):
            raise BadValue("value.money_places", value=amount, currency=code, places=places)
        return {"amount": round(amount, places), "currency": code}

    def from_text(self, text: str, form: "FileFormat", date_format: str | None) -> dict[str, Any]:
        given = _split(text)
        return {**given, "amount": form.decimal(given["amount"])}

    def store(self, value: Any) -> dict[str, str]:
        return {"amount": format(value["amount"], "f"), "currency": value["currency"]}

    def stored_sql(self, column: str, key: str) -> str:
        return f"({column}->'{key}'->>'amount')::numeric"

    def comparable(self, value: Any) -> Any:
        return None if value is None else value["amount"]

    def indexed(self, stored: Any) -> Any:
        return None if stored is None else number_key(exact(stored["amount"]))

    def words(self, stored: Any, definition: "CustomField") -> Iterator[str]:
        yield stored["amount"]


def _split(text: str) -> dict[str, str]:
    found = _WRITTEN.fullmatch(text.strip())
    if found is None or (found.group(1) and found.group(3)):
        raise BadValue("value.not_money", value=text)
    currency = found.group(1) or found.group(3)
    return {"amount": found.group(2), **({"currency": currency} if currency else {})}
