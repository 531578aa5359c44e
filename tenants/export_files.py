"""Exports as files: asked for by a member or a key, written by a job page by page, and then there for who asked, for a day.

The job reads as who asked, with the rights that they have at each page; where those or the configuration give the rows other columns, the
file is begun anew. What is not downloaded goes as any file does that hangs on nothing.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from tenants import audit_log, jobs
from tenants.actors import MEMBER, Actor
from tenants.audit_log import COMPANY, About
from tenants.callers import key_actor
from tenants.database import Caller
from tenants.export_formats import KINDS, written
from tenants.export_sources import SOURCES, Page, Source
from tenants.files.storing import CHUNK, require_room
from tenants.jobs import Job
from tenants.keys.narrowing import Narrowing, narrowed
from tenants.messages import render
from tenants.notifications import add_notification
from tenants.problems import InvalidInput, LimitExceeded, NotAllowed
from tenants.transaction import Transaction, new_id

RUNNING, DONE, STOPPED = "running", "done", "stopped"
MOST_RUNNING = 3
MOST_SHOWN = 50
# In bytes.
LARGEST = 500 * 2**20
# Pages of one batch.
PAGES = 5

_RUNNING = """
SELECT count(*) AS found FROM exports e JOIN stored_files f ON f.tenant_id = e.tenant_id AND f.id = e.id
WHERE e.tenant_id = %(tenant)s AND e.state = 'running' AND f.created_by_id = %(actor)s
"""
_LIST = """
SELECT e.id, e.record_type, e.format, e.state, e.total, e.done, e.size, e.problem, f.created_at, e.ended_at
FROM exports e JOIN stored_files f ON f.tenant_id = e.tenant_id AND f.id = e.id
WHERE e.tenant_id = %(tenant)s AND f.created_by_id = %(actor)s AND (%(id)s::uuid IS NULL OR e.id = %(id)s::uuid)
ORDER BY e.id DESC LIMIT %(most)s
"""
_LOAD = """
SELECT e.*, f.created_by_id FROM exports e JOIN stored_files f ON f.tenant_id = e.tenant_id AND f.id = e.id
WHERE e.tenant_id = %(tenant)s AND e.id = %(id)s AND e.state = 'running' FOR UPDATE
"""
_MEMBER = "SELECT id, name, roles, language FROM members WHERE tenant_id = %(tenant)s AND id = %(id)s AND active"
_KEY = """
SELECT id, name, roles, rights, record_types, read_only, created_by_name FROM api_keys
WHERE tenant_id = %(tenant)s AND id = %(id)s AND revoked_at IS NULL
"""
_PART = "SELECT content FROM file_chunks WHERE tenant_id = %(tenant)s AND file_id = %(id)s AND position = %(position)s"
_PUT = """
INSERT INTO file_chunks (tenant_id, file_id, position, content)
VALUES (%(tenant)s, %(id)s::uuid, %(position)s::integer, %(content)s::bytea)
ON CONFLICT (tenant_id, file_id, position) DO UPDATE SET content = excluded.content
"""
_CLEAR = "DELETE FROM file_chunks WHERE tenant_id = %(tenant)s AND file_id = %(id)s"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Export:
    """One export: ``done`` of ``total`` records are in a file of ``size`` bytes. ``problem`` is why it was stopped, in the reader's
    language."""

    id: UUID
    record_type: str
    format: str
    state: str
    total: int
    done: int
    size: int
    problem: str | None
    created_at: datetime
    ended_at: datetime | None


async def begin_export(tx: Transaction, record_type: str, format: str) -> Export:
    """Begin to write all records of a type that the actor may read, or another of :data:`tenants.export_sources.SOURCES`, into a file, in a
    format of :data:`tenants.export_formats.KINDS`.

    Raises :class:`NotAllowed` (<record type>.export, or what else the source takes), :class:`InvalidInput` for a type that is not exported,
    and :class:`LimitExceeded` for more than :data:`MOST_RUNNING` at once, or where there is no room for files.
    """
    source = SOURCES.get(record_type)
    if source is None:
        raise InvalidInput.at(("object",), "config.unknown_object", object=record_type, objects=", ".join(SOURCES))
    for right in source.rights:
        tx.access.require(right)
    running = await tx.fetch_one(_RUNNING, actor=tx.actor.id)
    if running and running["found"] >= MOST_RUNNING:
        raise LimitExceeded("export.too_many", most=MOST_RUNNING)
    await require_room(tx)
    total = await source.total(tx, tx.caller)
    ending, content_type = KINDS[format]
    export_id = new_id()
    await tx.insert(
        "stored_files",
        {
            "id": export_id,
            "name": f"{source.name}-{tx.now:%Y-%m-%d}.{ending}",
            "content_type": content_type,
            "created_by_id": tx.actor.id,
            "created_at": tx.now,
            "loose_since": tx.now,
        },
    )
    # A statement of its own, behind the file that it points at.
    await tx.execute(
        "INSERT INTO exports (tenant_id, id, record_type, format, total)"
        " VALUES (%(tenant)s, %(id)s, %(type)s, %(format)s, %(total)s)",
        id=export_id,
        type=record_type,
        format=format,
        total=total,
    )
    told = {"type": record_type, "rows": total, "format": format}
    await audit_log.record(tx, "exported", told, about=About(COMPANY, tx.tenant_id))
    await jobs.add(tx, jobs.EXPORT, export_id)
    (export,) = await own_exports(tx, export_id)
    return export


async def own_exports(tx: Transaction, export_id: UUID | None = None) -> list[Export]:
    """The actor's exports, the newest first, or the one with that id."""
    rows = await tx.fetch_all(_LIST, actor=tx.actor.id, id=export_id, most=MOST_SHOWN)
    return [Export(**{**row, "problem": _told(row["problem"], tx.language)}) for row in rows]


def _told(problem: Row | None, language: str) -> str | None:
    return render(problem["code"], language, problem["data"]) if problem else None


async def next_batch(tx: Transaction, export_id: UUID) -> bool:
    """Write the next pages of an export into its file; whether there are more. Whoever asked is told when it has ended."""
    row = await tx.fetch_one(_LOAD, id=export_id)
    if row is None:
        return False
    caller = await _asking(tx, row["created_by_id"])
    source = SOURCES[row["record_type"]]
    missing = next((right for right in source.rights if caller is None or not caller.access.allows(right)), None)
    if caller is None or missing is not None:
        await _stop(tx, row, "export.not_allowed", {"right": missing})
        return False
    paths = source.columns(caller)
    names = [".".join(path) for path in paths]
    if row["columns"] not in ([], names):
        await tx.execute(_CLEAR, id=export_id)
        row = {**row, "after": None, "done": 0, "size": 0}
    try:
        found = await _pages(tx, caller, source, row["after"])
    except NotAllowed as problem:
        await _stop(tx, row, "export.not_allowed", {"right": problem.right})
        return False
    content = written(row["format"], paths, found.rows, is_first=row["after"] is None)
    size = row["size"] + len(content)
    if size > LARGEST:
        await _stop(tx, row, "export.too_large", {"most": LARGEST // 2**20})
        return False
    await _append(tx, export_id, row["size"], content)
    come = {"id": export_id, "columns": names, "after": found.after, "done": row["done"] + found.count, "size": size}
    await tx.update("exports", ("columns", "after", "done", "size"), come)
    if not found.has_more:
        await _finish(tx, row, size)
    return found.has_more


async def _asking(tx: Transaction, actor_id: UUID) -> Caller | None:
    """Who asked, with the rights that they have by now; None when they may not sign in any more."""
    if member := await tx.fetch_one(_MEMBER, id=actor_id):
        actor = Actor(MEMBER, member["id"], member["name"], tuple(member["roles"]), member["language"])
        return replace(tx.caller, actor=actor, access=tx.config.policy.access(actor.roles))
    if key := await tx.fetch_one(_KEY, id=actor_id):
        actor = key_actor(key, tx.config.language)
        access = narrowed(tx.config.policy.access(actor.roles), Narrowing.of(key))
        return replace(tx.caller, actor=actor, access=access)
    return None


async def _pages(tx: Transaction, caller: Caller, source: Source, after: str | None) -> Page:
    """The next pages as one."""
    rows, count, has_more = list[Row](), 0, True
    for _ in range(PAGES):
        page = await source.page(tx, caller, after)
        rows += page.rows
        count, after, has_more = count + page.count, page.after, page.has_more
        if not has_more:
            break
    return Page(rows, count, after, has_more)


async def _append(tx: Transaction, export_id: UUID, size: int, content: bytes) -> None:
    """Write behind the ``size`` bytes that are there. All parts of a file but the last are full."""
    position, held = divmod(size, CHUNK)
    if held:
        last = await tx.fetch_one(_PART, id=export_id, position=position)
        assert last is not None
        content = bytes(last["content"]) + content
    for start in range(0, len(content), CHUNK):
        part = content[start : start + CHUNK]
        await tx.execute(_PUT, id=export_id, position=position + start // CHUNK, content=part)


async def _finish(tx: Transaction, row: Row, size: int) -> None:
    digest = hashlib.sha256()
    for position in range(-(-size // CHUNK)):
        part = await tx.fetch_one(_PART, id=row["id"], position=position)
        assert part is not None
        digest.update(part["content"])
    await tx.update("stored_files", ("size", "sha256"), {"id": row["id"], "size": size, "sha256": digest.digest()})
    await _end(tx, row, DONE, "export.ready", {"type": row["record_type"]}, problem=None)


async def _stop(tx: Transaction, row: Row, code: str, data: Row) -> None:
    """Nothing is kept of what was written, and why is told."""
    await tx.execute(_CLEAR, id=row["id"])
    await _end(tx, row, STOPPED, code, data, problem={"code": code, "data": data})


async def _end(tx: Transaction, row: Row, state: str, code: str, data: Row, problem: Row | None) -> None:
    ended = {"id": row["id"], "state": state, "problem": problem, "ended_at": tx.now}
    await tx.update("exports", ("state", "problem", "ended_at"), ended)
    member = await tx.fetch_one(_MEMBER, id=row["created_by_id"])
    if member is not None:
        await add_notification(tx, member["id"], render(code, member["language"], data), None, None, None)


async def give_up(tx: Transaction, job: Job) -> None:
    """An export whose attempts never ended."""
    row = await tx.fetch_one(_LOAD, id=job.subject_id)
    if row is not None:
        await _stop(tx, row, "export.never_ended", {"attempts": jobs.MOST_ATTEMPTS})
