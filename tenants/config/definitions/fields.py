"""Fields of a company's own."""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tenants.config.definitions.base import KEY_PATTERN, Colour, Definition, Key, Label, Texts, register
from tenants.field_types import REGISTRY as FIELD_TYPES

_FIELD_KEY = rf"({KEY_PATTERN})\.({KEY_PATTERN})"
LONGEST_PATTERN = 200
# A value of a field, as JSON has it; decimals are texts.
Given = bool | int | str
FIELD_KEY = re.compile(f"^{_FIELD_KEY}$")


class Option(BaseModel):
    """One choice of a select field; the key is kept in the data, so renaming the label changes no record. It can be chosen where ``when`` holds for
    the record, which has the shape of the record type's filter."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    key: Key
    label: Label
    colour: Colour | None = None
    archived: bool = False
    when: dict[str, Any] = Field(default_factory=dict)


LinkTarget = Literal["order", "customer", "product"]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class Reverse(BaseModel):
    """How the records that a link leads to show those that are linked to them: a field of theirs with this key."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    key: Key
    label: Label


Formula = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]


class Rollup(BaseModel):
    """A figure over the records that a relation leads to: ``over`` names it, such as ``orders`` or ``custom.parts``. ``field``, ``where`` and
    ``by`` are expressions over these records: what is counted or added, which of them count, and what makes one the last."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    over: Annotated[str, StringConstraints(pattern=rf"^(custom\.)?{KEY_PATTERN}$")]
    function: Literal["count", "sum", "avg", "min", "max", "last"]
    field: Formula | None = None
    where: Formula | None = None
    by: Formula | None = None


@register
class CustomField(Definition):
    """A field the tenant adds to a record type. Its key in the document is ``<record type>.<field key>``.

    Lists are filtered and sorted by an ``indexed`` field as fast as by a built-in one, whatever their length. Of a ``unique``
    field, which is indexed as well, no two records have the same value. Links lead to records of the ``target`` type, which show
    them the other way round as ``reverse``. Amounts given without one are in the ``currency``.

    A new record that is given nothing has the ``default``, or what ``default_expression`` makes of its other values. Values are from ``minimum`` to ``maximum``, of texts and lists the
    length is; texts have the form of ``pattern`` (RE2) from end to end. Telephone numbers without a country code are of the
    ``region``. A formula is worked out by its ``expression``, a ``rollup`` from related records. An automatic number follows the pattern ``numbering``, ``gapless`` or not, as those of orders do.
    """

    kind = "field"
    section = "fields"
    heading = "The company's own fields, as <record type>.<field>."
    names = ("field", "字段")
    key_pattern = _FIELD_KEY
    archives = True
    type: str
    label: Label
    help: Texts = Field(default_factory=dict)
    required: bool = False
    indexed: bool = False
    unique: bool = False
    default: Given | list[Any] | dict[str, Any] | None = None
    default_expression: Formula | None = None
    minimum: Given | None = None
    maximum: Given | None = None
    pattern: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_PATTERN)] | None = None
    region: Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")] | None = None
    numbering: Annotated[str, StringConstraints(min_length=5, max_length=60)] | None = None
    gapless: bool = False
    options: tuple[Option, ...] = ()
    target: LinkTarget | None = None
    reverse: Reverse | None = None
    currency: Currency | None = None
    expression: Formula | None = None
    rollup: Rollup | None = None
    position: int = 0
    archived: bool = False

    @property
    def is_indexed(self) -> bool:
        """Whether index rows are kept for it."""
        kind = FIELD_TYPES.get(self.type)
        is_wanted = self.indexed or self.unique or (kind is not None and kind.always_indexed)
        return is_wanted and not self.archived

    @property
    def is_computed(self) -> bool:
        """Whether its values are worked out from others."""
        kind = FIELD_TYPES.get(self.type)
        return kind is not None and kind.shape == "computed"

    @property
    def option_keys(self) -> tuple[str, ...]:
        return tuple(option.key for option in self.options)

    @property
    def open_options(self) -> tuple[str, ...]:
        return tuple(option.key for option in self.options if not option.archived)


def split_field_key(key: str) -> tuple[str, str]:
    """('order', 'score') of 'order.score'. Raises ``ValueError`` for any other form."""
    match = FIELD_KEY.match(key)
    if not match:
        raise ValueError(key)
    return match.group(1), match.group(2)
