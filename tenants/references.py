"""What an input names by id: looked up together, in one round trip, and complained of where there is no such thing."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tenants.field_types import BadValue
from tenants.field_types.identifier import record_id
from tenants.forms import Form
from tenants.problems import FieldError
from tenants.transaction import Transaction

Row = dict[str, Any]


class References:
    """Ask for all, then :meth:`fetch`, then take what was found."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._asked: dict[str, tuple[str, dict[str, Any]]] = {}
        self._found: dict[str, list[Row]] = {}

    def select(self, name: str, sql: str, **parameters: Any) -> None:
        self._asked[name] = (sql, parameters)

    def ask(self, form: Form, name: str, record_type: str, columns: str = "id") -> None:
        """Look for the record that the input field names, if it names any."""
        wanted = named_id(form, name, record_type)
        if wanted is not None:
            self.select(
                name,
                f"SELECT {columns} FROM {record_type}s WHERE tenant_id = %(tenant)s AND id = %(id)s",  # noqa: S608
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
        data = {"type": record_type, "id": form.values[name]}
        form.errors.append(FieldError((*form.path, name), "value.unknown_record", data))
        return None


def named_id(form: Form, name: str, record_type: str) -> UUID | None:
    """The id in an input field; an ill-formed one names nothing, as one that never existed."""
    given = form.values.get(name)
    try:
        return None if given is None else record_id(given, record_type)
    except BadValue:
        return None
