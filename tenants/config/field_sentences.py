"""Changes of rights to fields, as a person would say them."""

from collections.abc import Iterable, Iterator

from tenants.config.definitions import Grant
from tenants.field_rights import EVERY, FIELD_ACTIONS
from tenants.messages import render

Right = tuple[str, str]


def field_sentences(before: Iterable[Grant], after: Iterable[Grant], language: str) -> Iterator[str]:
    """What changes of the fields that a role is granted and denied."""
    old, new = _effects(before), _effects(after)
    for right in dict.fromkeys((*old, *new)):
        was, is_now = old.get(right), new.get(right)
        if was == is_now:
            continue
        action, path = right
        ending = "_denied" if is_now == "deny" else "" if is_now else "_undenied" if was == "deny" else "_taken"
        yield render(f"change.field_{action}{ending}", language, {"field": path})


def _effects(grants: Iterable[Grant]) -> dict[Right, str]:
    """What is said of each action and field; deny wins."""
    found: dict[Right, str] = {}
    for grant in grants:
        for action in FIELD_ACTIONS:
            if action not in grant.actions and EVERY not in grant.actions:
                continue
            for path in grant.fields:
                right = action, f"{grant.object}.{path}"
                found[right] = "deny" if "deny" in (grant.effect, found.get(right)) else "allow"
    return found
