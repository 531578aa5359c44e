"""Shared views: everything they name is there, and no role sees two of them first."""

from collections.abc import Iterator

from tenants.config.checks.base import Check, Links, Proposal, Reference, register
from tenants.config.checks.references import in_condition, in_path
from tenants.config.definitions import View
from tenants.problems import FieldError
from tenants.views.checks import double_defaults, view_errors


@register
class ViewCheck(Check):
    kind = "view"

    def meaning(self, proposal: Proposal) -> Iterator[FieldError]:
        views = proposal.planned.views
        for key, view in views.items():
            yield from (error.below("view", key) for error in view_errors(proposal.planned, view))
        yield from (error.below("view", key) for key, error in double_defaults(views))

    def references(self, key: str, definition: View, links: Links) -> Iterator[Reference]:
        for path in (definition.group_by, *(column.path for column in definition.columns)):
            yield from in_path(definition.record_type, path, links)
        yield from in_condition(definition.record_type, definition.where, links)
        yield from in_condition(definition.record_type, definition.order_by, links)
        yield from (("role", role) for role in (*definition.roles, *definition.default_for))
