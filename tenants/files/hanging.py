"""Hanging files on records: each hangs at one place of one record, and its uploader alone can hang it there.

A file that is taken off is there for one more day, so that who took it off by mistake can put it back.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from tenants.problems import FieldError
from tenants.reading.withheld import hangs_in_sight
from tenants.transaction import Transaction

MOST_FILES = 20
KEPT_LOOSE = timedelta(days=1)
# Locked, so that two who hang the same file see each other.
LOOK_UP = """
SELECT id, record_type, record_id, place, created_by_id FROM stored_files
WHERE tenant_id = %(tenant)s AND id = ANY(%(files)s::uuid[]) AND sha256 IS NOT NULL ORDER BY id FOR UPDATE
"""
FORGET = """
DELETE FROM stored_files WHERE tenant_id = %(tenant)s AND loose_since < now() - %(kept)s::interval
"""

Row = Mapping[str, Any]
Path = tuple[str | int, ...]


def unfit(
    tx: Transaction, found: Collection[Row], ids: Sequence[UUID], place: tuple[str, UUID, str], path: Path
) -> Iterator[FieldError]:
    """What speaks against hanging the files at a ``place`` (record type, record, where), by what :data:`LOOK_UP` has found."""
    rows = {row["id"]: row for row in found}
    for position, file_id in enumerate(ids):
        row = rows.get(file_id)
        hangs_at = (row["record_type"], row["record_id"], row["place"]) if row else None
        if row is None or not _is_known(tx, row, place):
            yield FieldError((*path, position), "value.unknown_record", {"type": "file", "id": str(file_id)})
        elif row["record_type"] is not None and hangs_at != place:
            yield FieldError((*path, position), "file.hangs", {"id": str(file_id)})


def _is_known(tx: Transaction, row: Row, place: tuple[str, UUID, str]) -> bool:
    """Whether the actor may know of the file: their own, or one of the same record, where they may see it. Others are as if they never
    were: to look up whether their records may be read is not worth it."""
    record_type, record_id, _ = place
    if row["created_by_id"] == tx.actor.id:
        return True
    is_here = (row["record_type"], row["record_id"]) == (record_type, record_id)
    return is_here and hangs_in_sight(tx.access, record_type, row["place"])


async def hang(tx: Transaction, place: tuple[str, UUID, str], ids: Collection[UUID]) -> None:
    """Let files that are fit hang at the place."""
    record_type, record_id, where = place
    rows = [
        {"id": file_id, "record_type": record_type, "record_id": record_id, "place": where, "loose_since": None}
        for file_id in ids
    ]
    if rows:
        await tx.update("stored_files", ("record_type", "record_id", "place", "loose_since"), *rows)


async def take_off(tx: Transaction, ids: Collection[UUID]) -> None:
    """Let files point nowhere: they are forgotten in a day."""
    if ids:
        await tx.update("stored_files", ("loose_since",), *({"id": file_id, "loose_since": tx.now} for file_id in ids))
