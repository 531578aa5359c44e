"""What can be exported into a file: all records of a type, or the review of permissions; each page by page."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from tenants.access import reviewing
from tenants.access.reviewing import RIGHTS_NEEDED, Reviewed
from tenants.access.scopes import rows_words
from tenants.database import Caller
from tenants.export_formats import Path, columns
from tenants.exports import EXPORTED, Read, fields_for, page_after, total_count, whole
from tenants.reading.plan import Plan
from tenants.records import REGISTRY
from tenants.transaction import Transaction

REVIEW = "permission_review"
_COUNT = "SELECT count(*) AS found FROM members WHERE tenant_id = %(tenant)s"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """The next rows, about so many records; where the page behind them begins, and whether there is one."""

    rows: list[Row]
    count: int
    after: str | None
    has_more: bool


class Source(ABC):
    """``name`` is what files of it are called, ``rights`` are what it takes to export it."""

    name: str
    rights: tuple[str, ...]

    @abstractmethod
    def columns(self, caller: Caller) -> list[Path]:
        """The columns of the caller's table."""

    @abstractmethod
    async def total(self, tx: Transaction, caller: Caller) -> int:
        """How many records there are to export."""

    @abstractmethod
    async def page(self, tx: Transaction, caller: Caller, after: str | None) -> Page:
        """The page behind the one that ended at ``after``."""


class Records(Source):
    """All records of a type, with what the caller may read of them."""

    def __init__(self, record_type: str) -> None:
        self._record = REGISTRY[record_type]
        self.name = self._record.plural
        self.rights = (f"{record_type}.export",)

    def columns(self, caller: Caller) -> list[Path]:
        return columns(caller.config, self._record, fields_for(caller, self._record))

    async def total(self, tx: Transaction, caller: Caller) -> int:
        return await total_count(caller, self._record, _reading(tx, caller))

    async def page(self, tx: Transaction, caller: Caller, after: str | None) -> Page:
        read = _reading(tx, caller)
        found = await page_after(caller, self._record, after, read)
        rows = [await whole(caller, self._record, node, read) for node in found["nodes"]]
        info = found["pageInfo"]
        return Page(rows, len(rows), info["endCursor"] or after, info["hasNextPage"])


def _reading(tx: Transaction, caller: Caller) -> Read:
    async def read(plan: Plan) -> Row | None:
        row = await tx.fetch_one(plan.sql, **plan.parameters({}, tx.tenant_id, caller.member_id))
        answer = next(iter(row.values())) if row else None
        return None if answer is None else orjson.loads(answer)

    return read


class PermissionReview(Source):
    """Who can do what: one row for each right of a member or a key, and one for who has none."""

    name = "permission-review"
    rights = RIGHTS_NEEDED
    size = 100
    _columns = (
        *("kind", "name", "email", "active", "lastSeen", "expiresAt", "away"),
        *("right", "roles", "records", "lastUsed", "unused"),
    )

    def columns(self, caller: Caller) -> list[Path]:
        return [(name,) for name in self._columns]

    async def total(self, tx: Transaction, caller: Caller) -> int:
        found = await tx.fetch_one(_COUNT)
        return int(found["found"]) if found else 0

    async def page(self, tx: Transaction, caller: Caller, after: str | None) -> Page:
        found = await reviewing.look(tx, self.size, None if after is None else UUID(after))
        reviewed = [*(("key", each) for each in found.keys), *(("member", each) for each in found.members)]
        rows = [row for kind, each in reviewed for row in _rows(kind, each, caller.language)]
        end = str(found.members[-1].id) if found.members else after
        return Page(rows, len(found.members), end, found.has_more)


def _rows(kind: str, each: Reviewed, language: str) -> Iterator[Row]:
    about = {
        "kind": kind,
        "name": each.name,
        "email": each.email,
        "active": each.active,
        "lastSeen": each.last_seen,
        "expiresAt": each.expires_at,
        "away": each.away,
    }
    if not each.rights:
        yield {**about, "right": None, "roles": " ".join(each.roles)}
    for held in each.rights:
        yield {
            **about,
            "right": held.right,
            "roles": " ".join(held.roles),
            "records": rows_words(held.rows, language) if held.rows else None,
            "lastUsed": held.last_used,
            "unused": held.unused,
        }


SOURCES: Mapping[str, Source] = {**{name: Records(name) for name in EXPORTED}, REVIEW: PermissionReview()}
