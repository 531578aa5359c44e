"""The mapping: what an admin writes to say which column of which file fills which field."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Discriminator, Field, StringConstraints, Tag, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from tenants.imports.formats import FileFormat
from tenants.imports.sources import AnySource, ColumnName, Entries, Nested, Path
from tenants.problems import FieldError, InvalidInput
from tenants.trees import is_larger

FORMAT = 1
HEADER = "orderloom-import"
LARGEST = 200_000
MOST_FILES = 50
MOST_PARTS = 20_000
Described = TypeVar("Described", bound=FileFormat)

FileName = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class LinesFile(FileFormat):
    """Order lines in rows of their own. ``order`` is the column that holds the external id of the line's order.

    Without ``external_id`` a line is known by its product, or else by its place in the order.
    """

    file: FileName
    order: ColumnName
    external_id: AnySource | None = None
    fields: Nested


class RecordFile(FileFormat):
    """One file whose rows are records. The lines of orders come from another file, or from columns of the same row."""

    file: FileName
    record: Literal["customer", "product", "order"]
    external_id: AnySource
    fields: Nested
    lines: (
        Annotated[
            Annotated[LinesFile, Tag("<file>")] | Annotated[Entries, Tag("<list>")],
            Discriminator(lambda body: "<list>" if isinstance(body, list | Entries) else "<file>"),
        ]
        | None
    ) = None


class Mapping(FileFormat):
    """A whole mapping; what it says of texts holds for each file that does not say otherwise.

    Without ``automations`` the records set off none.
    """

    version: Literal[1] = Field(alias="orderloom-import")
    automations: bool = True
    files: Annotated[tuple[RecordFile, ...], Field(min_length=1, max_length=MOST_FILES)]


def parse_mapping(text: str) -> Mapping:
    """The mapping that a document holds. Raises :class:`InvalidInput` that names every bad place."""
    if len(text) > LARGEST:
        raise _unreadable(f"it has more than {LARGEST} characters")
    try:
        body = YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _unreadable(f"line {line}: {error.problem}") from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise _unreadable(" ".join(str(error).split())[:200]) from None
    if not isinstance(body, dict) or body.get(HEADER) != FORMAT:
        raise _unreadable(f"it does not begin with '{HEADER}: {FORMAT}'")
    if is_larger(body, MOST_PARTS):
        raise _unreadable(f"it has more than {MOST_PARTS} parts once its aliases are written out")
    try:
        mapping = Mapping.model_validate(body)
    except ValidationError as error:
        raise InvalidInput(_complaints(error.errors(), body)) from None
    return mapping.model_copy(update={"files": tuple(_whole(file, mapping) for file in mapping.files)})


def _whole(file: RecordFile, mapping: Mapping) -> RecordFile:
    """The file with what the mapping says of all files, and its lines with what is said of the file."""
    file = _inherit(file, mapping)
    return file.model_copy(update={"lines": _inherit(file.lines, file)}) if isinstance(file.lines, LinesFile) else file


def _inherit(part: Described, parent: FileFormat) -> Described:
    unsaid = set(FileFormat.model_fields) - part.model_fields_set
    return part.model_copy(update={name: getattr(parent, name) for name in unsaid})


def _unreadable(reason: str) -> InvalidInput:
    return InvalidInput([mapping_error((), "import.bad_mapping", reason=reason)])


def _complaints(details: list[ErrorDetails], body: dict[str, Any]) -> Iterator[FieldError]:
    """What pydantic found, in words for the author of the mapping."""
    for detail in details:
        location = detail["loc"]
        # A list whose entries are all wrong counts as empty too; the entries have been named already.
        if detail["type"] == "too_short" and any(
            other["loc"][: len(location)] == location for other in details if other is not detail
        ):
            continue
        reason = _REASONS.get(detail["type"], detail["msg"].removeprefix("Value error, "))
        yield mapping_error(location, "import.bad_mapping", _file_name(location, body), reason=reason)


def _file_name(location: Path, body: dict[str, Any]) -> str:
    match location:
        case ("files", int(number), *_) if isinstance(body["files"][number], dict):
            return str(body["files"][number].get("file", ""))
    return ""


_REASONS = {
    "extra_forbidden": "there is no such key here",
    "missing": "this key is missing",
    "model_type": "give keys with values here",
    "dict_type": "give keys with values here",
    "tuple_type": "give a list here",
    "too_short": "at least one entry is needed",
}


def mapping_error(path: Path, code: str, file: str = "", **data: Any) -> FieldError:
    """A complaint about a part of a mapping; its sentence begins with the place, as a person would look for it."""
    shown = tuple(part for part in path if not str(part).startswith("<"))
    inside = shown[2:] if file else shown
    where = ".".join(str(part) for part in inside)
    return FieldError(shown, code, {"place": ", ".join(filter(None, (file, where))) or "mapping", **data})
