"""A change of a definition, as a person would say it: what was added, taken away, or is otherwise than before."""

from collections.abc import Iterator

from tenants.config.definitions import Definition, label
from tenants.config.part_sentences import part_sentences
from tenants.languages import product_language
from tenants.messages import render


def sentence(key: str, before: Definition | None, after: Definition | None, language: str) -> str:
    """The change of one definition, without a full stop. At least one of the two is there."""
    kind = type(after if after is not None else before)
    assert issubclass(kind, Definition)
    titled = title(key, after or before, language)
    if _is_always_there(kind):
        before, after = before or kind(), after or kind()
    code, details = "change.added" if before is None else "change.removed", list[str]()
    if before is not None and after is not None:
        was_open, is_open = (not getattr(found, "archived", False) for found in (before, after))
        code = "change.changed" if was_open == is_open else ("change.restored" if is_open else "change.archived")
        details = list(_details(before, after, language))
    elif kind.is_told_whole:
        details = list(_details(before or _bare(after), after or _bare(before), language))
    changed = render(code, language, {"title": titled})
    if not details:
        return changed
    return (
        f"{changed}：{'；'.join(details)}" if product_language(language) == "zh" else f"{changed}: {'; '.join(details)}"
    )


def title(key: str, definition: Definition | None, language: str) -> str:
    """What a definition is called: its kind, its key, and its label where it has one; the kind alone where there is only one."""
    assert definition is not None
    data = {"kind": kind_name(type(definition), language), "key": key}
    if _is_always_there(type(definition)):
        return render("change.single_title", language, data)
    labels = getattr(definition, "label", None)
    return (
        render("change.titled", language, {**data, "label": label(labels, language)})
        if labels
        else render("change.title", language, data)
    )


def kind_name(kind: type[Definition], language: str) -> str:
    return kind.names[product_language(language) == "zh"]


def _is_always_there(kind: type[Definition]) -> bool:
    """Whether something holds where there is no such definition: its defaults. There is one such thing, whatever its key."""
    return not any(field.is_required() for field in kind.model_fields.values())


def _bare(definition: Definition | None) -> Definition:
    """It, with nothing but what its title says."""
    assert definition is not None
    return type(definition).model_construct(label=getattr(definition, "label", None))


def _details(before: Definition, after: Definition, language: str) -> Iterator[str]:
    """What is otherwise. A definition that was of another form before had none of the parts."""
    for name in type(after).model_fields:
        if name != "archived":
            old = getattr(before, name, None) if isinstance(before, type(after)) else None
            yield from part_sentences(name, old, getattr(after, name), language)
