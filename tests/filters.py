"""How tests filter orders: in variables, and written out in a document."""

from collections.abc import Mapping
from typing import Any

from tests.harness import Company

QUERY = "query ($where: OrderFilter) { orders(where: $where, orderBy: [{notes: ASC}]) { nodes { notes } } }"


async def found(company: Company, where: Any) -> str:
    data = await company.data(QUERY, {"where": where})
    return "".join(node["notes"] for node in data["orders"]["nodes"])


def literal(value: Any) -> str:
    """A filter as it stands in a document: keys and enum values without quotes."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {literal(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and value not in {
        "HIGH",
        "LOW",
        "COMPANY",
        "CREATED",
        "VOIDED",
        "MEMBER",
        "red",
        "blue",
        "x",
        "y",
    }:
        return '"' + value.replace("\\", "\\\\") + '"'
    return str(value)
