"""What is wrong with the shape of a definition, in words for who wrote it: what pydantic complains of, as sentences of ours."""

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tenants.config.definitions import KINDS
from tenants.messages import SENTENCES
from tenants.names import nearest
from tenants.problems import FieldError

Path = tuple[str | int, ...]

_NOT_A = {
    "string_type": "value.not_text",
    "int_type": "value.not_integer",
    "int_parsing": "value.not_integer",
    "int_from_float": "value.not_integer",
    "bool_type": "value.not_boolean",
    "bool_parsing": "value.not_boolean",
    "tuple_type": "value.not_list",
    "list_type": "value.not_list",
    "dict_type": "config.not_mapping",
    "model_type": "config.not_mapping",
    "model_attributes_type": "config.not_mapping",
    "string_pattern_mismatch": "config.bad_form",
}
_EMPTY = frozenset({"missing", "string_too_short", "too_short"})
_BOUNDS = {
    "greater_than_equal": ("config.too_small", "ge"),
    "greater_than": ("config.too_small", "gt"),
    "less_than_equal": ("config.too_big", "le"),
    "less_than": ("config.too_big", "lt"),
}


def body_errors(error: ValidationError, path: Path) -> list[FieldError]:
    """Every complaint about one definition, with its place below ``path``."""
    # The title of pydantic's error is the name of the class.
    model = next((kind for kind in KINDS.values() if kind.__name__ == error.title), None)
    return [_error((*path, *detail["loc"]), detail, model) for detail in error.errors()]


def _error(path: Path, detail: ErrorDetails, model: type[BaseModel] | None) -> FieldError:
    kind, context, value = detail["type"], detail.get("ctx", {}), detail["input"]
    if kind in SENTENCES:
        return FieldError(path, kind, context)
    if kind == "extra_forbidden":
        return _unknown(path, detail["loc"], model)
    if kind in _EMPTY:
        return FieldError(path, "value.required")
    if kind in ("enum", "literal_error"):
        options = str(context["expected"]).replace("'", "").replace(" or ", ", ")
        return FieldError(path, "value.not_option", {"value": value, "options": options})
    if kind == "string_too_long":
        return FieldError(path, "value.too_long", {"length": len(value), "longest": context["max_length"]})
    if kind == "too_long":
        return FieldError(path, "value.too_many", {"count": len(value), "most": context["max_length"]})
    if kind in _NOT_A:
        return FieldError(path, _NOT_A[kind], {"value": value})
    if kind in _BOUNDS:
        code, bound = _BOUNDS[kind]
        return FieldError(path, code, {"value": value, "bound": context[bound]})
    place = ".".join(str(part) for part in detail["loc"]) or "definition"
    return FieldError(path, "config.bad_value", {"reason": f"{place}: {detail['msg'].removeprefix('Value error, ')}"})


def _unknown(path: Path, location: Path, model: type[BaseModel] | None) -> FieldError:
    """A key that is none, with the one that was probably meant."""
    found = _model_at(model, location[:-1])
    known = sorted(found.model_fields) if found is not None else []
    name = str(location[-1]) if location else ""
    if near := nearest(name, known):
        return FieldError(path, "config.unknown_property_near", {"name": name, "near": near})
    return FieldError(path, "config.unknown_property", {"name": name, "names": ", ".join(known) or "-"})


def _model_at(model: type[BaseModel] | None, location: Path) -> type[BaseModel] | None:
    """The model of the part of a definition that lies there."""
    for part in location:
        if model is not None and isinstance(part, str) and part in model.model_fields:
            model = next(_models_in(model.model_fields[part].annotation), None)
    return model


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)
