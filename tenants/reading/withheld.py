"""What is left out of histories and files for readers to whom fields are closed.

The history speaks of fields by names of its own: ``customerId`` is the field ``customer``, ``lines.3.unitPrice`` the field
``lines.unitPrice``. Changes of fields that the reader may not see are left out, and entries that tell nothing else; so are the files of
such fields. A change that leads to a record which the reader may not read is told without its id.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tenants.config.definitions import CustomField, split_field_key
from tenants.config.own_attributes import target_of
from tenants.config.snapshot import TenantConfig
from tenants.field_rights import OBJECTS, READ, Fields
from tenants.permissions import Access
from tenants.reading.json_sql import literal
from tenants.records import REGISTRY, Items, RecordType, Relation
from tenants.records.rights import OWN, built_in_fields

if TYPE_CHECKING:
    from tenants.conditions.row_tests import RowTests

# Fields under other names than those of the columns that the history speaks of.
_COLUMNS: Mapping[str, str] = {
    "customer": "customerId",
    "owner": "ownerId",
    "company": "companyId",
    "voidedBy": "voidedById",
    "lines.product": "lines.productId",
}
# The fields that the history speaks of together.
_CHILDREN: Mapping[str, tuple[str, ...]] = {"contacts": ("phones", "emails"), "addresses": ("addresses",)}
_RECORDED = ("order", "customer", "product")
_CHANGES = "jsonb_to_recordset({t}.changes) AS c(field text, old jsonb, new jsonb)"
_LINE_PRODUCT = "lines.productId"
# A field that leads to other records may have held something else before.
_IS_ID = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"


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


def items_source(
    record: RecordType, items: Items, config: TenantConfig, access: Access, rows: "RowTests | None"
) -> str:
    """The rows that a list of a record shows that reader, of whose rows ``rows`` are the tests: of a history entry, the changes that they may
    know."""
    if record.name != "history_entry":
        return items.source
    tells = _by_type(access, "{t}.record_type", "c.field", _history_test) if access.closed and _closed(access) else ""
    leading = [*_leading(config, access, rows)]
    if not (tells or leading):
        return items.source
    hidden = f"ARRAY[{', '.join(map(literal, _hidden_of_line(access)))}]::text[]"
    old, new = (f"{_told(f'c.{name}', hidden, leading)} AS {name}" for name in ("old", "new"))
    where = f" WHERE {tells}" if tells else ""
    return f"(SELECT c.field, {old}, {new} FROM {_CHANGES}{where}) AS {{x}}"


def _leading(config: TenantConfig, access: Access, rows: "RowTests | None") -> Iterator[tuple[str, str, str]]:
    """Record type and name of each field in the history that leads to records of which the reader may not read all, with the test of
    ``{value}``, the id of one as text."""
    tests = {name: test for name in (*_RECORDED, "member") if (test := _sight(name, access, rows))}
    for record_type in _RECORDED if tests else ():
        for path, _, relation in built_in_fields(record_type):
            if isinstance(relation, Relation) and not relation.many and relation.target in tests:
                yield record_type, _COLUMNS[path], tests[relation.target]
    for key, definition in config.definitions["field"].items() if tests else ():
        record_type, name = split_field_key(key)
        if isinstance(definition, CustomField) and (target := target_of(definition)) in tests:
            yield record_type, f"{OWN}{name}", tests[target]


def _sight(name: str, access: Access, rows: "RowTests | None") -> str:
    """Whether the reader may read the record whose id ``{value}`` is; nothing where they may read all of its type."""
    record = REGISTRY[name]
    if not access.allows(record.right):
        # Themselves everybody knows.
        return "{value} = %(member)s::text" if name == "member" else "FALSE"
    test = rows.reading(record, "wl") if rows else ""
    found = f"SELECT FROM {record.table} wl WHERE wl.tenant_id = %(tenant)s AND wl.id = {{value}}::uuid AND {test}"
    return f"EXISTS ({found})" if test else ""


def _told(value: str, hidden: str, leading: Sequence[tuple[str, str, str]]) -> str:
    """A value of a change as the reader is told it: a line without what is hidden of it, and no id of a record that they may not read."""
    whens = [
        f"WHEN {{t}}.record_type = '{record_type}' AND c.field = {literal(name)} THEN {_shown_ids(value, test)}"
        for record_type, name, test in leading
        if name != _LINE_PRODUCT
    ]
    line = f"{value} - {hidden}"
    for _, name, test in leading:
        if name == _LINE_PRODUCT:
            whens.append(f"WHEN c.field ~ '^lines\\.\\d+\\.productId$' THEN {_shown_ids(value, test)}")
            seen = test.replace("{value}", f"({value}->>'productId')")
            line = f"({line} - CASE WHEN {seen} THEN '' ELSE 'productId' END)"
    return f"CASE WHEN c.field = 'lines' THEN {line} {' '.join(whens)} ELSE {value} END"


def _shown_ids(value: str, test: str) -> str:
    """The id, or the list of ids, that a value is, without those that the test is against."""

    def seen(text: str) -> str:
        return f"CASE WHEN {text} ~ '{_IS_ID}' THEN {test.replace('{value}', text)} ELSE TRUE END"

    ids, each, single = (
        f"jsonb_array_elements({value}) WITH ORDINALITY AS l(id, place)",
        "(l.id #>> '{}')",
        f"({value} #>> '{{}}')",
    )
    several = f"(SELECT coalesce(jsonb_agg(l.id ORDER BY l.place), '[]') FROM {ids} WHERE {seen(each)})"
    return f"CASE jsonb_typeof({value}) WHEN 'array' THEN {several} ELSE CASE WHEN {seen(single)} THEN {value} END END"


def hangs_in_sight(access: Access, record_type: str, place: str) -> bool:
    """Whether the reader may have a file that hangs at that place of a record: in a field of the company's own, or among its files."""
    return access.has_field(record_type, READ, place if place.startswith(OWN) else "files")


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
