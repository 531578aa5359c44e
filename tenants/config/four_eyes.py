"""The four-eyes option: where a company asks for it, its members change the configuration by drafts alone, and each draft is approved
by somebody who did not write it.

The operator's hand and the product's own are not bound by it: the first is the way out for a company in which nobody can approve
any more. What they do is in the change sets under their names.
"""

from dataclasses import dataclass

from tenants.actors import MEMBER
from tenants.config.definitions import REVIEW_KEY
from tenants.config.snapshot import TenantConfig
from tenants.problems import Conflict, FieldError
from tenants.transaction import Transaction

WRITE, APPROVE = "configuration.update", "configuration.approve"


@dataclass(frozen=True, slots=True)
class Signatures:
    """Who wrote a draft and who approved it, by their names; ``approved_by`` is None where nobody has."""

    written_by: str
    approved_by: str | None


def require_approval(tx: Transaction, right: str, signatures: Signatures | None) -> None:
    """Raise :class:`Conflict` where the change needs somebody's approval and has none.

    Views that are shared under a right of their own need none: they show nobody what they may not see.
    """
    if not tx.config.review.four_eyes or tx.actor.kind != MEMBER or right != WRITE:
        return
    if signatures is None:
        raise Conflict("review.needs_draft")
    if signatures.approved_by is None:
        raise Conflict("review.not_approved")


async def review_errors(tx: Transaction, planned: TenantConfig) -> list[FieldError]:
    """Why a configuration cannot ask for approval: it would leave nobody whose drafts somebody else can approve.

    Asked where the option or a role changes. Members may come and go afterwards; somebody who invites members can mend that.
    """
    now = tx.config
    if not planned.review.four_eyes or (
        now.review.four_eyes and now.definitions["role"] == planned.definitions["role"]
    ):
        return []
    members = await tx.fetch_all("SELECT id, roles FROM members WHERE tenant_id = %(tenant)s AND active")
    rights = {member["id"]: planned.policy.access(tuple(member["roles"])).rights for member in members}
    writers = {member for member, held in rights.items() if WRITE in held}
    approvers = {member for member, held in rights.items() if APPROVE in held}
    if writers and approvers and len(writers | approvers) > 1:
        return []
    return [FieldError(("review", REVIEW_KEY, "four_eyes"), "review.nobody_else", {})]
