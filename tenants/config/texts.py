"""The texts of definitions that are given per language: where they are, and which languages they lack."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pydantic import BaseModel

from tenants.config.definitions import KINDS, Automation, Definition, Texts
from tenants.config.snapshot import TenantConfig
from tenants.languages import is_tag

Path = tuple[str | int, ...]


class Missing(NamedTuple):
    """A text that lacks languages of the company."""

    kind: str
    key: str
    path: str
    languages: tuple[str, ...]


def texts_of(definition: Definition) -> Iterator[tuple[Path, Mapping[str, str]]]:
    """Every text of a definition by language, with its place; those that are not given at all are left out."""
    yield from _within((), definition)
    for place, action in enumerate(definition.actions if isinstance(definition, Automation) else ()):
        for name, value in action.items():
            if isinstance(value, Mapping) and value and all(is_tag(tag) for tag in value):
                yield ("actions", place, name), value


def _within(path: Path, model: BaseModel) -> Iterator[tuple[Path, Mapping[str, str]]]:
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if field.annotation == Texts:
            if value:
                yield (*path, name), value
        elif isinstance(value, BaseModel):
            yield from _within((*path, name), value)
        elif isinstance(value, tuple):
            for place, part in enumerate(value):
                if isinstance(part, BaseModel):
                    yield from _within((*path, name, place), part)
        elif isinstance(value, dict):
            for key, part in value.items():
                if isinstance(part, BaseModel):
                    yield from _within((*path, name, key), part)


def missing_translations(config: TenantConfig) -> Iterator[Missing]:
    """The texts of open definitions that are not in each of the company's languages."""
    for kind in KINDS:
        for key, definition in config.definitions[kind].items():
            if getattr(definition, "archived", False):
                continue
            for path, texts in texts_of(definition):
                lacking = tuple(tag for tag in config.languages if tag not in texts)
                if lacking:
                    yield Missing(kind, key, ".".join(str(part) for part in path), lacking)
