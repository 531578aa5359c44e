"""The form of a step: which fields are filled in with it, its reason, its note and its files."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tenants.config.definitions import Transition
from tenants.config.snapshot import TenantConfig
from tenants.field_labels import field_label
from tenants.messages import InLanguages, Listed
from tenants.names import snake
from tenants.problems import FieldError
from tenants.rules.required import required_in

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


def asked_fields(config: TenantConfig, transition: Transition) -> tuple[str, ...]:
    """The fields that are filled in with the step: its own, and those without which a rule would refuse the status that it leads to."""
    required = required_in(config, "order", transition.target)
    if not required:
        return transition.fields
    known = (*FILLABLE, *(f"custom.{key}" for key in config.fields.get("order", {})))
    return tuple(dict.fromkeys((*transition.fields, *(name for name in required if name in known))))


def foreign_values(asked: Sequence[str], values: Mapping[str, Any]) -> Iterator[FieldError]:
    """Errors for values that the step does not ask for: it is no way around the right to update orders."""
    for name, value in values.items():
        given = [f"custom.{key}" for key in value or {}] if name == "custom" else [name]
        for each in given:
            if each not in asked:
                shown = {"field": each, "fields": ", ".join(asked) or "-"}
                yield FieldError(("values", *each.split(".")), "order.not_asked", shown)


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
            shown = {"field": field_label(config, "order", name, language)}
            yield FieldError(("values", *name.split(".")), "order.step_needs", shown)


def wrong_reason(transition: Transition, reason: str | None) -> Iterator[FieldError]:
    """An error where the step has reasons and none of them is given, or has none and one is."""
    reasons = {option.key: option.label for option in transition.reasons if not option.archived}
    if reason is None and not reasons:
        return
    if reason is None:
        shown = {"step": InLanguages(transition.label), "reasons": Listed(reasons)}
        yield FieldError(("reason",), "order.needs_reason", shown)
    elif reason not in reasons:
        yield FieldError(("reason",), "order.unknown_step_reason", {"reason": reason, "reasons": Listed(reasons)})
