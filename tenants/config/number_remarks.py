"""Which parts of numbers may be empty, as an admin should know before the numbers are given."""

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tenants.config.change_sets import Change
from tenants.config.definitions import NUMBERING_KEY, CustomField, Numbering, split_field_key
from tenants.config.snapshot import TenantConfig
from tenants.messages import Listed
from tenants.messages.field_names import FIELD_NAMES
from tenants.numbering import OWN, fields_of, sample

# Built-in parts of numbers that an order need not have.
_MAY_BE_EMPTY = frozenset({"type", "channel"})


class EmptyParts(NamedTuple):
    """The fields of a pattern that a record need not have, and a number of one that has none of them."""

    fields: Listed
    number: str


def empty_parts(planned: TenantConfig, change: Change, now: datetime) -> EmptyParts | None:
    """Those of a pattern that the change sets; None where there are none."""
    record_type, pattern = _pattern(change)
    own = planned.fields.get(record_type, {})
    names = {}
    for name in fields_of(pattern):
        definition = own.get(name.removeprefix(OWN)) if name.startswith(OWN) else None
        if definition is not None and not (definition.required or definition.default is not None):
            names[name] = definition.label
        elif definition is None and name in _MAY_BE_EMPTY:
            names[name] = dict(zip(("en", "zh"), FIELD_NAMES[name], strict=True))
    if not names:
        return None
    today = now.astimezone(ZoneInfo(planned.time_zone)).date()
    return EmptyParts(Listed(names), sample(pattern, today, names))


def _pattern(change: Change) -> tuple[str, str]:
    """Whose numbers the change makes anew, and how; nothing where it makes none."""
    before, after = change.before, change.after
    if isinstance(after, Numbering):
        was = before.pattern if isinstance(before, Numbering) else ""
        return NUMBERING_KEY, after.pattern if after.pattern != was else ""
    if isinstance(after, CustomField) and after.numbering:
        was = (before.numbering or "") if isinstance(before, CustomField) else ""
        return split_field_key(change.key)[0], after.numbering if after.numbering != was else ""
    return NUMBERING_KEY, ""
