"""Taking input in: a :class:`Form` writes checked values into a row and collects every error on the way.

Input uses the GraphQL names; a name that is absent leaves the row as it is, an explicit null empties it.
"""

import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

import phonenumbers
from babel.core import get_global
from babel.numbers import get_currency_precision, list_currencies
from email_validator import EmailNotValidError, validate_email

from tenants.config.definitions import CustomField
from tenants.field_types import BadValue, field_type
from tenants.field_types.text import clean_text
from tenants.field_values.kinds import LONGEST_TEXT
from tenants.names import snake
from tenants.problems import FieldError, InvalidInput

Path = tuple[str | int, ...]
# Those that CLDR names a language of. Their names would take 4 MiB, which Babel keeps for each locale that is asked for.
COUNTRIES = frozenset(code for code in get_global("territory_languages") if len(code) == 2 and code.isalpha())
CURRENCIES = frozenset(list_currencies())
_DIALLED = re.compile(r"[\d(][\d\s()./-]*(?:\s*(?:x|ext\.?)\s*\d+)?", re.IGNORECASE | re.ASCII)


@lru_cache(maxsize=500)
def currency_places(currency: str) -> int:
    """Decimal places of a currency by ISO 4217: 2 for EUR, 0 for JPY, 3 for KWD."""
    return int(get_currency_precision(currency))


class Form:
    """Checks ``values`` into ``row``; :meth:`finish` raises all errors at once."""

    def __init__(self, values: Mapping[str, Any], row: dict[str, Any], path: Path = ()) -> None:
        self.values = values
        self.row = row
        self.path = path
        self.errors: list[FieldError] = []

    def has(self, name: str) -> bool:
        return name in self.values

    def fail(self, name: str | int, code: str, /, **data: Any) -> None:
        self.errors.append(FieldError((*self.path, name), code, data))

    def finish(self) -> None:
        if self.errors:
            raise InvalidInput(self.errors)

    def text(self, name: str, *, required: bool = False, longest: int = 10_000, nullable: bool = False) -> None:
        """An absent text is empty, or null where ``nullable``."""
        column = snake(name)
        if self.has(name):
            value = self.values[name]
            cleaned = self._try(name, lambda: "" if value is None else clean_text(value, longest))
            self.row[column] = (cleaned or None) if nullable else (cleaned or "")
        if required and not self.row.get(column) and not self._failed(name):
            self.fail(name, "value.required")

    def value(self, name: str, type_key: str, *, required: bool = False, default: Any = None) -> None:
        """A value of a field type; null and absent become ``default``."""
        column = snake(name)
        if self.has(name):
            given = self.values[name]
            parsed = None if given is None else self._try(name, lambda: field_type(type_key).parse(given))
            self.row[column] = default if parsed is None else parsed
        self.row.setdefault(column, default)
        if required and self.row[column] is None and not self._failed(name):
            self.fail(name, "value.required")

    def choice(self, name: str, choices: Collection[str], default: str | None = None) -> None:
        column = snake(name)
        if self.has(name) and self.values[name] is not None:
            given = self.values[name]
            lower = given.lower() if isinstance(given, str) else given
            self.row[column] = self._try(name, lambda: field_type("select").parse(lower, choices))
        elif self.row.get(column) is None or self.has(name):
            self.row[column] = default
            if default is None:
                self.fail(name, "value.required")

    def rate(self, name: str) -> None:
        """A share from 0 to 1."""
        self.value(name, "decimal", default=Decimal(0))
        rate = self.row[snake(name)]
        if not 0 <= rate <= 1:
            self.fail(name, "value.not_rate", value=rate)

    def money(self, name: str, currency: str, *, negative: bool = False, default: Decimal | None = None) -> None:
        """An amount with no more places than the currency has."""
        self.value(name, "decimal", default=default)
        amount = self.row[snake(name)]
        if amount is None:
            return
        places = currency_places(currency)
        if amount < 0 and not negative:
            self.fail(name, "value.negative", value=amount)
        elif amount != round(amount, places):
            self.fail(name, "value.money_places", value=amount, currency=currency, places=places)
        else:
            self.row[snake(name)] = round(amount, places)

    def currency(self, name: str, default: str) -> None:
        self.text(name, longest=10)
        code = (self.row.get(snake(name)) or default).upper()
        if code not in CURRENCIES:
            self.fail(name, "value.not_currency", value=code)
            code = default
        self.row[snake(name)] = code

    def country(self, name: str) -> None:
        self.text(name, longest=10)
        code = (self.row.get(snake(name)) or "").upper()
        if code and code not in COUNTRIES:
            self.fail(name, "value.not_country", value=code)
        self.row[snake(name)] = code

    def custom(self, fields: Mapping[str, CustomField]) -> None:
        """The tenant's own fields: values by key below ``custom``; required ones must be there in the end."""
        stored = dict(self.row.get("custom") or {})
        given = self.values.get("custom") or {}
        for key, value in given.items():
            definition = fields.get(key)
            if definition is None:
                self.errors.append(FieldError((*self.path, "custom", key), "value.unknown_field", {"name": key}))
            elif value is None or value == "":
                stored.pop(key, None)
            else:
                self._custom_value(key, definition, value, stored)
        failed = {error.path for error in self.errors}
        for key, definition in fields.items():
            path = (*self.path, "custom", key)
            if definition.required and stored.get(key) in (None, "", []) and path not in failed:
                self.errors.append(FieldError(path, "value.required"))
        self.row["custom"] = stored

    def _custom_value(self, key: str, definition: CustomField, value: Any, stored: dict[str, Any]) -> None:
        kind = field_type(definition.type)
        # An archived option may stay where it is, but cannot be chosen anew.
        options = definition.option_keys if stored.get(key) == value else definition.open_options
        try:
            parsed = kind.parse(value, options)
            if definition.is_indexed and isinstance(parsed, str) and len(parsed) > LONGEST_TEXT:
                raise BadValue("value.too_long", length=len(parsed), longest=LONGEST_TEXT)
        except BadValue as bad:
            self.errors.append(FieldError((*self.path, "custom", key), bad.code, bad.data))
            return
        if parsed is None:
            stored.pop(key, None)
        else:
            stored[key] = kind.store(parsed)

    def _try(self, name: str, parse: Any) -> Any:
        try:
            return parse()
        except BadValue as bad:
            self.fail(name, bad.code, **bad.data)
            return None

    def _failed(self, name: str) -> bool:
        return any(error.path == (*self.path, name) for error in self.errors)


def phone_number(value: Any, region: str | None) -> str:
    """The number in international form (E.164) where its country is known, else as it was written.

    Raises :class:`BadValue` for what nobody could dial.
    """
    text = clean_text(value, 60)
    try:
        number = phonenumbers.parse(text, region)
        if phonenumbers.is_possible_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        pass
    if text.startswith("+") or not _DIALLED.fullmatch(text) or sum(char.isdigit() for char in text) < 3:
        raise BadValue("value.not_phone", value=value)
    return text


def email_address(value: Any) -> str:
    """The address in its normal form. Raises :class:`BadValue`."""
    text = clean_text(value, 254)
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        raise BadValue("value.not_email", value=value) from None


def record_id(value: Any, record_type: str) -> UUID:
    """The id, where an ill-formed one is one that never existed. Raises :class:`BadValue`."""
    try:
        return UUID(str(value))
    except ValueError:
        raise BadValue("value.unknown_record", type=record_type, id=value) from None
