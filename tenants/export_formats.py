"""How exported records are written: JSON, one record a line, or CSV, one record a row.

A column of CSV is a field, or a part of one: ``total.amount``, ``customer.name``, ``custom.colour``. What there may be many of, such as an
order's lines, is JSON within its cell.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from io import StringIO
from typing import Any

import orjson

from tenants.config.snapshot import TenantConfig
from tenants.reading.selection import Selected
from tenants.records import Custom, Items, RecordType, Relation

CSV, JSON = "csv", "json"
# By format: the ending of the file's name, and its media type.
KINDS = {CSV: ("csv", "text/csv"), JSON: ("jsonl", "application/x-ndjson")}
# By it, spreadsheets know that the text is UTF-8.
_MARK = "\ufeff"
# What a spreadsheet would take for a formula; telephone numbers and amounts begin with a sign as well.
_FORMULA = re.compile(r"[=@\t\r]|[+-](?![\d .,()/-]*$)")

Row = Mapping[str, Any]
Path = tuple[str, ...]


def columns(config: TenantConfig, record: RecordType, fields: Iterable[Selected]) -> list[Path]:
    """The columns of these fields of a record, each as the path of names that leads to its value."""
    return [path for field in fields for path in _paths(config, record, field)]


def _paths(config: TenantConfig, record: RecordType, field: Selected) -> Iterator[Path]:
    attribute = record.by_name[field.name]
    own = config.own.get(record.name, {}) if isinstance(attribute, Custom) else {}
    if _is_many(attribute) or not (field.fields or isinstance(attribute, Custom)):
        yield (field.name,)
        return
    for part in field.fields:
        if not part.fields or _is_many(own.get(part.name)):
            yield field.name, part.name
        else:
            yield from ((field.name, part.name, member.name) for member in part.fields)


def _is_many(attribute: object) -> bool:
    return isinstance(attribute, Items) or (isinstance(attribute, Relation) and attribute.many)


def written(format: str, paths: Sequence[Path], rows: Iterable[Row], *, is_first: bool) -> bytes:
    """The rows as they stand in the file; the ``first`` of them come with what stands at its top."""
    if format == JSON:
        return b"".join(orjson.dumps(row) + b"\n" for row in rows)
    out = StringIO()
    writer = csv.writer(out)
    if is_first:
        out.write(_MARK)
        writer.writerow(".".join(path) for path in paths)
    for row in rows:
        writer.writerow(_cell(_value(row, path)) for path in paths)
    return out.getvalue().encode()


def _value(row: Any, path: Path) -> Any:
    for name in path:
        row = row.get(name) if row is not None else None
    return row


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case str():
            return f"'{value}" if _FORMULA.match(value) else value
        case list() | dict():
            return orjson.dumps(value).decode()
        case datetime():
            return value.isoformat(timespec="seconds")
    return str(value)
