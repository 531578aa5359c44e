"""Calls with ids of another company, and what their answers must be: those for ids that never existed."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import uuid4

import orjson
from graphql import GraphQLNonNull, GraphQLObjectType, GraphQLUnionType, get_named_type

from schema.documents import MOST_ROOT_FIELDS
from server.isolation.places import Place, Row, arguments, declared, meant, root_fields

# Answers a document with its variables, as one company.
Ask = Callable[[str, Row], Awaitable[bytes]]
REFUSED = """
fragment Refused on Problem {
  __typename
  code
  message
  ... on InvalidInput { errors { path code message } }
  ... on NotAllowed { right grantedTo }
  ... on Conflict { currentVersion current { __typename } }
}
"""
# What is answered before anybody looks for a record.
NOT_LOOKED = frozenset(
    {"BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED", "LIMIT_EXCEEDED", "NOT_ALLOWED", "NOT_SIGNED_IN"}
)
BROKEN = "INTERNAL_ERROR"
NAME = "ID"


class Tried(NamedTuple):
    """What came of trying ids in a place: those that were answered otherwise than an unknown one, whether the operation got as far as
    looking for them, and whether it broke."""

    differing: tuple[str, ...]
    looked: bool
    broke: bool


async def try_ids(asks: Sequence[Ask], place: Place, ids: Sequence[str], own: Mapping[str, str]) -> Tried:
    """Try each id in the place, and beside them one that never existed. Where the operation does not look for them when the first of the
    members ``asks``, because it is not for such as them, the next one does."""
    tried = [await _try_as(asks[0], place, ids, own)]
    for ask in asks[1:]:
        if not tried[-1].looked:
            tried.append(await _try_as(ask, place, ids, own))
    differing = dict.fromkeys(found for each in tried for found in each.differing)
    return Tried(tuple(differing), tried[-1].looked, any(each.broke for each in tried))


async def _try_as(ask: Ask, place: Place, ids: Sequence[str], own: Mapping[str, str]) -> Tried:
    differing: list[str] = []
    looked, broke = True, False
    for part in _parts(ids, MOST_ROOT_FIELDS - 1):
        tried = [str(uuid4()), *part]
        expected, *answers = [
            told
            for together in _parts(tried, 1 if _stands_alone(place) else len(tried))
            for told in _answers(await ask(*document_of(place, together, own)), together)
        ]
        differing += [found for found, told in zip(part, answers, strict=True) if told != expected]
        looked = looked and _looked(expected)
        broke = broke or any(BROKEN in told for told in (expected, *answers))
    return Tried(tuple(differing), looked, broke)


def chosen(place: Place, ids: Mapping[str, str], turn: int, most: int) -> list[str]:
    """At most so many of the ids, given by table: that of the kind that the place means, and others by turns, so that each has its turn in
    each place; all of them where it names no kind."""
    tables = list(ids)
    kind = meant(place, tables)
    if kind is None:
        return list(dict.fromkeys(ids.values()))
    first = turn * most % len(tables)
    around = [kind, *tables[first:], *tables[:first]]
    # Some tables are keyed by the ids of another.
    return list(dict.fromkeys(ids[table] for table in around))[:most]


def _parts(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


def _stands_alone(place: Place) -> bool:
    """Whether the field may not be null, so that its refusal is the answer of the whole document."""
    return isinstance(root_fields(place.kind)[place.field].type, GraphQLNonNull)


def document_of(place: Place, ids: Sequence[str], own: Mapping[str, str]) -> tuple[str, Row]:
    """One document that tries all the ids, each under a name of its own."""
    field = root_fields(place.kind)[place.field]
    shown = _selection(field.type)
    calls = [declared(number, arguments(place, tried, own), field.args) for number, tried in enumerate(ids)]
    types = " ".join(types for types, _, _ in calls)
    fields = " ".join(f"a{number}: {place.field}({used}) {shown}" for number, (_, used, _) in enumerate(calls))
    variables = {name: value for _, _, given in calls for name, value in given.items()}
    return f"{place.kind} ({types}) {{ {fields} }} {REFUSED if '...Refused' in shown else ''}", variables


def _selection(kind: Any) -> str:
    """Enough of the answer to tell whether something was found."""
    named = get_named_type(kind)
    if isinstance(named, GraphQLUnionType):
        return "{ __typename ...Refused }"
    if not hasattr(named, "fields"):
        return ""
    if isinstance(named, GraphQLObjectType) and named.name.endswith("Connection"):
        return "{ __typename nodes { __typename id } totalCount pageInfo { hasNextPage hasPreviousPage } }"
    told = [name for name in ("id", "key", "count", "name") if name in named.fields]
    return f"{{ __typename {' '.join(told)} }}"


def _answers(body: bytes, ids: Sequence[str]) -> list[str]:
    """What each id was answered, without the id itself. Where the whole document was refused, that is the answer of each."""
    answer = orjson.loads(body)
    data = answer.get("data") or {}
    errors = [_plain(error) for error in answer.get("errors", ())]
    told = []
    for number, tried in enumerate(ids):
        alias = f"a{number}"
        mine = [error for path, error in errors if path[:1] == [alias]]
        all_of_it = [error["extensions"]["code"] for path, error in errors if not path]
        text = orjson.dumps([data.get(alias), mine, all_of_it]).decode()
        told.append(text.replace(tried, NAME).replace(f'"{alias}"', ""))
    return told


def _plain(error: Row) -> tuple[list[Any], Row]:
    extensions = {name: value for name, value in error.get("extensions", {}).items() if name != "requestId"}
    return error.get("path") or [], {"message": error["message"], "extensions": extensions}


def _looked(told: str) -> bool:
    """Whether the answer for an unknown id is one that looking for it gave: nothing found, or a complaint that names it."""
    found, errors, all_of_it = orjson.loads(told)
    codes = {error["extensions"].get("code") for error in errors} | set(all_of_it)
    if isinstance(found, dict) and "code" in found:
        return NAME in found["message"]
    return not codes or (NAME in told and not codes & NOT_LOOKED)
