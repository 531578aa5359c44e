"""The kinds of definition, each a frozen pydantic model; together they are a tenant's whole configuration.

A definition is stored as one row (kind, key, body). Texts that users see are given per language.
"""

import re
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

LANGUAGES = ("en", "zh")
Language = Literal["en", "zh"]

# Keys become GraphQL names and parts of SQL expressions, so they are checked once, here.
KEY_PATTERN = r"[a-zA-Z][a-zA-Z0-9_]{0,39}"
Key = Annotated[str, StringConstraints(pattern=f"^{KEY_PATTERN}$")]
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Label = Annotated[dict[Language, Sentence], Field(min_length=1)]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]


def _whole_template(value: Any) -> Any:
    """YAML reads a lone ``{{ x }}`` as a mapping; say so instead of a puzzling type error."""
    if isinstance(value, dict):
        # pydantic takes a ValueError for a complaint about the value, and a TypeError for a bug.
        raise ValueError("put quotes around a text that begins with '{{'")  # noqa: TRY004
    return value


Template = Annotated[str, BeforeValidator(_whole_template), StringConstraints(min_length=1, max_length=20_000)]


class Definition(BaseModel):
    """Base of all kinds. ``kind`` names the section; archived definitions keep their data but are offered no more."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)
    kind: ClassVar[str]
    archives: ClassVar[bool] = False


def label(labels: dict[Any, str], language: str, fallback: str = "") -> str:
    """The text in that language, else in any, else the fallback."""
    return labels.get(language) or next(iter(labels.values()), fallback)


class Numbering(Definition):
    """How new orders are numbered; ``gapless`` trades speed under concurrency for numbers without holes.

    The pattern holds ``{seq}`` or ``{seq:5}`` (padded), and may hold ``{year}``, ``{month}``, ``{day}``: the sequence
    starts anew whenever the text around it changes.
    """

    kind = "numbering"
    pattern: Annotated[str, StringConstraints(min_length=5, max_length=60)] = "SO-{year}-{seq:5}"
    gapless: bool = False


class Option(BaseModel):
    """One choice of a select field; the key is kept in the data, so renaming the label changes no record."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    key: Key
    label: Label
    colour: Colour | None = None
    archived: bool = False


class CustomField(Definition):
    """A field the tenant adds to a record type. Its key in the document is ``<record type>.<field key>``.

    Lists are filtered and sorted by an ``indexed`` field as fast as by a built-in one, whatever their length. Of a ``unique``
    field, which is indexed as well, no two records have the same value.
    """

    kind = "field"
    archives = True
    type: str
    label: Label
    help: dict[Language, Sentence] = Field(default_factory=dict)
    required: bool = False
    indexed: bool = False
    unique: bool = False
    options: tuple[Option, ...] = ()
    position: int = 0
    archived: bool = False

    @property
    def is_indexed(self) -> bool:
        """Whether index rows are kept for it."""
        return (self.indexed or self.unique) and not self.archived

    @property
    def option_keys(self) -> tuple[str, ...]:
        return tuple(option.key for option in self.options)

    @property
    def open_options(self) -> tuple[str, ...]:
        return tuple(option.key for option in self.options if not option.archived)


class Category(StrEnum):
    OPEN = "open"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    VOID = "void"


class Status(Definition):
    """A state of an order. ``void_blocked`` holds, per language, what must be done before an order here may be voided;
    where it is empty the order may be voided as it stands."""

    kind = "status"
    archives = True
    label: Label
    category: Category
    colour: Colour = "#808080"
    description: dict[Language, Sentence] = Field(default_factory=dict)
    position: int = 0
    initial: bool = False
    void_blocked: dict[Language, Sentence] = Field(default_factory=dict)
    archived: bool = False


class Transition(Definition):
    """A legal step between statuses. Taking it needs the right ``order.transition.<key>``."""

    kind = "transition"
    label: Label
    sources: Annotated[tuple[Key, ...], Field(min_length=1)]
    target: Key


class VoidReason(Definition):
    """Why an order may be voided; the clerk chooses one, and adds a note where ``note_required``."""

    kind = "void_reason"
    archives = True
    label: Label
    note_required: bool = False
    position: int = 0
    archived: bool = False


class Grant(BaseModel):
    """Rights on one kind of object: actions may end in ``*``; deny wins over allow."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    object: Annotated[str, StringConstraints(pattern=rf"^(\*|{KEY_PATTERN})$")]
    actions: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^(\*|[a-z_]+(\.(\*|[A-Za-z0-9_]+))?)$")], ...],
        Field(min_length=1),
    ]
    effect: Literal["allow", "deny"] = "allow"


class Role(Definition):
    kind = "role"
    label: Label
    inherits: tuple[Key, ...] = ()
    grants: tuple[Grant, ...] = ()


class Trigger(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    STATUS_CHANGED = "status_changed"
    VOIDED = "voided"


class Automation(Definition):
    """When one of ``events`` happens to a record and ``condition`` holds for it as it then stands, do ``actions``.

    ``condition`` has the shape of the record type's GraphQL filter. The actions are done under ``role``, in order, all
    or none.
    """

    kind = "automation"
    label: Label
    record_type: Key = "order"
    events: Annotated[tuple[Trigger, ...], Field(min_length=1)]
    condition: dict[str, Any] = Field(default_factory=dict)
    actions: Annotated[tuple[dict[str, Any], ...], Field(min_length=1, max_length=20)]
    role: Key = "member"
    enabled: bool = True
    position: int = 0


# The way to a value from a record: "number", "customer.name", "custom.score".
FieldPath = Annotated[str, StringConstraints(pattern=rf"^{KEY_PATTERN}(\.{KEY_PATTERN}){{0,3}}$")]


class ViewColumn(BaseModel):
    """One column of a view: what it shows, and how wide, in pixels."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    path: FieldPath
    width: Annotated[int, Field(ge=20, le=2_000)] | None = None


class View(Definition):
    """A saved list of the records of one type: which of them, in which columns, in which order, in which groups.

    ``where`` and ``order_by`` have the shapes of the list's GraphQL arguments. A view is shown to everybody, or to ``roles`` where
    these are given; to those of ``default_for`` it is shown first.
    """

    kind = "view"
    label: Label
    record_type: Key = "order"
    columns: Annotated[tuple[ViewColumn, ...], Field(max_length=100)] = ()
    where: dict[str, Any] = Field(default_factory=dict)
    order_by: Annotated[tuple[dict[str, Any], ...], Field(max_length=5)] = ()
    group_by: FieldPath | None = None
    search: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    voided: Literal["EXCLUDE", "INCLUDE", "ONLY"] | None = None
    page_size: Annotated[int, Field(ge=1, le=200)] | None = None
    position: int = 0
    roles: tuple[Key, ...] = ()
    default_for: tuple[Key, ...] = ()


KINDS: dict[str, type[Definition]] = {
    kind.kind: kind for kind in (Numbering, CustomField, Status, Transition, VoidReason, Role, Automation, View)
}
NUMBERING_KEY = "order"
FIELD_KEY = re.compile(rf"^({KEY_PATTERN})\.({KEY_PATTERN})$")


def split_field_key(key: str) -> tuple[str, str]:
    """('order', 'score') of 'order.score'. Raises ``ValueError`` for any other form."""
    match = FIELD_KEY.match(key)
    if not match:
        raise ValueError(key)
    return match.group(1), match.group(2)
