"""What an input names by id: looked up together, in one round trip, and complained of where there is no such thing."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tenants.conditions import row_tests
from tenants.field_types import BadValue
from tenants.field_types.identifier import record_id
from tenants.forms import Form
from tenants.occasion import Occasion
from tenants.problems import FieldError
from tenants.records import REGISTRY
from tenants.transaction import Transaction

Row = dict[str, Any]


class References:
    """Ask for all, then :meth:`fetch`, then take what was found."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._asked: dict[str, tuple[str, dict[str, Any]]] = {}
        self._found: dict[str, list[Row]] = {}

    def select(self, name: str, sql: str, *, record_type: str = "", **parameters: Any) -> None:
        """Look for what a statement finds; where a ``record_type`` is given it ends in a test, and finds those alone that are for the caller."""
        seen, values = in_sight(self._tx, record_type) if record_type else ("", {})
        self._asked[name] = (f"{sql}{seen}", {**parameters, **values})

    def ask(self, form: Form, name: str, record_type: str, columns: str = "id") -> None:
        """Look for the record that the input field names, if it names any."""
        wanted = named_id(form, name, record_type)
        if wanted is not None:
            self.select(
                name,
                f"SELECT {columns} FROM {record_type}s WHERE tenant_id = %(tenant)s AND id = %(id)s",  # noqa: S608  (SQL of ours; values are parameters)
                record_type=record_type,
                id=wanted,
            )

    async def fetch(self) -> None:
        if self._asked:
            found = await self._tx.fetch_each(*self._asked.values())
            self._found = dict(zip(self._asked, found, strict=True))

    def rows(self, name: str) -> Sequence[Row]:
        return self._found.get(name, ())

    def one(self, form: Form, name: str, record_type: str) -> Row | None:
        """The record that the input field names; an error in the form where there is none in this tenant."""
        rows = self.rows(name)
        if rows:
            return rows[0]
        form.errors.append(self.missing((*form.path, name), record_type, form.values[name]))
        return None

    def missing(self, path: tuple[str | int, ...], record_type: str, given: Any) -> FieldError:
        """What is wrong with an id that nothing was found by: it names nothing that the caller sees, or they may read no such records."""
        right, access = f"{record_type}.read", self._tx.access
        if access.allows(right) or right not in access.policy.rights:
            return FieldError(path, "value.unknown_record", {"type": record_type, "id": given})
        roles = access.policy.holders(right)
        return FieldError(path, "value.not_writable", {"right": right, "roles": roles})


def in_sight(tx: Transaction, record_type: str) -> tuple[str, Mapping[str, Any]]:
    """What else a statement asks of the rows of a record type, called as their table, so that it finds those alone that the caller may
    read; and the values of its parameters."""
    right, access = f"{record_type}.read", tx.access
    if right in access.policy.rights and not access.allows(right):
        # Themselves everybody knows.
        return (" AND id = %(self)s", {"self": tx.caller.member_id}) if record_type == "member" else (" AND FALSE", {})
    tests, record = row_tests(tx.config, access), REGISTRY[record_type]
    test = tests.reading(record, record.table) if tests else ""
    if tests is None or not test:
        return "", {}
    return f" AND {test}", tests.values(Occasion(tx.now, tx.caller.member_id))


def named_id(form: Form, name: str, record_type: str) -> UUID | None:
    """The id in an input field; an ill-formed one names nothing, as one that never existed."""
    given = form.values.get(name)
    try:
        return None if given is None else record_id(given, record_type)
    except BadValue:
        return None
