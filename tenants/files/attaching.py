"""Fields that hold files: which can be attached, and keeping what hangs where with every save."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tenants.config.definitions import CustomField
from tenants.config.snapshot import TenantConfig
from tenants.files.hanging import LOOK_UP, hang, take_off, unfit
from tenants.forms import Form
from tenants.transaction import Transaction

TYPE = "attachment"
Custom = Mapping[str, Any]


def place_of(record_type: str, record_id: UUID, key: str) -> tuple[str, UUID, str]:
    """Where the files of a field of a record hang."""
    return record_type, record_id, f"custom.{key}"


async def find_attached(tx: Transaction, form: Form, record_type: str, fields: Mapping[str, CustomField]) -> None:
    """Add an error to the form for each file that was given and cannot hang there; all are looked up at once."""
    given = {
        key: [UUID(file_id) for file_id in form.row["custom"].get(key) or ()]
        for key in form.values.get("custom") or {}
        if key in fields and fields[key].type == TYPE
    }
    wanted = {file_id for ids in given.values() for file_id in ids}
    if not wanted:
        return
    found = await tx.fetch_all(LOOK_UP, files=sorted(wanted))
    for key, ids in given.items():
        place = place_of(record_type, form.row["id"], key)
        form.errors.extend(unfit(tx, found, ids, place, (*form.path, "custom", key)))
        for row in found:
            # A file that is given for two fields hangs at the first.
            if row["record_type"] is None and row["created_by_id"] == tx.actor.id and row["id"] in ids:
                row.update(zip(("record_type", "record_id", "place"), place, strict=True))


async def keep_attached(
    tx: Transaction, record_type: str, record_id: UUID, before: Custom | None, after: Custom
) -> None:
    """Hang up the files that a record's fields have gained, and take off those that they have lost."""
    for key in tx.config.derived("attachment fields", _all_fields).get(record_type, ()):
        old, new = (before or {}).get(key) or (), after.get(key) or ()
        await hang(tx, place_of(record_type, record_id, key), [UUID(file_id) for file_id in new if file_id not in old])
        await take_off(tx, [UUID(file_id) for file_id in old if file_id not in new])


def _all_fields(config: TenantConfig) -> Mapping[str, Sequence[str]]:
    return {
        record_type: keys
        for record_type, fields in config.fields.items()
        if (keys := [key for key, field in fields.items() if field.type == TYPE])
    }
