"""Whether history and audit log are still what was written: each record's entries, their order, their hashes, and the record itself.

An entry's hash is taken over its content and the hash of the entry before, so what was changed, taken out, put in or moved
breaks the chain at that place. What the operator has removed (:mod:`tenants.audit_removal`) is told by an entry of the same chain.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from uuid import UUID

from tenants.aggregates import CUSTOMER, ORDER, PRODUCT
from tenants.audit_removal import REMOVED, Gap, gaps_told
from tenants.database import ENTER, KNOWS_TRANSACTION_LIMIT, Connection, Database
from tenants.records.audit import AUDITED
from tenants.saving import chained_hash, event_content

AGGREGATES = (ORDER, CUSTOMER, PRODUCT)
PAGE = 2_000
EMPTY: Mapping[int, Gap] = MappingProxyType({})

Row = Mapping[str, Any]
Key = tuple[str, UUID]


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where a record's history does not hold."""

    record_type: str
    record_id: UUID
    version: int
    reason: str

    def __str__(self) -> str:
        return f"{self.record_type} {self.record_id}, version {self.version}: {self.reason}"


@dataclass(slots=True)
class Report:
    """What was looked at, what is broken, and how many entries of the audit log were removed, by the day of that and the day up to which."""

    records: int = 0
    entries: int = 0
    breaks: list[Break] = field(default_factory=list)
    removed: Counter[tuple[str, str]] = field(default_factory=Counter)


async def verify(database: Database, tenant_id: UUID) -> Report:
    """Check the history of every record of a tenant, as it stands at one moment."""
    report = Report()
    async with _snapshot(database, tenant_id) as connection:
        ends: dict[Key, int] = {}
        gaps = await _gaps(connection, tenant_id, report)
        chain = _Chain()
        async for event in _events(connection, tenant_id):
            report.entries += 1
            key = (event["record_type"], event["record_id"])
            if key != chain.key:
                chain = _Chain(key, gaps.get(key, {}))
            reason = chain.follow(event)
            ends[key] = event["record_version"]
            if reason is not None:
                report.breaks.append(Break(*key, event["record_version"], reason))
        broken = {(found.record_type, found.record_id) for found in report.breaks}
        async for row in _log_ends(connection, tenant_id):
            key = (row["record_type"], row["record_id"])
            last = ends.pop(key, 0)
            if last != row["version"] and key not in broken:
                report.breaks.append(Break(*key, row["version"], f"the log ends at entry {last}"))
        for aggregate in AGGREGATES:
            async for row in _records(connection, tenant_id, aggregate.table):
                report.records += 1
                key = (aggregate.record_type, row["id"])
                last = ends.pop(key, 0)
                if last != row["version"] and key not in broken:
                    report.breaks.append(Break(*key, row["version"], _end_reason(last)))
    report.breaks.extend(_without_record(ends, broken))
    return report


class _Chain:
    """The entries of one record, followed from the first, past the ``gaps`` that an entry tells of, by their first version; only the first
    break is told."""

    def __init__(self, key: Key | None = None, gaps: Mapping[int, Gap] = EMPTY) -> None:
        self.key = key
        self._gaps = gaps
        self._version = 0
        self._hash = b""
        self._broken = False

    def follow(self, event: Row) -> str | None:
        """What is wrong with the next entry, if it is the first that is."""
        if self._broken:
            return None
        reason = self._judge(event)
        self._broken = reason is not None
        self._version, self._hash = event["record_version"], bytes(event["hash"])
        return reason

    def _judge(self, event: Row) -> str | None:
        while (gap := self._gaps.get(self._version + 1)) is not None and gap.last < event["record_version"]:
            self._version, self._hash = gap.last, bytes.fromhex(gap.hash)
        if event["record_version"] != self._version + 1:
            return f"the entry of version {self._version + 1} is missing"
        if chained_hash(self._hash, event_content(event, event["changes"])) != bytes(event["hash"]):
            return "the entry is not what was written, or the one before it is another"
        return None


def _end_reason(last: int) -> str:
    return f"the history ends at version {last}" if last else "the record has no history"


def _without_record(ends: Mapping[Key, int], broken: set[Key]) -> Iterable[Break]:
    for key, last in ends.items():
        if key not in broken:
            yield Break(*key, last, "the record is gone")


@asynccontextmanager
async def _snapshot(database: Database, tenant_id: UUID) -> AsyncIterator[Connection]:
    async with database.connection() as connection, connection.transaction():
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        if connection.info.server_version >= KNOWS_TRANSACTION_LIMIT:
            # A long history takes its time, and a snapshot that only reads locks nobody out.
            await connection.execute("SET LOCAL transaction_timeout = 0")
        await connection.execute(ENTER, {"tenant": tenant_id})
        yield connection


_EVENTS = """
SELECT id, kind, record_type, record_id, record_version, at, actor_kind, actor_id, actor_name, cause_id, depth, note, changes,
       hash
FROM events
WHERE tenant_id = %(tenant)s AND (record_type, record_id, record_version) > (%(type)s, %(id)s, %(version)s)
ORDER BY record_type, record_id, record_version LIMIT %(page)s
"""


_REMOVALS = f"""
SELECT record_type, record_id, at, changes FROM events WHERE tenant_id = %(tenant)s AND kind = %(kind)s AND {AUDITED}
ORDER BY at, id
"""  # noqa: S608  (SQL of ours; values are parameters)


async def _events(connection: Connection, tenant_id: UUID) -> AsyncIterator[Row]:
    place: dict[str, Any] = {"type": "", "id": UUID(int=0), "version": 0}
    while True:
        cursor = await connection.execute(_EVENTS, {"tenant": tenant_id, "page": PAGE, **place})
        rows = await cursor.fetchall()
        for row in rows:
            yield row
        if len(rows) < PAGE:
            return
        last = rows[-1]
        place = {"type": last["record_type"], "id": last["record_id"], "version": last["record_version"]}


async def _gaps(connection: Connection, tenant_id: UUID, report: Report) -> dict[Key, dict[int, Gap]]:
    """What the log tells of removed entries, by chain and the first version of each gap; the report counts them."""
    found: dict[Key, dict[int, Gap]] = {}
    cursor = await connection.execute(_REMOVALS, {"tenant": tenant_id, "kind": REMOVED})
    for row in await cursor.fetchall():
        told = {change["field"]: change["new"] for change in row["changes"]}
        report.removed[f"{row['at']:%Y-%m-%d}", told["before"][:10]] += told["entries"]
        chain = found.setdefault((row["record_type"], row["record_id"]), {})
        chain.update((gap.first, gap) for gap in gaps_told(row["changes"]))
    return found


async def _log_ends(connection: Connection, tenant_id: UUID) -> AsyncIterator[Row]:
    """Where each chain of the audit log must end."""
    place: dict[str, Any] = {"type": "", "id": UUID(int=0)}
    while True:
        cursor = await connection.execute(
            "SELECT record_type, record_id, version FROM audit_chains WHERE tenant_id = %(tenant)s"
            " AND (record_type, record_id) > (%(type)s, %(id)s) ORDER BY record_type, record_id LIMIT %(page)s",
            {"tenant": tenant_id, "page": PAGE, **place},
        )
        rows = await cursor.fetchall()
        for row in rows:
            yield row
        if len(rows) < PAGE:
            return
        place = {"type": rows[-1]["record_type"], "id": rows[-1]["record_id"]}


async def _records(connection: Connection, tenant_id: UUID, table: str) -> AsyncIterator[Row]:
    last = UUID(int=0)
    while True:
        cursor = await connection.execute(
            f"SELECT id, version FROM {table} WHERE tenant_id = %(tenant)s AND id > %(last)s ORDER BY id LIMIT %(page)s",  # noqa: S608  (SQL of ours; values are parameters)
            {"tenant": tenant_id, "last": last, "page": PAGE},
        )
        rows = await cursor.fetchall()
        for row in rows:
            yield row
        if len(rows) < PAGE:
            return
        last = rows[-1]["id"]
