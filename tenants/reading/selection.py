"""What a door asks the reader for, free of any transport.

Arguments keep apart what shapes the statement (names, operators, presence) from the values in it: every scalar is a
:class:`Leaf` that also knows where a later call of the same shape finds its own value.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Variables = Mapping[str, Any]
Source = Callable[[Variables], Any]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar (or list of scalars) in an argument: its value now, and where to take it from for other variables."""

    value: Any
    source: Source


def constant(value: Any) -> Leaf:
    return Leaf(value, lambda _variables: value)


@dataclass(frozen=True, slots=True)
class Selected:
    """One field of a selection: the name it answers under, the attribute, its arguments and its own selection.

    ``arguments`` holds nested mappings and lists whose scalars are leaves; enum values are plain strings. Of a field whose record may be
    of several types, ``by_type`` is what is selected of each, by its name in GraphQL.
    """

    key: str
    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    fields: tuple["Selected", ...] = ()
    by_type: Mapping[str, tuple["Selected", ...]] = field(default_factory=dict)
