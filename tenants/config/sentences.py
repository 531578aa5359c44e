"""A change of a definition, as a person would say it: what was added, taken away, or is otherwise than before."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
from pydantic import BaseModel

from tenants.config.definitions import Definition, label
from tenants.config.field_sentences import field_sentences
from tenants.languages import is_tag, product_language
from tenants.messages import render
from tenants.messages.change_sets import PROPERTY_NAMES

# Longer values are not written out.
LONGEST = 60


def sentence(key: str, before: Definition | None, after: Definition | None, language: str) -> str:
    """The change of one definition, without a full stop. At least one of the two is there."""
    titled = title(key, after or before, language)
    was_open = before is not None and not getattr(before, "archived", False)
    is_open = after is not None and not getattr(after, "archived", False)
    if before is None:
        return render("change.added", language, {"title": titled})
    if after is None:
        return render("change.removed", language, {"title": titled})
    code = "change.changed" if was_open == is_open else ("change.restored" if is_open else "change.archived")
    changed = render(code, language, {"title": titled})
    details = [
        detail
        for name in type(after).model_fields
        if name != "archived"
        for detail in _property(name, before, after, language)
    ]
    if not details:
        return changed
    return (
        f"{changed}：{'；'.join(details)}" if product_language(language) == "zh" else f"{changed}: {'; '.join(details)}"
    )


def title(key: str, definition: Definition | None, language: str) -> str:
    """What a definition is called: its kind, its key, and its label where it has one."""
    assert definition is not None
    data = {"kind": kind_name(type(definition), language), "key": key}
    labels = getattr(definition, "label", None)
    return (
        render("change.titled", language, {**data, "label": label(labels, language)})
        if labels
        else render("change.title", language, data)
    )


def kind_name(kind: type[Definition], language: str) -> str:
    return kind.names[product_language(language) == "zh"]


def _property(name: str, before: Definition, after: Definition, language: str) -> Iterator[str]:
    old, new = (getattr(found, name, None) if isinstance(found, type(after)) else None for found in (before, after))
    if old == new:
        return
    shown = property_name(name, language)
    if isinstance(new, bool) or (isinstance(old, bool) and new is None):
        yield render("change.on" if new else "change.off", language, {"name": shown})
    elif _is_text(old) and _is_text(new):
        for spoken in sorted({*dict(old or {}), *dict(new or {})}):
            yield from _value(f"{shown} ({spoken})", dict(old or {}).get(spoken), dict(new or {}).get(spoken), language)
    elif name == "grants" and isinstance(old, tuple) and isinstance(new, tuple):
        plain_old, plain_new = (tuple(grant for grant in found if not grant.fields) for found in (old, new))
        yield from _list(shown, plain_old, plain_new, language)
        yield from field_sentences(old, new, language)
    elif isinstance(old, tuple) and isinstance(new, tuple):
        yield from _list(shown, old, new, language)
    elif isinstance(old, Mapping) and isinstance(new, Mapping) and _is_keyed(old) and _is_keyed(new):
        yield from _entries(shown, old, new, language)
    else:
        yield from _value(shown, _plain(old), _plain(new), language)


def property_name(name: str, language: str) -> str:
    """What people call a part of a definition."""
    return (
        PROPERTY_NAMES[name][product_language(language) == "zh"] if name in PROPERTY_NAMES else name.replace("_", " ")
    )


def _is_text(value: Any) -> bool:
    """Whether it is a text per language."""
    return isinstance(value, Mapping) and all(is_tag(key) and isinstance(text, str) for key, text in value.items())


def _is_keyed(value: Mapping[str, Any]) -> bool:
    """Whether it holds parts of a definition, such as the statuses of a life cycle."""
    return all(isinstance(part, BaseModel) for part in value.values())


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json", exclude_defaults=True) if hasattr(value, "model_dump") else value


def _value(name: str, old: Any, new: Any, language: str) -> Iterator[str]:
    if old == new:
        return
    said = _short(old), _short(new)
    if None in said:
        yield render("change.other", language, {"name": name})
    elif not said[0]:
        yield render("change.set", language, {"name": name, "new": said[1]})
    elif not said[1]:
        yield render("change.unset", language, {"name": name, "old": said[0]})
    else:
        yield render("change.from_to", language, {"name": name, "old": said[0], "new": said[1]})


def _short(value: Any) -> str | None:
    """The value in a few words; None where it takes more, empty where there is none."""
    if value is None or value in ("", (), [], {}):
        return ""
    text = value if isinstance(value, str) else orjson.dumps(_dumpable(value), default=str).decode()
    return text if len(text) <= LONGEST else None


def _dumpable(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _list(name: str, old: Sequence[Any], new: Sequence[Any], language: str) -> Iterator[str]:
    """Entries that came, went, or are otherwise than before; each is known by its key, or else by itself."""
    before = {_entry(value): value for value in old}
    after = {_entry(value): value for value in new}
    if len(before) < len(old) or len(after) < len(new):
        yield from _value(name, [_plain(value) for value in old], [_plain(value) for value in new], language)
        return
    yield from _entries(name, before, after, language)


def _entries(name: str, before: Mapping[str, Any], after: Mapping[str, Any], language: str) -> Iterator[str]:
    for entry in [key for key in after if key not in before]:
        yield render("change.entry_added", language, {"name": name, "entry": entry})
    for entry in [key for key in before if key not in after]:
        yield render("change.entry_removed", language, {"name": name, "entry": entry})
    for entry, value in after.items():
        if entry in before and before[entry] != value:
            yield render("change.entry_changed", language, {"name": name, "entry": entry})
    if before.keys() == after.keys() and list(before) != list(after):
        yield render("change.reordered", language, {"name": name})


def _entry(value: Any) -> str:
    for name in ("key", "path"):
        if hasattr(value, name):
            return str(getattr(value, name))
    return value if isinstance(value, str) else orjson.dumps(_plain(value), default=str).decode()
