"""Taking input in: a :class:`Form` writes checked values into a row and collects every error on the way.

Input uses the GraphQL names; a name that is absent leaves the row as it is, an explicit null empties it.
"""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from tenants.field_types import BadValue, Settings, field_type
from tenants.field_types.contacts import COUNTRIES
from tenants.field_types.currencies import CURRENCIES, currency_places
from tenants.field_types.text import clean_text
from tenants.names import snake
from tenants.names_told import name_of
from tenants.problems import FieldError, InvalidInput

Path = tuple[str | int, ...]
LONGEST_NAME = 200


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

    def name(self, name: str = "name", *, required: bool = True, longest: int = LONGEST_NAME) -> None:
        """A name of a person or a company, on one line; an absent one is empty."""
        column = snake(name)
        if self.has(name):
            given = self.values[name]
            self.row[column] = self._try(name, lambda: "" if given is None else name_of(given, longest)) or ""
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
            in_case = {choice.lower(): choice for choice in choices}
            chosen = in_case.get(given.lower(), given.lower()) if isinstance(given, str) else given
            self.row[column] = self._try(name, lambda: field_type("select").parse(chosen, Settings(choices)))
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

    def _try(self, name: str, parse: Any) -> Any:
        try:
            return parse()
        except BadValue as bad:
            self.fail(name, bad.code, **bad.data)
            return None

    def _failed(self, name: str) -> bool:
        return any(error.path == (*self.path, name) for error in self.errors)
