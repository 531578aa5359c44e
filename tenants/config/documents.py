"""The configuration as one deterministic YAML document, and back.

Each section holds the definitions of one kind by key; what a definition leaves at its default is not written. Exporting and
importing again changes nothing.
"""

from collections.abc import Mapping
from io import StringIO
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from tenants.config.definitions import KINDS, Definition
from tenants.problems import FieldError, InvalidInput

FORMAT = 1
LARGEST = 2_000_000
SECTIONS = {
    "numbering": "numbering",
    "field": "fields",
    "status": "statuses",
    "transition": "transitions",
    "void_reason": "void_reasons",
    "role": "roles",
    "automation": "automations",
    "view": "views",
}
_HEADINGS = {
    "numbering": "How new orders are numbered.",
    "field": "The company's own fields, as <record type>.<field>.",
    "status": "Where an order can stand.",
    "transition": "The legal steps between statuses; each is a right of its own.",
    "void_reason": "Why an order may be voided.",
    "role": "Roles beside the built-in ones, and what they may do.",
    "automation": "When something happens and a condition holds, do this.",
    "view": "Lists that are shared: which records, in which columns, in which order.",
}


def export_document(definitions: Mapping[str, Mapping[str, Definition]]) -> str:
    """The configuration as YAML text, with a comment above each section."""
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 110
    out = StringIO()
    out.write(f"orderloom: {FORMAT}\n")
    for kind, section in SECTIONS.items():
        found = definitions.get(kind, {})
        if found:
            body = {key: stored(definition) for key, definition in sorted(found.items())}
            out.write(f"\n# {_HEADINGS[kind]}\n")
            yaml.dump({section: body}, out)
    return out.getvalue()


def stored(definition: Definition) -> dict[str, Any]:
    """The body of a definition as plain JSON values, without what is at its default."""
    return definition.model_dump(mode="json", exclude_defaults=True)


def read_document(text: str) -> dict[str, dict[str, Definition]]:
    """The definitions of a document, by kind and key. Raises :class:`InvalidInput` that names every bad place."""
    if len(text) > LARGEST:
        raise InvalidInput.at((), "config.bad_document", reason=f"it has more than {LARGEST} characters")
    try:
        tree = YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError, RecursionError) as error:
        raise InvalidInput.at((), "config.bad_document", reason=" ".join(str(error).split())[:200]) from None
    if not isinstance(tree, dict) or tree.pop("orderloom", None) != FORMAT:
        raise InvalidInput.at((), "config.bad_document", reason=f"it does not begin with 'orderloom: {FORMAT}'")
    kinds = {section: kind for kind, section in SECTIONS.items()}
    errors: list[FieldError] = []
    found: dict[str, dict[str, Definition]] = {kind: {} for kind in KINDS}
    for section, bodies in tree.items():
        if section not in kinds or not isinstance(bodies, dict):
            known = ", ".join(kinds)
            errors.append(FieldError((str(section),), "config.unknown_kind", {"kind": section, "kinds": known}))
            continue
        for key, body in bodies.items():
            _read_one(found[kinds[section]], kinds[section], str(key), body, errors, (section, str(key)))
    if errors:
        raise InvalidInput(errors)
    return found


def _read_one(
    into: dict[str, Definition], kind: str, key: str, body: Any, errors: list[FieldError], path: tuple[str | int, ...]
) -> None:
    try:
        into[key] = KINDS[kind].model_validate(body)
    except ValidationError as error:
        errors.extend(body_errors(error, path))


def body_errors(error: ValidationError, path: tuple[str | int, ...]) -> list[FieldError]:
    """Every complaint of pydantic about one definition, with its place."""
    return [
        FieldError((*path, *detail["loc"]), "config.bad_value", {"reason": f"{_place(detail['loc'])}: {detail['msg']}"})
        for detail in error.errors()
    ]


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "definition"
