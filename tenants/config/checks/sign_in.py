"""Sign-in: there is one definition of it, and the roles that it names exist."""

from collections.abc import Iterator

from tenants.config.checks.base import Check, Links, Proposal, Reference, register
from tenants.config.definitions import EVERYBODY, SIGN_IN_KEY, Role, SignIn
from tenants.permissions import BUILT_IN_ROLES
from tenants.problems import FieldError


@register
class SignInCheck(Check):
    kind = "sign_in"

    def form(self, proposal: Proposal) -> Iterator[FieldError]:
        known = {EVERYBODY, *BUILT_IN_ROLES, *(key for key, _ in proposal.of(Role))}
        for key, definition in proposal.of(SignIn):
            if key != SIGN_IN_KEY:
                yield FieldError(("sign_in", key), "config.unknown_object", {"object": key, "objects": SIGN_IN_KEY})
            for place, role in enumerate(definition.second_factor):
                if role not in known:
                    yield FieldError(("sign_in", key, "second_factor", place), "config.unknown_role", {"role": role})

    def references(self, key: str, definition: SignIn, links: Links) -> Iterator[Reference]:
        yield from (("role", role) for role in definition.second_factor if role not in {EVERYBODY, *BUILT_IN_ROLES})
