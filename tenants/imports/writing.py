"""Writing drafts in batches, through the commands that everybody uses.

A command that refuses before it writes leaves its batch as it was. When it refuses what it has written, since the record is none of
those that the caller may create or change, or when the database itself refuses, the batch is halved and tried again until the record that is
to blame stands alone.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import getitem
from types import MappingProxyType
from typing import Any
from uuid import UUID

import psycopg

from tenants import customers, numbering, orders, products
from tenants.aggregates import CUSTOMER, ORDER, PRODUCT, Record
from tenants.database import Caller, Database, Outdated
from tenants.imports.binding import Filled, Pending
from tenants.imports.drafts import Draft
from tenants.imports.reading import Row
from tenants.imports.spool import Spool
from tenants.imports.summary import Reason
from tenants.problems import FieldError, InvalidInput, Problem
from tenants.references import in_sight
from tenants.saving import load_ahead
from tenants.transaction import Transaction, begin

CREATED, UPDATED, UNCHANGED, REJECTED = "created", "updated", "unchanged", "rejected"
Refresh = Callable[[], Awaitable[Caller]]

# The records that a text of a file may name, by what it names them by.
_KNOWN = {
    "customer": "SELECT external_id AS known, id FROM customers"
    " WHERE tenant_id = %(tenant)s AND external_id = ANY(%(texts)s)",
    "product": "SELECT external_id AS known, id FROM products"
    " WHERE tenant_id = %(tenant)s AND external_id = ANY(%(texts)s)",
    "order": "SELECT external_id AS known, id FROM orders"
    " WHERE tenant_id = %(tenant)s AND external_id = ANY(%(texts)s)",
    "member": "SELECT email AS known, id FROM members WHERE tenant_id = %(tenant)s AND email = ANY(%(texts)s)",
}
# A plan that was made while a table was empty may look through all rows of the company for each foreign key: PostgreSQL keeps it
# until the table is analysed, and an import fills it within seconds.
_PLAN_ANEW = "SELECT set_config('plan_cache_mode', 'force_custom_plan', true)"
_AGGREGATES = {aggregate.record_type: aggregate for aggregate in (ORDER, CUSTOMER, PRODUCT)}


@dataclass(slots=True)
class Outcome:
    """What became of a draft. A rejected one has reasons, for its own row and for the rows of its lines. ``status_kept`` where the file has
    another status than the order is in."""

    kind: str
    status_kept: bool = False
    reasons: list[Reason] = field(default_factory=list)
    line_reasons: dict[int, list[Reason]] = field(default_factory=dict)


class Writer:
    """Writes drafts of one tenant. In a ``rehearsal`` everything is done and rolled back, batch by batch."""

    def __init__(
        self,
        database: Database,
        caller: Caller,
        refresh: Refresh | None,
        spool: Spool,
        *,
        rehearsal: bool,
        automations: bool,
    ) -> None:
        self._database = database
        self._caller = caller
        self._refresh = refresh
        self._spool = spool
        self._rehearsal = rehearsal
        self._automations = automations

    async def write(self, drafts: Sequence[Draft]) -> list[Outcome]:
        """Write drafts of one record type; one outcome for each. Raises what ends the whole import: the database is gone, the
        caller's session has ended."""
        try:
            return await self._batch(drafts)
        except Outdated:
            if self._refresh is None:
                raise
            self._caller = await self._refresh()
            return await self.write(drafts)
        except (Problem, psycopg.Error) as error:
            if len(drafts) == 1:
                return [_refused(drafts[0], error)]
            half = len(drafts) // 2
            return [*await self.write(drafts[:half]), *await self.write(drafts[half:])]

    async def _batch(self, drafts: Sequence[Draft]) -> list[Outcome]:
        options = {"rehearsal": self._rehearsal, "automations": self._automations}
        async with begin(self._database, self._caller, **options) as tx:
            await tx.execute(_PLAN_ANEW)
            if self._rehearsal:
                brought: set[tuple[str, str]] = set()
                for draft in drafts:
                    await self._bring_along(tx, draft, brought)
            outcomes = await _write_all(tx, drafts)
        if self._rehearsal:
            for draft, outcome in zip(drafts, outcomes, strict=True):
                if outcome.kind in (CREATED, UPDATED) and draft.record != "order":
                    self._spool.accept(draft.record, draft.external_id, _packed(draft))
        return outcomes

    async def _bring_along(self, tx: Transaction, draft: Draft, brought: set[tuple[str, str]]) -> None:
        """Write again what a draft points to, if earlier batches of the rehearsal wrote it: it was not kept."""
        for link, _ in draft.links():
            key = (link.record, link.value)
            content = None if key in brought else self._spool.accepted(*key)
            brought.add(key)
            if content is not None:
                earlier = _unpacked(*key, content)
                await self._bring_along(tx, earlier, brought)
                await _write_all(tx, [earlier])


def _packed(draft: Draft) -> list[Any]:
    """A record without lines, as JSON."""
    values = draft.filled.values
    links = [
        [_place(values, link.holder), link.name, link.record, link.value, link.column] for link in draft.filled.links
    ]
    return [draft.row.line, values, links]


def _place(values: dict[str, Any], holder: Any) -> list[str]:
    """The way to what holds a link: the record itself, its own fields, or a list in one of these."""
    if holder is values:
        return []
    custom = values["custom"]
    return ["custom", *(key for key, value in custom.items() if value is holder and holder is not custom)]


def _unpacked(record: str, external_id: str, content: list[Any]) -> Draft:
    line, values, links = content
    pending = [Pending(reduce(getitem, place, values), *link) for place, *link in links]
    return Draft(record, external_id, Row(line, line, []), Filled(values, pending))


def _refused(draft: Draft, error: Problem | psycopg.Error) -> Outcome:
    """The outcome of a draft that the database refused. Raises the error where it is not about the draft."""
    match error:
        case InvalidInput():
            return _rejected(draft, error)
        case Problem():
            return Outcome(REJECTED, reasons=[Reason(error)])
        case psycopg.DataError() | psycopg.IntegrityError():
            data = {"reason": error.diag.message_primary or str(error)}
            return Outcome(REJECTED, reasons=[Reason(FieldError((), "import.refused", data))])
    raise error


def _rejected(draft: Draft, problem: InvalidInput) -> Outcome:
    reasons, line_reasons = draft.reasons(problem.errors)
    return Outcome(REJECTED, reasons=reasons, line_reasons=line_reasons)


async def _write_all(tx: Transaction, drafts: Sequence[Draft]) -> list[Outcome]:
    record = drafts[0].record
    unknown = await _resolve(tx, drafts)
    known = await _find(tx, record, {draft.external_id for draft in drafts})
    await load_ahead(tx, _AGGREGATES[record], list(known.values()))
    out_of_sight = {record_id for record_id in known.values() if record_id not in tx.loaded}
    await _look_up_keys(tx, drafts, known)
    if record == "order":
        await numbering.reserve(tx, sum(draft.external_id not in known for draft in drafts))
    outcomes = []
    for draft in drafts:
        outcome = unknown.get(draft.external_id)
        if outcome is None:
            record_id = known.get(draft.external_id)
            if record_id in out_of_sight:
                taken = FieldError((), "import.out_of_sight", {"type": record, "value": draft.external_id})
                outcomes.append(Outcome(REJECTED, reasons=[Reason(taken)]))
                continue
            stored = tx.loaded.get(record_id) if record_id else None
            _keep_entries(draft, stored)
            keeps_status = stored is not None and draft.filled.values.get("status") not in (
                None,
                stored.row.get("status"),
            )
            outcome = await _write_one(tx, draft, record_id)
            outcome.status_kept = keeps_status and outcome.kind != REJECTED
        outcomes.append(outcome)
    return outcomes


async def _write_one(tx: Transaction, draft: Draft, record_id: UUID | None) -> Outcome:
    events = len(tx.events)
    try:
        await _COMMANDS[draft.record](tx, dict(draft.filled.values), record_id)
    except Problem as problem:
        if len(tx.events) > events:
            raise
        return _refused(draft, problem)
    if record_id is None:
        return Outcome(CREATED)
    return Outcome(UPDATED if len(tx.events) > events else UNCHANGED)


async def _resolve(tx: Transaction, drafts: Sequence[Draft]) -> dict[str, Outcome]:
    """Put ids where drafts name other records; the rejections of drafts that name unknown ones, by external id."""
    wanted: dict[str, set[str]] = {}
    for draft in drafts:
        for link, _ in draft.links():
            wanted.setdefault(link.record, set()).add(link.value)
    found = {record: await _find(tx, record, texts, *in_sight(tx, record)) for record, texts in wanted.items()}
    rejected: dict[str, Outcome] = {}
    for draft in drafts:
        for link, line in draft.links():
            record_id = found[link.record].get(link.value)
            link.holder[link.name] = record_id and str(record_id)
            if record_id is None:
                error = FieldError((), "import.unknown_reference", {"type": link.record, "value": link.value})
                outcome = rejected.setdefault(draft.external_id, Outcome(REJECTED))
                reasons = outcome.line_reasons.setdefault(line.line, []) if line else outcome.reasons
                reasons.append(Reason(error, link.column))
    return rejected


async def _look_up_keys(tx: Transaction, drafts: Sequence[Draft], known: dict[str, UUID]) -> None:
    """Tell the transaction who has the keys that the drafts bring, so that nobody asks for each."""
    table = _AGGREGATES[drafts[0].record].table
    for draft in drafts:
        tx.holders[table, "external_id", draft.external_id] = known.get(draft.external_id)
    given = (draft.filled.values.get("sku") for draft in drafts)
    numbers = {number.strip() for number in given if isinstance(number, str)}
    if table == "products" and numbers:
        tx.holders.update(dict.fromkeys((("products", "sku", number) for number in numbers), None))
        found = await tx.fetch_all(
            "SELECT sku, id FROM products WHERE tenant_id = %(tenant)s AND sku = ANY(%(texts)s)", texts=sorted(numbers)
        )
        tx.holders.update({("products", "sku", row["sku"]): row["id"] for row in found})


async def _find(
    tx: Transaction, record: str, texts: set[str], seen: str = "", values: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, UUID]:
    """The ids of the records that these texts name; ``seen`` is a further test of them, with its ``values``."""
    rows = await tx.fetch_all(f"{_KNOWN[record]}{seen}", texts=sorted(texts), **values) if texts else []
    return {row["known"]: row["id"] for row in rows}


def _keep_entries(draft: Draft, stored: Record | None) -> None:
    """Name the lines and addresses that the record has already, so that they are changed rather than replaced."""
    children = stored.children if stored else {}
    lines = {row["external_id"]: row["id"] for row in children.get("lines", ())}
    for entry in draft.filled.values.get("lines") or ():
        entry["id"] = lines.get(entry["externalId"])
    addresses = [row["id"] for row in children.get("addresses", ())]
    for number, entry in enumerate(draft.filled.values.get("addresses") or ()):
        entry["id"] = addresses[number] if number < len(addresses) else None


async def _customer(tx: Transaction, values: dict[str, Any], record_id: UUID | None) -> UUID:
    if record_id is None:
        return await customers.create_customer(tx, values)
    return await customers.update_customer(tx, record_id, values)


async def _product(tx: Transaction, values: dict[str, Any], record_id: UUID | None) -> UUID:
    if record_id is None:
        return await products.create_product(tx, values)
    return await products.update_product(tx, record_id, values)


async def _order(tx: Transaction, values: dict[str, Any], record_id: UUID | None) -> UUID:
    # Where an order stands is told by the file once; from then on its life cycle is Orderloom's.
    status = values.pop("status", None)
    if record_id is None:
        return await orders.create_order(tx, values, status=status)
    return await orders.update_order(tx, record_id, values)


_COMMANDS = {"customer": _customer, "product": _product, "order": _order}
