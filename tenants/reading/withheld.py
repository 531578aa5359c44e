"""What is left out of histories and files for readers to whom fields are closed.

The history speaks of fields by names of its own: ``customerId`` is the field ``customer``, ``lines.3.unitPrice`` the field
``lines.unitPrice``. Changes of fields that the reader may not see are left out, and entries that tell nothing else; so are the files of
such fields.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tenants.field_rights import OBJECTS, READ, Fields
from tenants.permissions import Access
from tenants.reading.json_sql import literal
from tenants.records import Items, RecordType, Relation
from tenants.records.rights import OWN, built_in_fields

# Fields under other names than those of the columns that the history speaks of.
_COLUMNS: Mapping[str, str] = {
    "customer": "customerId",
    "owner": "ownerId",
    "company": "companyId",
    "voidedBy": "voidedById",
    "lines.product": "lines.productId",
}
_FIELDS = {column: field for field, column in _COLUMNS.items()}
_LINE = re.compile(r"^lines\.\d+\.")
_WHOLE = re.compile(r"^(contacts|addresses)(\.|$)")
# The fields that the history speaks of together.
_CHILDREN: Mapping[str, tuple[str, ...]] = {"contacts": ("phones", "emails"), "addresses": ("addresses",)}
_RECORDED = ("order", "customer", "product")


def _closed(access: Access) -> dict[str, Fields]:
    """The readable fields of the objects that have a history, where some are closed."""
    return {name: access.closed[name, READ] for name in _RECORDED if (name, READ) in access.closed}


def related(relation: Relation, access: Access) -> Relation:
    """The relation as that reader may follow it."""
    if not (access.closed and relation.many and _closed(access)):
        return relation
    if relation.target == "history_entry":
        tells = _by_type(access, "{x}.record_type", "c.field", _history_test)
        told = f"SELECT 1 FROM jsonb_to_recordset({{x}}.changes) AS c(field text) WHERE {tells}"
        shown = f"({{x}}.kind = 'created' OR {{x}}.changes = '[]'::jsonb OR EXISTS ({told}))"
        return replace(relation, join=f"{relation.join} AND {shown}")
    if relation.target == "file":
        shown = _by_type(access, "{x}.record_type", "{x}.place", _place_test)
        return replace(relation, join=f"{relation.join} AND {shown}")
    return relation


def items_source(record: RecordType, items: Items, access: Access) -> str:
    """The rows that a list of a record shows that reader: of a history entry, the changes that they may know."""
    if record.name != "history_entry" or not (access.closed and _closed(access)):
        return items.source
    tells = _by_type(access, "{t}.record_type", "c.field", _history_test)
    hidden = ", ".join(map(literal, _hidden_of_line(access)))
    old, new = (
        f"CASE WHEN c.field = 'lines' THEN c.{name} - ARRAY[{hidden}]::text[] ELSE c.{name} END AS {name}"
        for name in ("old", "new")
    )
    changes = "jsonb_to_recordset({t}.changes) AS c(field text, old jsonb, new jsonb)"
    return f"(SELECT c.field, {old}, {new} FROM {changes} WHERE {tells}) AS {{x}}"


def known_changes(access: Access, record_type: str, changes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The changes of a record that the reader may know, as the history holds them."""
    fields = access.closed.get((record_type, READ))
    if fields is None:
        return list(changes)
    hidden = _hidden_of_line(access)
    return [
        {
            name: {key: part for key, part in value.items() if key not in hidden}
            if change["field"] == "lines" and isinstance(value, dict)
            else value
            for name, value in change.items()
        }
        for change in changes
        if all(path in fields for path in _paths(change["field"]))
    ]


def hangs_in_sight(access: Access, record_type: str, place: str) -> bool:
    """Whether the reader may have a file that hangs at that place of a record: in a field of the company's own, or among its files."""
    return access.has_field(record_type, READ, place if place.startswith(OWN) else "files")


def _paths(field: str) -> tuple[str, ...]:
    """The fields that a change is about."""
    whole = _WHOLE.match(field)
    if whole is not None:
        return _CHILDREN[whole.group(1)]
    name = _LINE.sub("lines.", field)
    return (_FIELDS.get(name, name), "lines") if name.startswith("lines.") else (_FIELDS.get(name, name),)


def _hidden_of_line(access: Access) -> list[str]:
    """The keys of a line as the history shows it whole that the reader may not see."""
    fields = access.closed.get(("order", READ))
    if fields is None:
        return []
    paths = {path: path for path, record, _ in built_in_fields("order") if record.name == "order_line"}
    # The currency of a line is that of its order.
    paths["lines.currency"] = "currency"
    return [_COLUMNS.get(key, key).removeprefix("lines.") for key, path in paths.items() if path not in fields]


def _by_type(access: Access, record_type: str, name: str, test: Any) -> str:
    """The test of a name of a field of the record whose type is at hand."""
    whens = " ".join(f"WHEN '{key}' THEN {test(key, fields, name)}" for key, fields in _closed(access).items())
    return f"(CASE {record_type} {whens} ELSE TRUE END)"


def _history_test(record_type: str, fields: Fields, name: str) -> str:
    """Whether a change may be known, by its name in the history."""
    whens = [
        f"WHEN {name} = '{child}' OR starts_with({name}, '{child}.') THEN {all(path in fields for path in paths)}"
        for child, paths in _CHILDREN.items()
    ]
    path = f"regexp_replace({name}, '^lines\\.\\d+\\.', 'lines.')"
    tested = _path_test(record_type, fields, path, _COLUMNS)
    if "lines." in OBJECTS[record_type] and "lines" not in fields:
        whens.append(f"WHEN starts_with({name}, 'lines.') THEN FALSE")
    return f"(CASE {' '.join(whens)} ELSE {tested} END)"


def _place_test(_record_type: str, fields: Fields, place: str) -> str:
    """Whether a file may be seen, by where it hangs; those that hang in no field are seen with all files."""
    return f"(NOT starts_with({place}, '{OWN}') OR {_one_test(fields, OWN, place, {})})"


def _path_test(record_type: str, fields: Fields, path: str, names: Mapping[str, str] | None = None) -> str:
    """Whether a field may be read whose path the SQL ``path`` says; ``names`` are other names that it may say."""
    tests = {beginning: _one_test(fields, beginning, path, names or {}) for beginning in OBJECTS[record_type]}
    whens = " ".join(
        f"WHEN starts_with({path}, '{beginning}') THEN {test}" for beginning, test in tests.items() if beginning
    )
    return f"(CASE {whens} ELSE {tests['']} END)"


def _one_test(fields: Fields, beginning: str, path: str, names: Mapping[str, str]) -> str:
    """The same of paths that begin so."""
    is_open = fields.others[beginning]
    differing = [names.get(each, each) for each in _beginning_with(fields, beginning) if fields.named[each] != is_open]
    listed = f"ARRAY[{', '.join(map(literal, differing))}]::text[]"
    return f"{path} <> ALL ({listed})" if is_open else f"{path} = ANY ({listed})"


def _beginning_with(fields: Fields, beginning: str) -> Iterator[str]:
    for path in fields.named:
        head, dot, _ = path.partition(".")
        if (head + dot if dot else "") == beginning:
            yield path
