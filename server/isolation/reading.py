"""What can be read as one company, searched for what is another's: lists, finders, searches, counts, groups and exports."""

from collections.abc import AsyncIterator, Mapping

import orjson
from graphql import GraphQLField

from server.isolation.places import Place, Row, arguments_needed, declared, inside, root_fields
from server.isolation.replay import Ask
from tenants.database import Caller, Database
from tenants.exports import EXPORTED, page_after, whole
from tenants.reading.plan import Plan
from tenants.records import REGISTRY

# Objects inside objects that are read with each root field.
DEPTH = 2


async def told(ask: Ask, own: Mapping[str, str], searched: str) -> AsyncIterator[tuple[str, bytes]]:
    """Every root field that reads, by name, with all that it tells: as it comes, and where it can search, ``searched`` for."""
    for name, field in root_fields("query").items():
        for search in (None, searched) if "search" in field.args else (None,):
            document, variables = _document(name, field, own, search)
            yield name, await ask(document, variables)


def _document(name: str, field: GraphQLField, own: Mapping[str, str], search: str | None) -> tuple[str, Row]:
    given = arguments_needed(Place("query", name, "", ()), own)
    if search is not None:
        given["search"] = search
    types, used, variables = declared(0, given, field.args)
    shown = inside(field.type, DEPTH)
    return f"query{f' ({types})' if types else ''} {{ {name}{f'({used})' if used else ''} {shown} }}", variables


async def exported(database: Database, caller: Caller) -> AsyncIterator[tuple[str, bytes]]:
    """The first page of each export, as the caller would get it; nothing is noted of it."""

    async def read(plan: Plan) -> Row | None:
        found = await database.read(caller, plan.sql, plan.parameters({}, caller.tenant_id, caller.member_id))
        return orjson.loads(found) if found is not None else None

    for name in EXPORTED:
        page = await page_after(caller, REGISTRY[name], None, read)
        for node in page["nodes"]:
            yield f"export of {name}", orjson.dumps(await whole(caller, REGISTRY[name], node, read))
