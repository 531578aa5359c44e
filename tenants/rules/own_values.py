"""Taking in the values of a company's own fields."""

from collections.abc import Mapping
from typing import Any

from tenants.config.definitions import CustomField
from tenants.config.own_attributes import settings_of
from tenants.field_types import BadValue, field_type
from tenants.field_types.limits import require_within
from tenants.field_values.kinds import LONGEST_TEXT
from tenants.forms import Form
from tenants.judging import Draft, written_row
from tenants.occasion import Occasion
from tenants.problems import FieldError
from tenants.rules.defaults import defaults_for
from tenants.rules.enforcing import failed_names
from tenants.rules.places import OWN
from tenants.transaction import Transaction


def take_own_values(form: Form, fields: Mapping[str, CustomField], currency: str) -> None:
    """Values by key below ``custom`` go into the row's. Amounts without a currency are in the company's ``currency``. A new record has the
    defaults of what it is not given."""
    stored = dict(form.row.get("custom") or {})
    given = form.values.get("custom") or {}
    if "custom" not in form.row:
        given = {**_defaults(fields), **given}
    for key, value in given.items():
        definition = fields.get(key)
        if definition is None:
            form.errors.append(FieldError((*form.path, "custom", key), "value.unknown_field", {"name": key}))
        elif field_type(definition.type).graphql_input is None:
            form.errors.append(FieldError((*form.path, "custom", key), "field.given", {"name": key}))
        elif value is None or value == "":
            stored.pop(key, None)
        else:
            _take(form, key, definition, value, currency, stored)
    form.row["custom"] = stored


def take_defaults(tx: Transaction, draft: Draft, form: Form) -> frozenset[str]:
    """Work out the defaults of a new record from what it was given. The names of the fields that cannot be told while something that
    they are worked out from is wrong."""
    config, record_type = tx.config, draft.aggregate.record_type
    given, open_ones = form.values.get("custom") or {}, set[str]()
    for default in defaults_for(config, record_type):
        if default.key in given:
            continue
        if not default.expression.uses.isdisjoint({*failed_names(form, draft, config), *open_ones}):
            open_ones.add(f"{OWN}{default.key}")
            continue
        occasion = Occasion(tx.now, tx.caller.member_id)
        value = default.given(written_row(tx, draft), occasion, config.currency)
        if value not in (None, ""):
            _take(form, default.key, default.definition, value, config.currency, form.row["custom"])
    return frozenset(open_ones)


def _defaults(fields: Mapping[str, CustomField]) -> dict[str, Any]:
    return {key: definition.default for key, definition in fields.items() if definition.default is not None}


def _take(form: Form, key: str, definition: CustomField, value: Any, currency: str, stored: dict[str, Any]) -> None:
    kind = field_type(definition.type)
    # An archived option may stay where it is, but cannot be chosen anew.
    settings = settings_of(definition, currency, to_choose=stored.get(key) != value)
    try:
        parsed = kind.parse(value, settings)
        if definition.is_indexed and isinstance(parsed, str) and len(parsed) > LONGEST_TEXT:
            raise BadValue("value.too_long", length=len(parsed), longest=LONGEST_TEXT)
        # What was there before the limits may stay.
        if parsed is not None and stored.get(key) != kind.store(parsed):
            require_within(definition, kind, parsed, settings)
    except BadValue as bad:
        form.errors.append(FieldError((*form.path, "custom", key), bad.code, bad.data))
        return
    if parsed is None:
        stored.pop(key, None)
    else:
        stored[key] = kind.store(parsed)
