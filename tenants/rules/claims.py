"""Values that a rule keeps apart: each record claims its own, and no other record may claim the same."""

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from tenants.database import ENTER, Connection
from tenants.problems import FieldError, InvalidInput

TABLE = "unique_values"
# The error of two records that claim the same value at the same moment.
CONSTRAINT = "unique_values_pkey"
_HELD = (
    "SELECT v.rule, v.value FROM unique_values v"
    " JOIN json_to_recordset(%(claims)s::json) AS c(rule text, value text, record_id uuid)"
    " ON v.rule = c.rule AND v.value = c.value AND v.record_id <> c.record_id WHERE v.tenant_id = %(tenant)s"
)


class Claim(NamedTuple):
    """A value that a record claims under a rule, and what whoever gave it is told when it is taken."""

    rule: str
    value: str
    record_id: UUID
    errors: tuple[FieldError, ...]

    @property
    def row(self) -> dict[str, Any]:
        return {"rule": self.rule, "value": self.value, "record_id": self.record_id}


def claimed_values(values: Sequence[Any], *, ignore_case: bool) -> set[str]:
    """What a record with these values at the places of a rule claims: nothing, where one of them is empty. A list that stands alone
    claims each of its entries."""
    if any(value in (None, "", [], {}) for value in values):
        return set()
    if len(values) == 1 and isinstance(values[0], list):
        return {_digest([_comparable(entry, ignore_case)]) for entry in values[0]}
    return {_digest([_comparable(value, ignore_case) for value in values])}


def _digest(values: list[Any]) -> str:
    # The entries of an index are short, whatever people write.
    return hashlib.sha256(orjson.dumps(values, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _comparable(value: Any, ignore_case: bool) -> Any:
    match value:
        case str():
            text = unicodedata.normalize("NFC", value)
            return text.casefold() if ignore_case else text
        case Decimal():
            return format(value.normalize(), "f")
        case datetime():
            return value.timestamp()
        case list():
            return sorted((_comparable(entry, ignore_case) for entry in value), key=str)
        case Mapping():
            return {name: _comparable(entry, ignore_case) for name, entry in value.items()}
    return value


def held_statement(claims: Iterable[Claim]) -> tuple[str, dict[str, Any]]:
    """The statement for those of the claims that another record holds."""
    return _HELD, {"claims": orjson.dumps([claim.row for claim in claims]).decode()}


def refusals(claims: Iterable[Claim], held: Iterable[Mapping[str, Any]]) -> list[FieldError]:
    """What is wrong with the claims that others hold, each place named once."""
    places = {(row["rule"], row["value"]) for row in held}
    errors = {error.path: error for claim in claims if (claim.rule, claim.value) in places for error in claim.errors}
    return list(errors.values())


async def taken_claims(connection: Connection, tenant_id: UUID, claims: Sequence[Claim]) -> InvalidInput | None:
    """The refusal of claims that another record came first with, after the transaction that made them was rolled back. None when
    nobody holds one any more."""
    sql, parameters = held_statement(claims)
    async with connection.transaction():
        await connection.execute(ENTER, {"tenant": tenant_id})
        cursor = await connection.execute(sql, {"tenant": tenant_id, **parameters})
        errors = refusals(claims, await cursor.fetchall())
    return InvalidInput(errors) if errors else None
