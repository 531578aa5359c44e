"""Giving a file out, to who may read the record that it hangs on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from tenants.database import Caller, Database
from tenants.problems import NotFound
from tenants.reading.seeing import may_see
from tenants.reading.withheld import hangs_in_sight
from tenants.wire import bind, statement

_FIND = """
SELECT json_build_object('name', f.name, 'content_type', f.content_type, 'size', f.size, 'sha256', encode(f.sha256, 'base64'),
  'record_type', f.record_type, 'record_id', f.record_id, 'place', f.place,
  'is_own', f.created_by_id IS NOT DISTINCT FROM %(actor)s::uuid)
FROM stored_files f WHERE f.tenant_id = %(tenant)s AND f.id = %(file)s::uuid AND f.sha256 IS NOT NULL
"""
_PART = statement("""
SELECT content FROM file_chunks
WHERE tenant_id = %(tenant)s::uuid AND file_id = %(file)s::uuid AND position = %(position)s::integer
""")


@dataclass(frozen=True, slots=True)
class Found:
    """A file that the caller may have. ``sha256`` is in base64."""

    id: UUID
    name: str
    content_type: str
    size: int
    sha256: str


async def find(database: Database, caller: Caller, file_id: UUID | None) -> Found:
    """The file, for who may read what it hangs on; one that hangs on nothing yet is there for who uploaded it.

    Raises :class:`NotFound` for all others, and :class:`tenants.database.Outdated`.
    """
    if file_id is None:
        raise NotFound("file", file_id)
    scope = {"tenant": caller.tenant_id, "actor": caller.actor.id, "file": file_id}
    answer = await database.read(caller, _FIND, scope)
    found: Mapping[str, Any] | None = orjson.loads(answer) if answer else None
    if found is None or not await _may_have(database, caller, found):
        raise NotFound("file", file_id)
    return Found(file_id, found["name"], found["content_type"], found["size"], found["sha256"])


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
