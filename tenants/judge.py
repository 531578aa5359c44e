"""Casbin, which judges of all rights by the policies that it is given: one that allows must match, and none that denies."""

from collections.abc import Iterable
from typing import Any

import casbin

_EFFECT = "e = some(where (p.eft == allow)) && !some(where (p.eft == deny))"


class Judge:
    """Answers questions made of the parts that the ``request`` names, by policies of the parts that ``policy`` names, the last of them
    ``eft``; one is about a question where ``matcher`` holds."""

    def __init__(self, request: str, policy: str, matcher: str) -> None:
        model = (
            f"[request_definition]\nr = {request}\n[policy_definition]\np = {policy}\n"
            f"[policy_effect]\n{_EFFECT}\n[matchers]\nm = {matcher}\n"
        )
        self._enforcer: Any = casbin.Enforcer(casbin.Enforcer.new_model(text=model))

    def give(self, policies: Iterable[tuple[str, ...]]) -> None:
        """Judge by these policies alone: Casbin looks at every one for each question."""
        self._enforcer.clear_policy()
        for policy in policies:
            self._enforcer.add_policy(*policy)

    def allows(self, *request: str) -> bool:
        return bool(self._enforcer.enforce(*request))
