"""What a person is offered as next steps of an order: each with what it needs, and why it cannot be taken."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tenants.config.definitions import Transition, label
from tenants.config.snapshot import TenantConfig
from tenants.field_labels import field_label
from tenants.life_cycles.cycles import Cycle
from tenants.life_cycles.forms import asked_fields
from tenants.life_cycles.gates import Hurdle, hurdles
from tenants.permissions import Access
from tenants.problems import NotAllowed


@dataclass(frozen=True, slots=True)
class Offer:
    """A next step: its members in GraphQL, and what is still to be judged for the order, with the sentence of each for the reader: the
    conditions, and before them the ``rights`` that are of some orders alone."""

    shown: Mapping[str, Any]
    hurdles: tuple[tuple[Hurdle, str], ...]
    rights: Mapping[str, str] = field(default_factory=dict)


def offers(config: TenantConfig, access: Access, language: str, cycle: Cycle, status: str) -> Iterator[Offer]:
    """The steps that the life cycle has from that status."""
    for key in cycle.steps.get(status, ()):
        transition = cycle.transitions[key]
        right = lacking_right(access, key)
        shown = {
            "key": key,
            "label": label(transition.label, language, key),
            "status": transition.target,
            "statusLabel": label(config.all_statuses[transition.target].label, language, transition.target),
            "allowed": right is None,
            "refusal": None if right is None else refused_right(access, language, right),
            **_form(config, transition, language),
        }
        found = hurdles(config, cycle, status, key) if right is None else ()
        scoped = access.rows.keys() & needed_rights(key) if right is None else ()
        yield Offer(
            shown,
            tuple((hurdle, hurdle.text(config, language)) for hurdle in found),
            {each: refused_right(access, language, each) for each in sorted(scoped)},
        )


def needed_rights(step: str) -> tuple[str, str]:
    """The rights that a step asks for."""
    return "order.change_status", f"order.transition.{step}"


def lacking_right(access: Access, step: str) -> str | None:
    """The first right for the step that is missing, which is the one that the mutation would name."""
    return next((right for right in needed_rights(step) if not access.allows(right)), None)


def refused_right(access: Access, language: str, right: str) -> str:
    """The sentence for a right that is missing, or is not of the order at hand."""
    holders = access.policy.full_holders(right) if right in access.rows else access.policy.holders(right)
    return NotAllowed(right, holders).text(language)


def _form(config: TenantConfig, transition: Transition, language: str) -> dict[str, Any]:
    return {
        "requires": [
            {"path": name, "label": field_label(config, "order", name, language)}
            for name in asked_fields(config, transition)
        ],
        "reasons": [
            {"key": reason.key, "label": label(reason.label, language, reason.key)}
            for reason in transition.reasons
            if not reason.archived
        ],
        "noteRequired": transition.note_required,
        "attachmentRequired": transition.attachment_required,
        "confirm": label(transition.confirm, language) or None,
    }
