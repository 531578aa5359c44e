"""What a company asks of a field's values beyond their type: the smallest and the largest, and a pattern of texts.

Patterns are RE2's (https://github.com/google/re2/wiki/Syntax), which takes time in proportion to the text, whatever the pattern is.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import re2

from tenants.field_types.base import PLAIN, BadValue, FieldType, Settings
from tenants.field_types.decimal import exact

if TYPE_CHECKING:
    from tenants.config.definitions import CustomField

# Of a compiled pattern, in bytes.
LARGEST_PATTERN = 2**20


class BadPattern(ValueError):
    """A pattern cannot be read, or takes too much room. The text says why."""


@lru_cache(maxsize=1_000)
def compiled(pattern: str) -> Any:
    """The pattern, ready to be matched. Raises :class:`BadPattern`."""
    options = re2.Options()
    options.max_mem = LARGEST_PATTERN
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0] if error.args else ""
        raise BadPattern(said.decode(errors="replace") if isinstance(said, bytes) else str(said)) from None


def bound(kind: FieldType, given: Any, settings: Settings) -> Any:
    """A limit as it is compared: a length for texts and lists, otherwise a value of the type. Raises :class:`BadValue`."""
    if not _is_measured(kind):
        # An amount is limited whatever its currency is.
        return exact(given) if kind.sql == "numeric" else kind.parse(given, settings)
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        raise BadValue("value.not_integer", value=given)
    return given


def can_be_limited(kind: FieldType) -> bool:
    """Whether a smallest and a largest make sense for the type."""
    return kind.ranged or _is_measured(kind)


def can_have_pattern(kind: FieldType) -> bool:
    return kind.sql == "text" and not kind.has_options


def _is_measured(kind: FieldType) -> bool:
    """Whether the limits are of the length."""
    return kind.many or can_have_pattern(kind)


def require_within(definition: "CustomField", kind: FieldType, value: Any, settings: Settings = PLAIN) -> None:
    """Raises :class:`BadValue` for a parsed value outside of the field's limits."""
    if definition.minimum is None and definition.maximum is None and definition.pattern is None:
        return
    length = _is_measured(kind)
    measured, shown = (len(value), len(value)) if length else (kind.comparable(value), kind.store(value))
    if definition.minimum is not None and measured < bound(kind, definition.minimum, settings):
        raise BadValue("field.too_short" if length else "field.too_small", value=shown, least=definition.minimum)
    if definition.maximum is not None and measured > bound(kind, definition.maximum, settings):
        raise BadValue("field.too_long" if length else "field.too_large", value=shown, most=definition.maximum)
    if definition.pattern is not None and compiled(definition.pattern).fullmatch(value) is None:
        raise BadValue("field.pattern", value=value, pattern=definition.pattern)
