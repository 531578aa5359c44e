"""Running a view: the arguments of a list, from a view and what is asked beside it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tenants.config.definitions import View
from tenants.problems import InvalidInput
from tenants.reading.compiler import Reader
from tenants.reading.selection import Leaf, Selected, constant
from tenants.records import RecordType
from tenants.views.finding import shared_views

VIEW = "view"


def with_view(reader: Reader, record: RecordType, selected: Selected) -> Selected:
    """The selection with its argument ``view`` made into the others.

    The view's filter and the given one must both hold; order, search, page size, grouping and what is done with void records are
    the view's where they are not given. Raises :class:`InvalidInput` for a view that the reader cannot see.
    """
    given = dict(selected.arguments)
    reference = given.pop(VIEW, None)
    if not isinstance(reference, Leaf) or reference.value is None:
        return replace(selected, arguments=given)
    view_id = str(reference.value)
    view = reader.views.get(view_id) or shared_views(reader.config, reader.access).get(view_id)
    if view is None or view.record_type != record.name:
        raise InvalidInput.at((VIEW,), "view.unknown", view=reference.value, type=record.name)
    return replace(selected, arguments=_merged(view, given))


def _merged(view: View, given: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(given)
    conditions = [tree for tree in (view.where, given.get("where")) if tree]
    if conditions:
        merged["where"] = {"and": conditions} if len(conditions) > 1 else conditions[0]
    if not given.get("orderBy") and view.order_by:
        merged["orderBy"] = view.order_by
    if view.page_size and not any(_is_given(given, name) for name in ("first", "last")):
        merged["first"] = constant(view.page_size)
    if view.search and not _is_given(given, "search"):
        merged["search"] = constant(view.search)
    if view.voided and not given.get("voided"):
        merged["voided"] = view.voided
    if view.group_by and not _is_given(given, "groupBy"):
        merged["groupBy"] = constant(view.group_by)
    return merged


def _is_given(given: Mapping[str, Any], name: str) -> bool:
    value = given.get(name)
    return isinstance(value, Leaf) and value.value is not None
