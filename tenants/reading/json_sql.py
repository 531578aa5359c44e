"""JSON as PostgreSQL builds it: objects from expressions, and texts as literals."""

from collections.abc import Sequence

# json_build_object takes at most 100 arguments.
MOST_PAIRS = 50
TYPENAME = "__typename"


def literal(text: str) -> str:
    """A text as an SQL literal inside a statement that is given parameters."""
    return "'" + text.replace("'", "''").replace("%", "%%") + "'"


def json_object(pairs: Sequence[tuple[str, str]]) -> str:
    """The SQL of a JSON object from response keys and expressions."""
    if len(pairs) <= MOST_PAIRS:
        return "json_build_object(" + ", ".join(f"'{key}', {expression}" for key, expression in pairs) + ")"
    parts = [json_object(pairs[start : start + MOST_PAIRS]) for start in range(0, len(pairs), MOST_PAIRS)]
    inner = " || ', ' || ".join(f"substr(({part})::text, 2, length(({part})::text) - 2)" for part in parts)
    return f"('{{' || {inner} || '}}')::json"
