"""Out: the records of one type as JSON, one a line, oldest first, with all that belongs to them.

Read page by page through the same compiler as any list, so rights, custom fields and money read as they do everywhere. Fields that the
caller may not read are left out.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import orjson

from tenants import audit_log
from tenants.audit_log import COMPANY, About
from tenants.database import Caller, Database
from tenants.reading.compiler import Reader, compile_one, compile_page
from tenants.reading.pages import LARGEST_SIZE
from tenants.reading.plan import Plan
from tenants.reading.selection import Selected, constant
from tenants.records import (
    REGISTRY,
    Attribute,
    Column,
    Custom,
    Items,
    Lookup,
    Money,
    RecordType,
    Relation,
    Structure,
)
from tenants.records.rights import OWN, may_read, may_read_some
from tenants.transaction import begin

EXPORTED = ("order", "customer", "product")
PAGE = 100
# A record's own parts that are read in pages because there may be many.
PAGED_PARTS = frozenset({"lines"})
# What follows from other records that are exported themselves, and what is of the reader alone.
DERIVED = frozenset({"orderSummary", "isMine"})

Row = dict[str, Any]
# Does a plan for the caller, and gives its answer.
Read = Callable[[Plan], Awaitable[Row | None]]


async def export_records(database: Database, caller: Caller, record_type: str) -> AsyncIterator[bytes]:
    """The lines, without their line ends.

    Raises :class:`NotAllowed` (<record type>.export), and :class:`tenants.database.Outdated` when the configuration is changed
    meanwhile: the lines before and after would not match.
    """
    caller.access.require(f"{record_type}.export")
    record = REGISTRY[record_type]

    async def read(plan: Plan) -> Row | None:
        found = await database.read(caller, plan.sql, plan.parameters({}, caller.tenant_id, caller.member_id))
        return orjson.loads(found) if found is not None else None

    page = await page_after(caller, record, None, read)
    async with begin(database, caller) as tx:
        # Before the first line is out: whoever reads no further has some of it all the same.
        told = {"type": record_type, "rows": page["totalCount"]}
        await audit_log.record(tx, "exported", told, about=About(COMPANY, tx.tenant_id))
    while True:
        for node in page["nodes"]:
            yield orjson.dumps(await whole(caller, record, node, read))
        if not page["pageInfo"]["hasNextPage"]:
            return
        page = await page_after(caller, record, page["pageInfo"]["endCursor"], read)


async def page_after(caller: Caller, record: RecordType, after: str | None, read: Read) -> Row:
    """The next ``nodes``, with ``pageInfo``, and with ``totalCount`` on the first page."""
    arguments: Row = {"first": constant(PAGE), **_all(caller, record)}
    if may_read(caller.access, record, "createdAt", record.by_name["createdAt"]):
        arguments["orderBy"] = [{"createdAt": "ASC"}]
    if after is not None:
        arguments["after"] = constant(after)
    counted = (Selected("totalCount", "totalCount"),) if after is None else ()
    fields = (Selected("nodes", "nodes", fields=fields_for(caller, record)), _PAGE_INFO, *counted)
    selected = Selected(record.plural, record.plural, arguments, fields)
    found = await read(compile_page(_reader(caller), record, selected, right=f"{record.name}.export"))
    assert found is not None
    return found


async def total_count(caller: Caller, record: RecordType, read: Read) -> int:
    """How many records there are to export."""
    selected = Selected(record.plural, record.plural, _all(caller, record), (Selected("totalCount", "totalCount"),))
    found = await read(compile_page(_reader(caller), record, selected, right=f"{record.name}.export"))
    return int(found["totalCount"]) if found else 0


def _all(caller: Caller, record: RecordType) -> Row:
    """The arguments by which void records are among the others."""
    is_told = record.voidable and may_read(caller.access, record, "isVoided", record.by_name["isVoided"])
    return {"voided": "INCLUDE"} if is_told else {}


async def whole(caller: Caller, record: RecordType, node: Row, read: Read) -> Row:
    """The record with its paged parts as plain lists, whatever their length."""
    for name in PAGED_PARTS & node.keys():
        part = node[name]
        rows = part["nodes"]
        while part["pageInfo"]["hasNextPage"]:
            fields = (_paged(caller, record, name, part["pageInfo"]["endCursor"]),)
            plan = compile_one(_reader(caller), record, {"id": constant(node["id"])}, fields)
            part = (await read(plan) or {name: _NOTHING})[name]
            rows += part["nodes"]
        node[name] = rows
    return node


def _reader(caller: Caller) -> Reader:
    return Reader(caller.config, caller.access, caller.language)


_PAGE_INFO = Selected(
    "pageInfo", "pageInfo", fields=(Selected("hasNextPage", "hasNextPage"), Selected("endCursor", "endCursor"))
)
_NOTHING: Mapping[str, Any] = {"nodes": [], "pageInfo": {"hasNextPage": False}}


def fields_for(caller: Caller, record: RecordType) -> tuple[Selected, ...]:
    """What of a record the caller gets."""
    chosen = (_field(caller, record, attribute) for attribute in record.attributes if attribute.name not in DERIVED)
    return tuple(field for field in chosen if field is not None)


def _field(caller: Caller, record: RecordType, attribute: Attribute) -> Selected | None:
    may = may_read_some(caller.access, record, attribute.name, attribute) and _may_follow(caller, attribute)
    return _selected(caller, record, attribute) if may else None


def _may_follow(caller: Caller, attribute: Attribute) -> bool:
    """Whether the caller may read what a field leads to."""
    right = REGISTRY[attribute.target].right if isinstance(attribute, Relation) else ""
    return not right or caller.access.allows(right)


def _selected(caller: Caller, record: RecordType, attribute: Attribute) -> Selected | None:
    match attribute:
        case Column():
            return Selected(attribute.name, attribute.name)
        case Money():
            return _group(attribute.name, ("amount", "currency"))
        case Structure() | Items():
            members = (_selected(caller, record, member) for member in attribute.members)
            return Selected(attribute.name, attribute.name, fields=tuple(part for part in members if part is not None))
        case Lookup(key=Column()):
            return _group(attribute.name, ("key",))
        case Custom():
            own = (_own_field(caller, record, part) for part in caller.config.own.get(record.name, {}).values())
            return Selected(attribute.name, attribute.name, fields=tuple(part for part in own if part is not None))
        case Relation(many=False):
            return _known(caller, attribute)
        case Relation(paged=False):
            return Selected(attribute.name, attribute.name, fields=_columns(REGISTRY[attribute.target]))
        case Relation() if attribute.name in PAGED_PARTS:
            return _paged(caller, record, attribute.name, None)
    return None


def _own_field(caller: Caller, record: RecordType, attribute: Attribute) -> Selected | None:
    may = may_read_some(caller.access, record, f"{OWN}{attribute.name}", attribute)
    if not (may and _may_follow(caller, attribute)):
        return None
    if not isinstance(attribute, Relation):
        return _selected(caller, record, attribute)
    # The records that lead here are exported with what they lead to.
    return None if attribute.paged else _known(caller, attribute)


def _known(caller: Caller, relation: Relation) -> Selected:
    """What other records are known by."""
    target = REGISTRY[relation.target]
    names = (name for name in ("id", *target.by, "name") if name in target.by_name)
    return _group(
        relation.name,
        tuple(name for name in names if may_read_some(caller.access, target, name, target.by_name[name])),
    )


def _paged(caller: Caller, record: RecordType, name: str, after: str | None) -> Selected:
    relation = record.by_name[name]
    assert isinstance(relation, Relation)
    arguments: Row = {"first": constant(LARGEST_SIZE)}
    if after is not None:
        arguments["after"] = constant(after)
    target = REGISTRY[relation.target]
    parts = (
        _field(caller, target, part)
        for part in target.attributes
        # The record it belongs to is the one around it.
        if not (isinstance(part, Relation) and part.target == record.name)
    )
    nodes = Selected("nodes", "nodes", fields=tuple(part for part in parts if part is not None))
    return Selected(name, name, arguments, (nodes, _PAGE_INFO))


def _columns(record: RecordType) -> tuple[Selected, ...]:
    return tuple(
        Selected(attribute.name, attribute.name) for attribute in record.attributes if isinstance(attribute, Column)
    )


def _group(name: str, members: tuple[str, ...]) -> Selected:
    return Selected(name, name, fields=tuple(Selected(member, member) for member in members))
