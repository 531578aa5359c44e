"""Taking a file in, part by part: nothing of it is held but the part that arrives, and no connection waits for a client."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePath
from typing import Any, TypeVar
from uuid import UUID

from tenants.database import Caller, Database
from tenants.field_types import BadValue
from tenants.field_types.text import clean_text
from tenants.files.kinds import ENDINGS, HEAD, KINDS, Kind
from tenants.permissions import Access
from tenants.problems import InvalidInput, LimitExceeded
from tenants.quotas import quotas_of, require_storage
from tenants.transaction import Transaction, begin, new_id

LARGEST = 20 * 2**20
CHUNK = 256 * 2**10
LONGEST_NAME = 200
# Whoever uploads and attaches nothing is not to fill the house.
MOST_LOOSE = 100
# One of them is needed: a file is of no use to who can write nothing.
_WRITING = ("create", "update", "change_status")
_WRITTEN = ("order", "customer", "product")

Result = TypeVar("Result")
# Runs a piece of work for the caller as they are, and again where they turn out to have changed.
AsCaller = Callable[[Callable[[Caller], Awaitable[None]]], Awaitable[None]]

_LOOSE = """
SELECT count(*) AS loose FROM stored_files
WHERE tenant_id = %(tenant)s AND created_by_id = %(member)s AND loose_since IS NOT NULL
"""
# What was there when it was last measured, and the files that came since.
_ROOM = """
SELECT coalesce(m.storage_bytes, 0) + coalesce((
  SELECT sum(size) FROM stored_files
  WHERE tenant_id = %(tenant)s AND created_at > coalesce(m.measured_at, '-infinity')), 0) AS used
FROM (SELECT 1) one LEFT JOIN LATERAL (
  SELECT storage_bytes, measured_at FROM usage_days
  WHERE tenant_id = %(tenant)s AND measured_at IS NOT NULL ORDER BY day DESC LIMIT 1) m ON TRUE
"""
_ADD = """
INSERT INTO file_chunks (tenant_id, file_id, position, content)
VALUES (%(tenant)s, %(file)s::uuid, %(position)s::integer, %(content)s::bytea)
"""


@dataclass(frozen=True, slots=True)
class Named:
    """What a file is said to be, found to be something that can be."""

    name: str
    content_type: str
    kind: Kind


@dataclass
class Arrival:
    """A file that arrives for a member. ``as_caller`` runs each piece of work for them."""

    database: Database
    as_caller: AsCaller
    named: Named
    id: UUID = field(default_factory=new_id)
    size: int = 0
    _waiting: bytearray = field(default_factory=bytearray)
    _positions: int = 0
    _digest: Any = field(default_factory=hashlib.sha256)

    async def begin(self) -> None:
        """Make room for it. Raises :class:`NotAllowed` and :class:`LimitExceeded`."""

        async def begun(tx: Transaction) -> None:
            require_to_upload(tx.access)
            await require_room(tx)
            row = {
                "id": self.id,
                "name": self.named.name,
                "content_type": self.named.content_type,
                "created_by_id": tx.actor.id,
                "created_at": tx.now,
                "loose_since": tx.now,
            }
            await tx.insert("stored_files", row)

        await self._do(begun)

    async def add(self, content: bytes) -> int:
        """Take what has arrived; how many parts were written. Raises :class:`LimitExceeded` where it is too much, and
        :class:`InvalidInput` where it is not what it was said to be."""
        self.size += len(content)
        if self.size > LARGEST:
            raise LimitExceeded("file.too_large", most=LARGEST // 2**20)
        self._waiting += content
        written = 0
        while len(self._waiting) >= CHUNK:
            await self._write(bytes(self._waiting[:CHUNK]))
            del self._waiting[:CHUNK]
            written += 1
        return written

    async def finish(self) -> datetime:
        """All of it has arrived: when. Raises :class:`InvalidInput` where it is empty, or not what it was said to be."""
        if not self.size:
            raise InvalidInput.at((), "file.empty", name=self.named.name)
        if self._waiting:
            await self._write(bytes(self._waiting))
            self._waiting.clear()
        ended: list[datetime] = []

        async def finished(tx: Transaction) -> None:
            row = {"id": self.id, "size": self.size, "sha256": self._digest.digest()}
            await tx.update("stored_files", ("size", "sha256"), row)
            ended.append(tx.now)

        await self._do(finished)
        return ended[-1]

    async def give_up(self) -> None:
        """Forget what has arrived."""
        await self._do(lambda tx: tx.delete("stored_files", {"id": self.id}))

    async def _write(self, content: bytes) -> None:
        if not self._positions and not self.named.kind.fits(content[:HEAD]):
            data = {"name": self.named.name, "type": self.named.content_type}
            raise InvalidInput.at((), "file.content", **data)
        position, self._positions = self._positions, self._positions + 1
        await self._do(lambda tx: tx.execute(_ADD, file=self.id, position=position, content=content))
        self._digest.update(content)

    async def _do(self, work: Callable[[Transaction], Awaitable[None]]) -> None:
        async def done(caller: Caller) -> None:
            async with begin(self.database, caller) as tx:
                await work(tx)

        await self.as_caller(done)


def require_to_upload(access: Access) -> None:
    """Raises :class:`NotAllowed` (order.update) for who could attach a file to nothing."""
    if not any(access.allows(f"{record}.{action}") for record in _WRITTEN for action in _WRITING):
        access.require("order.update")


async def require_room(tx: Transaction) -> None:
    """Make sure that the actor may have one more file that hangs on nothing. Raises :class:`LimitExceeded`."""
    found = await tx.fetch_one(_LOOSE, member=tx.actor.id)
    if found and found["loose"] >= MOST_LOOSE:
        raise LimitExceeded("file.too_many_loose", most=MOST_LOOSE)
    if quotas_of(tx.caller.tenant).storage_bytes is not None:
        used = await tx.fetch_one(_ROOM)
        require_storage(tx.caller.tenant, int(used["used"]) if used else 0)


def named(name: str, content_type: str) -> Named:
    """What a file is said to be. Raises :class:`InvalidInput` where no file can be that."""
    # Browsers of old send the whole path.
    last = name.replace("\\", "/").rpartition("/")[2]
    try:
        cleaned = clean_text(last, LONGEST_NAME)
    except BadValue:
        cleaned = ""
    if not cleaned or not cleaned.isprintable() or not PurePath(cleaned).suffix:
        raise InvalidInput.at(("name",), "file.name", name=name, longest=LONGEST_NAME)
    kind = KINDS.get(content_type)
    if kind is None:
        raise InvalidInput.at(("type",), "file.kind", type=content_type, endings=", ".join(ENDINGS))
    if PurePath(cleaned).suffix[1:].lower() not in kind.endings:
        endings = ", ".join(f".{ending}" for ending in kind.endings)
        raise InvalidInput.at(("name",), "file.ending", type=content_type, endings=endings, name=cleaned)
    return Named(cleaned, content_type, kind)
