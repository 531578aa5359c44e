"""Rules that records must keep to."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from tenants.config.definitions.base import Definition, FieldPath, Key, Texts, register


class Effect(StrEnum):
    CHECK = "check"
    REQUIRE = "require"
    READ_ONLY = "read_only"
    HIDE = "hide"
    UNIQUE = "unique"


@register
class Rule(Definition):
    """What must hold of the records of one type where ``when`` does.

    ``check`` is an expression that must not be false; the other effects say what is true of ``fields``: they are required, keep
    the value they have, are not for this record at all, or are together the same in no other record. ``when`` has the shape of
    the record type's filter and is asked of the record as it will be, for ``read_only`` as it was. ``message`` is what a caller
    is told at each of the fields. An order that is voided need not keep to it, unless it holds ``on_void`` as well.
    """

    kind = "rule"
    section = "rules"
    heading = "What must hold of records, built-in and own fields alike."
    names = ("rule", "规则")
    record_type: Key = "order"
    effect: Effect
    fields: Annotated[tuple[FieldPath, ...], Field(min_length=1, max_length=20)]
    when: dict[str, Any] = Field(default_factory=dict)
    check: Annotated[str, StringConstraints(min_length=1, max_length=2_000)] | None = None
    ignore_case: bool = False
    on_void: bool = False
    message: Texts = Field(default_factory=dict)
    enabled: bool = True
    position: int = 0
