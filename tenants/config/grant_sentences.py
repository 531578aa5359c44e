"""Changes of what a role grants and denies, as a person would say them."""

from collections.abc import Iterable, Iterator

from tenants.config.condition_words import condition_words
from tenants.config.definitions import Grant, RowScope, RowsWhere
from tenants.field_rights import EVERY, FIELD_ACTIONS
from tenants.messages import render

# Of a right to a field, what may be done with it; nothing for any other right.
Right = tuple[str, str]


def grant_sentences(before: Iterable[Grant], after: Iterable[Grant], language: str) -> Iterator[str]:
    """What changes of the rights that a role is granted and denied, those to fields last."""
    old, new = _effects(before, language), _effects(after, language)
    for right in sorted(dict.fromkeys((*old, *new)), key=lambda right: bool(right[0])):
        was, is_now = old.get(right), new.get(right)
        if was == is_now:
            continue
        action, path = right
        how = "denied" if is_now == "deny" else "given" if is_now else "undenied" if was == "deny" else "taken"
        if action:
            yield render(f"change.field_{action}_{how}", language, {"field": path})
        else:
            yield render(f"change.right_{how}", language, {"right": path})


def _effects(grants: Iterable[Grant], language: str) -> dict[Right, str]:
    """What is said of each right; deny wins."""
    found: dict[Right, str] = {}
    for grant in grants:
        for right in _rights(grant, language):
            found[right] = "deny" if "deny" in (grant.effect, found.get(right)) else "allow"
    return found


def _rights(grant: Grant, language: str) -> Iterator[Right]:
    if not grant.fields:
        yield from (("", _scoped(f"{grant.object}.{action}", grant.scope, language)) for action in grant.actions)
    for action in FIELD_ACTIONS if grant.fields else ():
        if action in grant.actions or EVERY in grant.actions:
            yield from ((action, _scoped(f"{grant.object}.{path}", grant.scope, language)) for path in grant.fields)


def _scoped(right: str, scope: RowScope | None, language: str) -> str:
    """The right, with the records that it is of."""
    if scope is None:
        return right
    if isinstance(scope, RowsWhere):
        return render(
            "change.scope_where", language, {"right": right, "condition": condition_words(scope.where, language)}
        )
    return render(f"change.scope_{scope}", language, {"right": right})
