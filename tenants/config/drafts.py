"""Drafts: changes of the configuration that are prepared by several people over days, planned at any time, and applied at once.

A draft remembers the version that it was last saved against: what others have changed since is told when it is applied, and it is
then looked at and saved again.
"""

from asyncio import to_thread
from typing import Any
from uuid import UUID

from tenants.config import change_sets
from tenants.config.change_sets import Change
from tenants.config.documents import LARGEST, read_document
from tenants.problems import Conflict, FieldError, InvalidInput, LimitExceeded, NotFound
from tenants.transaction import Transaction, new_id

LONGEST_NAME = 200
MOST_DRAFTS = 100
RECORD = "configuration_draft"


async def create_draft(tx: Transaction, name: str, document: str, *, merge: bool = False) -> UUID:
    """Keep a draft and return its id. The document need not be sound yet.

    Raises :class:`NotAllowed` (``configuration.update``), :class:`InvalidInput`, and :class:`LimitExceeded` beyond
    :data:`MOST_DRAFTS`.
    """
    tx.access.require("configuration.update")
    _check(name, document)
    row = await tx.fetch_one("SELECT count(*) AS found FROM configuration_drafts WHERE tenant_id = %(tenant)s")
    if row and row["found"] >= MOST_DRAFTS:
        raise LimitExceeded("value.too_many", count=MOST_DRAFTS + 1, most=MOST_DRAFTS)
    draft = {"id": new_id(), "version": 1, "created_at": tx.now, **_saved(tx, name, document, merge=merge)}
    await tx.insert("configuration_drafts", draft)
    return UUID(str(draft["id"]))


async def update_draft(
    tx: Transaction, draft_id: UUID | None, changes: dict[str, Any], expected_version: int | None = None
) -> UUID:
    """Change ``name``, ``document`` or ``merge`` of a draft, which is then one of the configuration in force.

    Raises :class:`NotAllowed`, :class:`NotFound`, :class:`InvalidInput`, and :class:`Conflict` when somebody else has saved it since.
    """
    row = await _load(tx, draft_id, expected_version)
    wanted = {
        name: changes[name] if changes.get(name) is not None else row[name] for name in ("name", "document", "merge")
    }
    _check(wanted["name"], wanted["document"])
    saved = {"version": row["version"] + 1, **_saved(tx, **wanted)}
    await tx.update("configuration_drafts", tuple(saved), {"id": row["id"], **saved})
    return UUID(str(row["id"]))


async def delete_draft(tx: Transaction, draft_id: UUID | None) -> UUID:
    """Do away with a draft. Raises :class:`NotAllowed` and :class:`NotFound`."""
    row = await _load(tx, draft_id)
    await tx.delete("configuration_drafts", {"id": row["id"]})
    return UUID(str(row["id"]))


async def draft_changes(tx: Transaction, draft_id: UUID | None) -> list[Change]:
    """What applying a draft would change. Raises :class:`NotFound`, and :class:`InvalidInput` for a document that cannot be read."""
    return await _changes(tx, await _find(tx, draft_id))


async def apply_draft(
    tx: Transaction, draft_id: UUID | None, comment: str = "", expected_version: int | None = None
) -> tuple[int, list[Change]]:
    """Make the configuration what a draft wants, and do away with the draft; the new version and the changes.

    Raises :class:`NotFound`, and whatever :func:`tenants.config.change_sets.apply` does.
    """
    row = await _load(tx, draft_id)
    changes = await _changes(tx, row)
    seen = row["base_version"] if expected_version is None else expected_version
    version = await change_sets.apply(tx, changes, comment or row["name"], seen)
    await tx.delete("configuration_drafts", {"id": row["id"]})
    return version, changes


async def _changes(tx: Transaction, row: dict[str, Any]) -> list[Change]:
    wanted = await to_thread(read_document, row["document"])
    return change_sets.merge(tx.config, wanted) if row["merge"] else change_sets.plan(tx.config, wanted)


def _check(name: str, document: str) -> None:
    errors = []
    if not name.strip():
        errors.append(FieldError(("name",), "value.required"))
    if len(name) > LONGEST_NAME:
        errors.append(FieldError(("name",), "value.too_long", {"length": len(name), "longest": LONGEST_NAME}))
    if len(document) > LARGEST:
        errors.append(FieldError(("document",), "config.too_large", {"size": len(document), "most": LARGEST}))
    if errors:
        raise InvalidInput(errors)


def _saved(tx: Transaction, name: str, document: str, *, merge: bool) -> dict[str, Any]:
    return {
        "name": name.strip(),
        "document": document,
        "merge": merge,
        "base_version": tx.config.version,
        "author_name": tx.actor.name,
        "updated_at": tx.now,
    }


async def _load(tx: Transaction, draft_id: UUID | None, expected_version: int | None = None) -> dict[str, Any]:
    tx.access.require("configuration.update")
    row = await _find(tx, draft_id)
    if expected_version not in (None, row["version"]):
        raise Conflict("stale_version", type=RECORD, expected=expected_version, actual=row["version"])
    return row


async def _find(tx: Transaction, draft_id: UUID | None) -> dict[str, Any]:
    # Locked: what is planned is what is applied, and nobody saves it in between.
    row = await tx.fetch_one(
        "SELECT * FROM configuration_drafts WHERE tenant_id = %(tenant)s AND id = %(id)s FOR UPDATE", id=draft_id
    )
    if row is None:
        raise NotFound(RECORD, draft_id)
    return row
