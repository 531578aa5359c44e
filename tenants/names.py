"""Names in GraphQL and in the database: ``unitPrice`` there is ``unit_price`` here."""

from functools import lru_cache


@lru_cache(maxsize=1_000)
def snake(name: str) -> str:
    """The column of a GraphQL name."""
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name)


@lru_cache(maxsize=1_000)
def camel(name: str) -> str:
    """The GraphQL name of a column."""
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)
