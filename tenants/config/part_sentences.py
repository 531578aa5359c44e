"""What is otherwise in a part of a definition than before, as a person would say it: values, texts, lists, and parts of parts."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
from pydantic import BaseModel

from tenants.config.condition_words import (
    action_name,
    action_parts,
    action_words,
    condition_words,
    ordering_words,
    value_words,
)
from tenants.config.definitions import label
from tenants.config.grant_sentences import grant_sentences
from tenants.languages import is_tag, product_language
from tenants.messages import render
from tenants.messages.change_sets import ENTRY_NAMES, PROPERTY_NAMES

# Longer values are not written out.
LONGEST = 200
# Parts that are conditions in the shape of a filter.
_CONDITIONS = frozenset({"condition", "when", "where", "enter", "leave"})
# What an entry of a list is known by.
_IDENTITY = ("key", "path")


def part_sentences(name: str, old: Any, new: Any, language: str) -> Iterator[str]:
    """What changed of the part called ``name``, nothing where it is the same."""
    if old == new:
        return
    shown = property_name(name, language)
    if isinstance(new, bool) or (isinstance(old, bool) and new is None):
        yield render("change.on" if new else "change.off", language, {"name": shown})
    elif name == "grants":
        yield from grant_sentences(old or (), new or (), language)
    elif name == "actions":
        yield from _actions(old or (), new or (), language)
    elif name == "order_by":
        yield from _said(shown, ordering_words(old or (), language), ordering_words(new or (), language), language)
    elif name in _CONDITIONS and not isinstance(old or new, str):
        yield from _said(shown, condition_words(old or {}, language), condition_words(new or {}, language), language)
    elif _is_text(old) and _is_text(new):
        yield from _texts(shown, dict(old or {}), dict(new or {}), language)
    elif isinstance(old, BaseModel) or isinstance(new, BaseModel):
        yield f"{shown}{_colon(language)}{_joined(_of_model(old, new, language), language)}"
    elif _is_list(old) and _is_list(new):
        yield from _list(name, old or (), new or (), language)
    elif _is_keyed(old) and _is_keyed(new):
        yield from _entries(name, old or {}, new or {}, language)
    else:
        yield from _said(shown, _plain(old), _plain(new), language)


def property_name(name: str, language: str) -> str:
    """What people call a part of a definition."""
    return PROPERTY_NAMES[name][_side(language)] if name in PROPERTY_NAMES else name.replace("_", " ")


def _side(language: str) -> int:
    """The place of a language in a pair of words."""
    return int(product_language(language) == "zh")


def _colon(language: str) -> str:
    return "：" if _side(language) else ": "


def _joined(parts: Iterator[str], language: str) -> str:
    return ("，" if _side(language) else ", ").join(parts)


def _is_text(value: Any) -> bool:
    """Whether it is a text per language."""
    return value is None or (
        isinstance(value, Mapping) and all(is_tag(key) and isinstance(text, str) for key, text in value.items())
    )


def _is_list(value: Any) -> bool:
    return value is None or isinstance(value, tuple)


def _is_keyed(value: Any) -> bool:
    """Whether it holds parts of a definition by their keys, such as the statuses of a life cycle."""
    return value is None or (isinstance(value, Mapping) and all(isinstance(part, BaseModel) for part in value.values()))


def _texts(name: str, old: Mapping[str, str], new: Mapping[str, str], language: str) -> Iterator[str]:
    for spoken in sorted({*old, *new}):
        if old.get(spoken) != new.get(spoken):
            yield from _said(f"{name} ({spoken})", old.get(spoken, ""), new.get(spoken, ""), language)


def _plain(value: Any) -> str:
    if value is None or value in ("", (), [], {}):
        return ""
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    if isinstance(value, list | tuple):
        value = [item.model_dump(mode="json") if isinstance(item, BaseModel) else item for item in value]
    return value if isinstance(value, str) else orjson.dumps(value, default=str).decode()


def _said(name: str, old: str, new: str, language: str) -> Iterator[str]:
    """A value before and after, each in words; empty is none."""
    if old == new or max(len(old), len(new)) > LONGEST:
        yield render("change.other", language, {"name": name})
    elif not old:
        yield render("change.set", language, {"name": name, "new": new})
    elif not new:
        yield render("change.unset", language, {"name": name, "old": old})
    else:
        yield render("change.from_to", language, {"name": name, "old": old, "new": new})


def _of_model(old: BaseModel | None, new: BaseModel | None, language: str) -> Iterator[str]:
    """What is otherwise in a part that has parts; one that is not there has none of them."""
    some = new if new is not None else old
    for name in type(some).model_fields if some is not None else ():
        was, will_be = getattr(old, name, None), getattr(new, name, None)
        if name == "archived" and was != will_be and (was or will_be):
            yield render("change.part_archived" if will_be else "change.part_restored", language, {})
        elif not (was in (None, False) and will_be in (None, False)):
            yield from part_sentences(name, was, will_be, language)


def _list(name: str, old: Sequence[Any], new: Sequence[Any], language: str) -> Iterator[str]:
    """Entries that came, went, or are otherwise than before; each is known by its key, or else by itself."""
    before = {_identity(value): value for value in old}
    after = {_identity(value): value for value in new}
    is_plain = not any(isinstance(value, BaseModel) for value in (*old, *new))
    if (is_plain and not (old and new)) or len(before) < len(old) or len(after) < len(new):
        yield from _said(property_name(name, language), _plain(old), _plain(new), language)
    else:
        yield from _entries(name, before, after, language)


def _identity(value: Any) -> str:
    known = (getattr(value, name) for name in _IDENTITY if hasattr(value, name))
    return next(known, None) or _plain(value)


def _entries(name: str, before: Mapping[str, Any], after: Mapping[str, Any], language: str) -> Iterator[str]:
    for key in [key for key in after if key not in before]:
        yield from _came(name, key, after[key], language)
    for key in [key for key in before if key not in after]:
        if isinstance(before[key], BaseModel):
            yield render("change.part_removed", language, {"entry": _entry(name, key, before[key], language)})
        else:
            shown = {"name": property_name(name, language), "entry": key}
            yield render("change.entry_removed", language, shown)
    for key, value in after.items():
        if key in before and before[key] != value:
            parts = _joined(_of_model(before[key], value, language), language)
            yield f"{_entry(name, key, value, language)}{_colon(language)}{parts}"
    kept = [key for key in before if key in after]
    if kept != [key for key in after if key in before]:
        yield render("change.reordered", language, {"name": property_name(name, language)})


def _came(name: str, key: str, value: Any, language: str) -> Iterator[str]:
    if not isinstance(value, BaseModel):
        yield render("change.entry_added", language, {"name": property_name(name, language), "entry": key})
        return
    added = render("change.part_added", language, {"entry": _entry(name, key, value, language)})
    said = {each: getattr(value, each) for each in (*_IDENTITY, "label") if hasattr(value, each)}
    parts = _joined(_of_model(type(value).model_construct(**said), value, language), language)
    yield f"{added}{_colon(language)}{parts}" if parts else added


def _entry(name: str, key: str, value: Any, language: str) -> str:
    """What an entry is called: what it is, its key, and its label where it has one."""
    data = {"kind": ENTRY_NAMES[name][_side(language)] if name in ENTRY_NAMES else property_name(name, language)}
    labels = getattr(value, "label", None)
    if labels:
        return render("change.titled", language, {**data, "key": key, "label": label(labels, language)})
    return render("change.title", language, {**data, "key": key})


def _actions(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]], language: str) -> Iterator[str]:
    """Actions have no keys: where the same are there in the same places, their parameters are compared."""
    if [body.get("type") for body in old] == [body.get("type") for body in new]:
        for place, (was, will_be) in enumerate(zip(old, new, strict=True), 1):
            if was != will_be:
                shown = {"place": place, "action": action_name(will_be, language)}
                said = _joined(_of_action(action_parts(was), action_parts(will_be), language), language)
                yield f"{render('change.action', language, shown)}{_colon(language)}{said}"
        return
    before, after = ([action_words(body, language) for body in found] for found in (old, new))
    name = property_name("actions", language)
    for said in [said for said in after if said not in before]:
        yield render("change.entry_added", language, {"name": name, "entry": said})
    for said in [said for said in before if said not in after]:
        yield render("change.entry_removed", language, {"name": name, "entry": said})
    if sorted(before) == sorted(after):
        yield render("change.reordered", language, {"name": name})


def _of_action(old: Mapping[str, Any], new: Mapping[str, Any], language: str) -> Iterator[str]:
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) != new.get(name):
            was, will_be = (_value(found.get(name), language) for found in (old, new))
            yield from _said(f"“{name}”" if _side(language) else f"'{name}'", was, will_be, language)


def _value(value: Any, language: str) -> str:
    return "" if value is None else value if isinstance(value, str) else value_words(value, language)
