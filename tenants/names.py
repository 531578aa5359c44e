"""Names in GraphQL and in the database: ``unitPrice`` there is ``unit_price`` here; and those that were probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache

# How much of two names must be the same, by the measure of difflib: "txt" is like "text", "owner" is not like "nowhere".
LIKE = 0.7


@lru_cache(maxsize=1_000)
def snake(name: str) -> str:
    """The column of a GraphQL name."""
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name)


@lru_cache(maxsize=1_000)
def camel(name: str) -> str:
    """The GraphQL name of a column."""
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The one of the known names that was probably meant, if there is one that is like it; capitals do not count."""
    folded = {each.lower(): each for each in known}
    found = get_close_matches(name.lower(), folded, n=1, cutoff=LIKE)
    return folded[found[0]] if found else None
