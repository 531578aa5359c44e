"""Whether a record is there for somebody, found out as anybody reads it: whatever hides it from them hides what belongs to it."""

from uuid import UUID

from tenants.database import Caller, Database
from tenants.problems import NotAllowed
from tenants.reading.compiler import Reader, compile_one
from tenants.reading.selection import Selected, constant
from tenants.records import REGISTRY


async def may_see(database: Database, caller: Caller, record_type: str, record_id: UUID) -> bool:
    """Whether the caller may read the record. Raises :class:`tenants.database.Outdated`."""
    reader = Reader(caller.config, caller.access, caller.language)
    try:
        plan = compile_one(reader, REGISTRY[record_type], {"id": constant(record_id)}, [Selected("id", "id")])
    except NotAllowed:
        return False
    (answer,) = await database.read_all(caller, [plan.bound({}, caller.tenant_id, caller.member_id)])
    return answer is not None
