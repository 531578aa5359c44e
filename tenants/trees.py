"""How deep and how large a tree of plain values is, told without recursion and without walking all of a bomb."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def is_deeper(tree: Any, most: int) -> bool:
    """Whether mappings and lists lie more than ``most`` levels within each other; a tree that contains itself is."""
    level = [tree]
    for _ in range(most + 1):
        # Each object once a level: aliases of YAML are the same object at many places.
        within = {id(inner): inner for outer in level for inner in _parts(outer)}
        if not within:
            return False
        level = list(within.values())
    return True


def is_larger(tree: Any, most: int) -> bool:
    """Whether it has more than ``most`` parts once everything that is there by alias is written out."""
    todo, count = [tree], 0
    while todo:
        for part in _parts(todo.pop()):
            count += 1
            if count > most:
                return True
            todo.append(part)
    return False


def has_huge_number(tree: Any, largest: int) -> bool:
    """Whether a whole number of it is beyond ``largest``, on either side of zero."""
    todo = [tree]
    while todo:
        value = todo.pop()
        if isinstance(value, int) and abs(value) > largest:
            return True
        todo.extend(_parts(value))
    return False


def is_unprintable(tree: Any) -> bool:
    """Whether a text of it, or a key, holds what PostgreSQL cannot keep: NUL, or half a character."""
    todo = [tree]
    while todo:
        value = todo.pop()
        if isinstance(value, Mapping):
            todo.extend(value.keys())
        if isinstance(value, str) and ("\x00" in value or any("\ud800" <= char <= "\udfff" for char in value)):
            return True
        todo.extend(_parts(value))
    return False


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, Sequence) and not isinstance(value, str | bytes) else ()
