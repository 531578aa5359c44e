"""The form of a step: which fields are filled in with it, its reason, its note and its files."""

from collections.abc import Iterator, Mapping
from typing import Any

from tenants.config.definitions import Transition, label
from tenants.config.snapshot import TenantConfig
from tenants.names import snake
from tenants.problems import FieldError

# What a step can ask for beside the company's own fields, by the names that updateOrder has for it.
FILLABLE = (
    "externalId",
    "channel",
    "priority",
    "ownerId",
    "tags",
    "notes",
    "orderedAt",
    "promisedAt",
    "customerId",
    "shippingAddress",
)
_EMPTY: tuple[Any, ...] = (None, "", [], {})


def foreign_values(transition: Transition, values: Mapping[str, Any]) -> Iterator[FieldError]:
    """Errors for values that the step does not ask for: it is no way around the right to update orders."""
    for name, value in values.items():
        given = [f"custom.{key}" for key in value or {}] if name == "custom" else [name]
        for each in given:
            if each not in transition.fields:
                asked = ", ".join(transition.fields) or "-"
                yield FieldError(("values", *each.split(".")), "order.not_asked", {"field": each, "fields": asked})


def missing_values(
    config: TenantConfig, transition: Transition, values: Mapping[str, Any], row: Mapping[str, Any], language: str
) -> Iterator[FieldError]:
    """Errors for fields that would still be empty. ``row`` has the built-in values already, of the company's own those before."""
    for name in transition.fields:
        head, _, own = name.partition(".")
        if head == "custom":
            given = values.get("custom") or {}
            value = given[own] if own in given else (row.get("custom") or {}).get(own)
        else:
            value = row.get(snake(name))
        if value in _EMPTY:
            shown = {"field": field_label(config, name, language)}
            yield FieldError(("values", *name.split(".")), "order.step_needs", shown)


def wrong_reason(transition: Transition, reason: str | None, language: str) -> Iterator[FieldError]:
    """An error where the step has reasons and none of them is given, or has none and one is."""
    reasons = [option.key for option in transition.reasons if not option.archived]
    if reason is None and not reasons:
        return
    if reason is None:
        step = label(transition.label, language)
        yield FieldError(("reason",), "order.needs_reason", {"step": step, "reasons": ", ".join(reasons)})
    elif reason not in reasons:
        shown = {"reason": reason, "reasons": ", ".join(reasons) or "-"}
        yield FieldError(("reason",), "order.unknown_step_reason", shown)


def field_label(config: TenantConfig, name: str, language: str) -> str:
    """What people call a field: the label of a company's own, the name in GraphQL of any other."""
    own = config.fields.get("order", {}).get(name.removeprefix("custom."))
    return label(own.label, language, name) if own is not None and name.startswith("custom.") else name
