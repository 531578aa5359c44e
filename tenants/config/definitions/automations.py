"""What follows when something happens to a record."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from tenants.config.definitions.base import Definition, Key, Label, register


class Trigger(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    STATUS_CHANGED = "status_changed"
    VOIDED = "voided"


@register
class Automation(Definition):
    """When one of ``events`` happens to a record and ``condition`` holds for it as it then stands, do ``actions``.

    ``condition`` has the shape of the record type's GraphQL filter. The actions are done under ``role``, in order, all
    or none. What a run of it changes sets it off again only where it ``reacts_to_itself``.
    """

    kind = "automation"
    section = "automations"
    heading = "When something happens and a condition holds, do this."
    names = ("automation", "自动化")
    label: Label
    record_type: Key = "order"
    events: Annotated[tuple[Trigger, ...], Field(min_length=1)]
    condition: dict[str, Any] = Field(default_factory=dict)
    actions: Annotated[tuple[dict[str, Any], ...], Field(min_length=1, max_length=20)]
    role: Key = "member"
    reacts_to_itself: bool = False
    enabled: bool = True
    position: int = 0
