"""The configuration as one deterministic YAML document, and back.

Each section holds the definitions of one kind by key; what a definition leaves at its default is not written, where it goes without
saying. Exporting and importing again changes nothing.
"""

from collections.abc import Mapping
from io import StringIO
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML

from tenants.config.definitions import KINDS, Definition
from tenants.config.shapes import body_errors
from tenants.names import nearest
from tenants.problems import FieldError, InvalidInput
from tenants.trees import is_unprintable
from tenants.yaml_text import read_yaml

FORMAT = 1
# Levels of mappings and lists.
DEEPEST = 70
# In characters, and in parts with all aliases written out. A thousand fields take about 150,000 characters.
LARGEST = 800_000
MOST_PARTS = 200_000


def export_document(definitions: Mapping[str, Mapping[str, Definition]]) -> str:
    """The configuration as YAML text, with a comment above each section."""
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 110
    out = StringIO()
    out.write(f"orderloom: {FORMAT}\n")
    for name, kind in KINDS.items():
        found = definitions.get(name, {})
        if found:
            body = {key: stored(definition) for key, definition in sorted(found.items())}
            out.write(f"\n# {kind.heading}\n")
            yaml.dump({kind.section: body}, out)
    return out.getvalue()


def stored(definition: Definition) -> dict[str, Any]:
    """The body of a definition as plain JSON values, without what is at its default and can be left out."""
    body = definition.model_dump(mode="json", exclude_defaults=True)
    always = definition.spelled_out - body.keys()
    return {**definition.model_dump(mode="json", include=set(always)), **body} if always else body


def read_document(text: str) -> dict[str, dict[str, Definition]]:
    """The definitions of a document, by kind and key. Raises :class:`InvalidInput` that names every bad place.

    Takes a second for the largest: whoever serves others meanwhile calls it in a thread.
    """
    if len(text) > LARGEST:
        raise InvalidInput.at((), "config.too_large", size=len(text), most=LARGEST)
    tree = read_yaml(text, deepest=DEEPEST, most_parts=MOST_PARTS)
    if not isinstance(tree, dict) or tree.pop("orderloom", None) != FORMAT:
        raise InvalidInput.at((), "config.no_header", format=FORMAT)
    kinds = {kind.section: name for name, kind in KINDS.items()}
    errors: list[FieldError] = []
    found: dict[str, dict[str, Definition]] = {kind: {} for kind in KINDS}
    for section, bodies in tree.items():
        if section not in kinds:
            errors.append(_unknown_section(str(section), tuple(kinds)))
            continue
        if not isinstance(bodies, dict):
            errors.append(FieldError((section,), "config.not_mapping", {"value": bodies}))
            continue
        for key, body in bodies.items():
            _read_one(found[kinds[section]], kinds[section], str(key), body, errors, (section, str(key)))
    if errors:
        raise InvalidInput(errors)
    return found


def _unknown_section(section: str, known: tuple[str, ...]) -> FieldError:
    if near := nearest(section, known):
        return FieldError((section,), "config.unknown_section", {"section": section, "near": near})
    return FieldError((section,), "config.unknown_kind", {"kind": section, "kinds": ", ".join(known)})


def _read_one(
    into: dict[str, Definition], kind: str, key: str, body: Any, errors: list[FieldError], path: tuple[str | int, ...]
) -> None:
    if is_unprintable((key, body)):
        errors.append(FieldError(path, "value.unprintable"))
        return
    try:
        into[key] = KINDS[kind].model_validate(body)
    except ValidationError as error:
        errors.extend(body_errors(error, path))
