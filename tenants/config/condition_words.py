"""Conditions, orderings and actions as they are kept, in the words of a sentence."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from tenants.languages import product_language
from tenants.messages.conditions import ACTION_WORDS, FLAG_WORDS, JOINING_WORDS, OPERATOR_WORDS, QUANTIFIER_WORDS

# Whether there are any at all, where nothing is asked of them: as a flag that says whether the list is empty.
_ANY_OF = {"none": 0, "some": 1}
_WORD = re.compile(r"[\w.:+-]+")


def condition_words(tree: Mapping[str, Any], language: str) -> str:
    """A condition, such as ``status is draft and total is greater than 50``; empty for one that always holds."""
    return _all(tree, _side(language), "")


def ordering_words(order_by: Any, language: str) -> str:
    """An ordering, such as ``number descending, total ascending``."""
    side = _side(language)
    return ", ".join(f"{path} {_joining(way.upper(), side)}" for entry in order_by for path, way in _leaves(entry, ""))


def action_words(body: Mapping[str, Any], language: str) -> str:
    """An action of an automation, such as ``set a field (field priority, value high)``."""
    given = ", ".join(f"{name} {value_words(value, language)}" for name, value in action_parts(body).items())
    return f"{action_name(body, language)} ({given})" if given else action_name(body, language)


def action_name(body: Mapping[str, Any], language: str) -> str:
    """What people call what an action does."""
    kind = str(body.get("type"))
    return ACTION_WORDS[kind][_side(language)] if kind in ACTION_WORDS else kind


def action_parts(body: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of an action; of a text in several languages each is one."""
    found = {}
    for name, value in body.items():
        if isinstance(value, Mapping):
            found.update({f"{name} ({spoken})" if spoken else name: text for spoken, text in value.items()})
        elif name != "type":
            found[name] = value
    return found


def value_words(value: Any, language: str) -> str:
    """A value that something is compared with or set to; a text of several words in quotes."""
    return _value(value, _side(language))


def _value(value: Any, side: int) -> str:
    if isinstance(value, bool):
        return _joining("yes" if value else "no", side)
    if isinstance(value, str) and _WORD.fullmatch(value):
        return value
    if isinstance(value, str):
        return f"“{value}”" if side else f"'{value}'"
    if isinstance(value, list | tuple):
        return ("、" if side else ", ").join(_value(item, side) for item in value)
    return orjson.dumps(value, default=str).decode()


def _side(language: str) -> int:
    """The place of a language in a pair of words."""
    return int(product_language(language) == "zh")


def _joining(word: str, side: int) -> str:
    return JOINING_WORDS[word][side] if word in JOINING_WORDS else word


def _all(tree: Mapping[str, Any], side: int, path: str) -> str:
    return JOINING_WORDS["and"][side].join(_parts(tree, side, path))


def _parts(tree: Mapping[str, Any], side: int, path: str) -> Iterator[str]:
    for name, value in tree.items():
        if name in ("and", "or"):
            joined = JOINING_WORDS[name][side].join(f"({_all(part, side, path)})" for part in value)
            yield joined if len(tree) == 1 else f"({joined})"
        elif name == "not":
            yield f"{JOINING_WORDS['not'][side]}({_all(value, side, path)})"
        elif name in _ANY_OF and path and not value:
            yield f"{path} {FLAG_WORDS['isEmpty'][_ANY_OF[name]][side]}"
        elif name in QUANTIFIER_WORDS and path:
            yield f"{QUANTIFIER_WORDS[name][side]} {path} {JOINING_WORDS['with'][side]} ({_all(value, side, '')})"
        elif name in FLAG_WORDS and path:
            yield f"{path} {FLAG_WORDS[name][not value][side]}"
        elif name in OPERATOR_WORDS and path:
            yield f"{path} {OPERATOR_WORDS[name][side].replace('{value}', _value(value, side))}"
        elif isinstance(value, Mapping):
            yield from _parts(value, side, f"{path}.{name}" if path else name)
        else:
            yield f"{path}.{name} {_value(value, side)}".lstrip(".")


def _leaves(entry: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for name, value in entry.items():
        here = f"{path}.{name}" if path else name
        if isinstance(value, Mapping):
            yield from _leaves(value, here)
        else:
            yield here, str(value)
