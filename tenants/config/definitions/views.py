"""Saved lists."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tenants.config.definitions.base import Definition, FieldPath, Key, Label, register


class ViewColumn(BaseModel):
    """One column of a view: what it shows, and how wide, in pixels."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    path: FieldPath
    width: Annotated[int, Field(ge=20, le=2_000)] | None = None


@register
class View(Definition):
    """A saved list of the records of one type: which of them, in which columns, in which order, in which groups.

    ``where`` and ``order_by`` have the shapes of the list's GraphQL arguments. A view is shown to everybody, or to ``roles`` where
    these are given; to those of ``default_for`` it is shown first.
    """

    kind = "view"
    section = "views"
    heading = "Lists that are shared: which records, in which columns, in which order."
    names = ("view", "视图")
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
