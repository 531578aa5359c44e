"""The review of configuration changes: there is one."""

from collections.abc import Iterator

from tenants.config.checks.base import Check, Proposal, register
from tenants.config.definitions import REVIEW_KEY, Review
from tenants.problems import FieldError


@register
class ReviewCheck(Check):
    kind = "review"

    def form(self, proposal: Proposal) -> Iterator[FieldError]:
        for key, _ in proposal.of(Review):
            if key != REVIEW_KEY:
                yield FieldError(
                    ("review", key), "config.only_key", {"section": "review", "key": key, "known": REVIEW_KEY}
                )
