"""What the reader may do with a record, as JSON: what holds of all records is written out, scopes are judged row by row."""

import orjson

from tenants.conditions.row_tests import RowTests
from tenants.permissions import Access
from tenants.reading.json_sql import literal
from tenants.records import RecordType

# Rights to what is not there yet.
_OF_NO_RECORD = frozenset({"create", "import"})


def permissions_json(record: RecordType, alias: str, access: Access, rows: RowTests | None) -> str:
    """The SQL of the list of actions that the reader has a right to with the record called ``alias``."""
    beginning = f"{record.name}."
    held = [right for right in access.policy.rights if right.startswith(beginning) and access.allows(right)]
    actions = {right: right.removeprefix(beginning) for right in held}
    tests = {right: rows.test(right, alias) for right in held} if rows else {}
    shown = [right for right in held if actions[right] not in _OF_NO_RECORD]
    if not any(tests.values()):
        return f"{literal(orjson.dumps([actions[right] for right in shown]).decode())}::json"
    each = ", ".join(
        f"CASE WHEN {test} THEN {literal(actions[right])} END" if (test := tests[right]) else literal(actions[right])
        for right in shown
    )
    return f"array_to_json(array_remove(ARRAY[{each}]::text[], NULL))"
