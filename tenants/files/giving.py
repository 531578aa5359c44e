"""Giving a file out, to who may read the record that it hangs on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from tenants.audit_log import record_within
from tenants.calls import current
from tenants.database import Caller, Database
from tenants.export_sources import SOURCES
from tenants.field_rights import READ
from tenants.problems import Conflict, NotFound
from tenants.reading.seeing import may_see
from tenants.reading.withheld import hangs_in_sight
from tenants.wire import bind, statement

_FIND = """
SELECT json_build_object('name', f.name, 'content_type', f.content_type, 'size', f.size, 'sha256', encode(f.sha256, 'base64'),
  'record_type', f.record_type, 'record_id', f.record_id, 'place', f.place,
  'exported', x.record_type, 'columns', x.columns,
  'is_narrower', EXISTS (SELECT FROM members m WHERE m.tenant_id = f.tenant_id AND m.id = %(actor)s::uuid AND m.updated_at > f.created_at)
    OR EXISTS (SELECT FROM change_sets c WHERE c.tenant_id = f.tenant_id AND c.created_at > f.created_at AND c.changes @> '[{"kind": "role"}]'),
  'is_own', f.created_by_id IS NOT DISTINCT FROM %(actor)s::uuid)
FROM stored_files f LEFT JOIN exports x ON x.tenant_id = f.tenant_id AND x.id = f.id
WHERE f.tenant_id = %(tenant)s AND f.id = %(file)s::uuid AND f.sha256 IS NOT NULL
"""
_PART = statement("""
SELECT content FROM file_chunks
WHERE tenant_id = %(tenant)s::uuid AND file_id = %(file)s::uuid AND position = %(position)s::integer
""")


@dataclass(frozen=True, slots=True)
class Found:
    """A file that the caller may have. ``sha256`` is in base64. It hangs on a record, has records of a type that were ``exported``, or
    neither yet."""

    id: UUID
    name: str
    content_type: str
    size: int
    sha256: str
    record_type: str | None
    record_id: str | None
    exported: str | None


async def find(database: Database, caller: Caller, file_id: UUID | None) -> Found:
    """The file, for who may read what it hangs on; one that hangs on nothing yet is there for who uploaded it.

    Raises :class:`NotFound` for all others, for an export :class:`NotAllowed` where its right is gone and :class:`Conflict` where what they
    may read was narrowed since, and :class:`tenants.database.Outdated`.
    """
    if file_id is None:
        raise NotFound("file", file_id)
    scope = {"tenant": caller.tenant_id, "actor": caller.actor.id, "file": file_id}
    answer = await database.read(caller, _FIND, scope)
    found: Mapping[str, Any] | None = orjson.loads(answer) if answer else None
    if found is None or not await _may_have(database, caller, found):
        raise NotFound("file", file_id)
    if found["exported"] is not None:
        _require_rights(caller, found)
    told = ("name", "content_type", "size", "sha256", "record_type", "record_id", "exported")
    return Found(file_id, **{name: found[name] for name in told})


def _require_rights(caller: Caller, found: Mapping[str, Any]) -> None:
    """What was exported under rights that are gone is given out no more: not the columns that were closed, and to who may read
    some records or fields alone, nothing from before roles were changed: other records, and parts of a column, can have been open to them."""
    source, access = SOURCES[found["exported"]], caller.access
    for right in source.rights:
        access.require(right)
    columns = {".".join(path) for path in source.columns(caller)}
    closed = any(access.allows(f"{name}.{READ}") for name, action in access.closed if action == READ)
    reads_some = bool(access.rows) or closed
    if not columns.issuperset(found["columns"]) or (reads_some and found["is_narrower"]):
        raise Conflict("export.narrowed")


async def note_download(database: Database, caller: Caller, found: Found) -> None:
    """Tell the audit log that the caller has a file: one entry for each time, before its first byte is out."""
    told = {
        "file": str(found.id),
        "name": found.name,
        "size": found.size,
        "recordType": found.record_type,
        "record": found.record_id,
        "exported": found.exported,
        "address": current().address or None,
    }
    async with database.connection() as connection, connection.transaction():
        await record_within(connection, caller.tenant_id, caller.actor, "file_downloaded", told)


async def _may_have(database: Database, caller: Caller, found: Mapping[str, Any]) -> bool:
    if found["record_type"] is None:
        return bool(found["is_own"])
    if not hangs_in_sight(caller.access, found["record_type"], found["place"]):
        return False
    return await may_see(database, caller, found["record_type"], UUID(found["record_id"]))


async def part(database: Database, caller: Caller, file_id: UUID, position: int) -> bytes | None:
    """A part of a file's content, or None after the last. Raises :class:`tenants.database.Outdated`."""
    scope = {"tenant": caller.tenant_id, "file": file_id, "position": position}
    (content,) = await database.read_all(caller, [bind(_PART, scope)])
    return None if content is None else bytes.fromhex(content[2:].decode())
