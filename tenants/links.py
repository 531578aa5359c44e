"""Links of a company's own fields: there must be such a record."""

from collections.abc import Iterator, Mapping

from tenants.config.definitions import CustomField
from tenants.config.own_attributes import target_of
from tenants.field_types import field_type
from tenants.forms import Form
from tenants.problems import FieldError
from tenants.records import REGISTRY
from tenants.references import in_sight
from tenants.transaction import Transaction

# Where a link was given, the record type that it leads to, and the id.
_Link = tuple[tuple[str | int, ...], str, str]


async def find_linked(tx: Transaction, form: Form, fields: Mapping[str, CustomField]) -> None:
    """Add an error to the form for each link that was given and leads to no record of the company; all are looked up at once."""
    links = list(_given(form, fields))
    if not links:
        return
    wanted: dict[str, set[str]] = {}
    for _, target, record_id in links:
        wanted.setdefault(target, set()).add(record_id)
    statements = []
    for target, ids in wanted.items():
        seen, values = in_sight(tx, target)
        sql = (
            f"SELECT id FROM {REGISTRY[target].table} WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s::uuid[]){seen}"  # noqa: S608  (SQL of ours; values are parameters)
        )
        statements.append((sql, {"ids": sorted(ids), **values}))
    found = await tx.fetch_each(*statements)
    known = {(target, str(row["id"])) for target, rows in zip(wanted, found, strict=True) for row in rows}
    for path, target, record_id in links:
        if (target, record_id) not in known:
            form.errors.append(FieldError(path, "value.unknown_record", {"type": target, "id": record_id}))


def _given(form: Form, fields: Mapping[str, CustomField]) -> Iterator[_Link]:
    failed = {error.path for error in form.errors}
    for key in form.values.get("custom") or {}:
        # Files hang on their record: tenants/files/attaching.py.
        target = target_of(fields[key]) if key in fields and fields[key].type != "attachment" else ""
        path = (*form.path, "custom", key)
        stored = form.row["custom"].get(key) if target and path not in failed else None
        if stored is None:
            continue
        if field_type(fields[key].type).many:
            yield from (((*path, place), target, record_id) for place, record_id in enumerate(stored))
        else:
            yield path, target, stored
