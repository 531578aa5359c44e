"""How orders are numbered."""

from typing import Annotated

from pydantic import StringConstraints

from tenants.config.definitions.base import Definition, register

NUMBERING_KEY = "order"


@register
class Numbering(Definition):
    """How new orders are numbered; ``gapless`` trades speed under concurrency for numbers without holes.

    The pattern holds ``{seq}`` or ``{seq:5}`` (padded), and may hold ``{year}``, ``{month}``, ``{day}`` and fields
    of the order, such as ``{channel}`` or ``{custom.branch}``: each text around the sequence has a sequence of its own.
    """

    kind = "numbering"
    section = "numbering"
    heading = "How new orders are numbered."
    names = ("numbering", "编号规则")
    spelled_out = frozenset({"pattern"})
    pattern: Annotated[str, StringConstraints(min_length=5, max_length=60)] = "SO-{year}-{seq:5}"
    gapless: bool = False
