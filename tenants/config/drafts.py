"""Drafts: changes of the configuration that are prepared by several people over days, planned at any time, and applied at once.

A draft remembers the version that it was last saved against: what others have changed since is told when it is applied, and it is
then looked at and saved again. It also remembers everybody who wrote at it, who cannot approve it
(:mod:`tenants.config.draft_reviews`), and when it shall be applied (:mod:`tenants.config.draft_schedules`).
"""

from asyncio import to_thread
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from tenants import jobs
from tenants.config import change_sets
from tenants.config.change_sets import Change
from tenants.config.documents import LARGEST, export_document, read_document
from tenants.config.four_eyes import Signatures
from tenants.config.reverting import bringing_back, taking_back
from tenants.problems import Conflict, FieldError, InvalidInput, LimitExceeded, NotFound
from tenants.transaction import Transaction, new_id

LONGEST_NAME = 200
MOST_DRAFTS = 100
RECORD = "configuration_draft"
OPEN, SUBMITTED, APPROVED, REJECTED = "open", "submitted", "approved", "rejected"
Row = dict[str, Any]


async def create_draft(tx: Transaction, name: str, document: str, *, merge: bool = False) -> UUID:
    """Keep a draft and return its id. The document need not be sound yet.

    Raises :class:`NotAllowed` (``configuration.update``), :class:`InvalidInput`, and :class:`LimitExceeded` beyond
    :data:`MOST_DRAFTS`.
    """
    tx.access.require("configuration.update")
    return await _create(tx, name, document, merge=merge)


async def draft_revert(tx: Transaction, version: int, name: str) -> UUID:
    """Keep a draft that takes back the change set that made a version, and return its id.

    Raises what :func:`create_draft` and :func:`tenants.config.reverting.taking_back` do.
    """
    document = await _document_after(tx, await taking_back(tx, version))
    return await _create(tx, name, document, reverts=version)


async def draft_restore(tx: Transaction, kind: str, key: str, version: int, name: str) -> UUID:
    """Keep a draft that makes one definition what it was at a version, and return its id.

    Raises what :func:`create_draft` and :func:`tenants.config.reverting.bringing_back` do.
    """
    return await _create(tx, name, await _document_after(tx, [await bringing_back(tx, kind, key, version)]))


async def _document_after(tx: Transaction, changes: Iterable[Change]) -> str:
    return await to_thread(export_document, change_sets.after(tx.config, changes))


async def _create(
    tx: Transaction, name: str, document: str, *, merge: bool = False, reverts: int | None = None
) -> UUID:
    _check(name, document)
    row = await tx.fetch_one("SELECT count(*) AS found FROM configuration_drafts WHERE tenant_id = %(tenant)s")
    if row and row["found"] >= MOST_DRAFTS:
        raise LimitExceeded("value.too_many", count=MOST_DRAFTS + 1, most=MOST_DRAFTS)
    saved = _saved(tx, [], name, document, merge=merge)
    draft = {"id": new_id(), "version": 1, "created_at": tx.now, "reverts": reverts, **saved}
    await tx.insert("configuration_drafts", draft)
    return UUID(str(draft["id"]))


async def update_draft(
    tx: Transaction, draft_id: UUID | None, changes: dict[str, Any], expected_version: int | None = None
) -> UUID:
    """Change ``name``, ``document`` or ``merge`` of a draft, which is then one of the configuration in force, and approved by nobody.

    Raises :class:`NotAllowed`, :class:`NotFound`, :class:`InvalidInput`, and :class:`Conflict` when somebody else has saved it since.
    """
    row = await load(tx, draft_id, "configuration.update", expected_version)
    wanted = {
        name: changes[name] if changes.get(name) is not None else row[name] for name in ("name", "document", "merge")
    }
    _check(wanted["name"], wanted["document"])
    # What was written anew takes back no change set any more.
    is_as_made = (wanted["document"], wanted["merge"]) == (row["document"], row["merge"])
    saved = {"version": row["version"] + 1, "reverts": row["reverts"] if is_as_made else None}
    return await store(tx, row, {**saved, **_saved(tx, row["writers"], **wanted)})


async def delete_draft(tx: Transaction, draft_id: UUID | None) -> UUID:
    """Do away with a draft. Raises :class:`NotAllowed` and :class:`NotFound`."""
    row = await load(tx, draft_id, "configuration.update")
    await _remove(tx, row)
    return UUID(str(row["id"]))


async def draft_changes(tx: Transaction, draft_id: UUID | None) -> list[Change]:
    """What applying a draft would change. Raises :class:`NotFound`, and :class:`InvalidInput` for a document that cannot be read."""
    return await _changes(tx, await find(tx, draft_id))


async def apply_draft(
    tx: Transaction, draft_id: UUID | None, comment: str = "", expected_version: int | None = None
) -> tuple[int, list[Change]]:
    """Make the configuration what a draft wants, and do away with the draft; the new version and the changes.

    Raises :class:`NotFound`, and whatever :func:`tenants.config.change_sets.apply` does.
    """
    row = await load(tx, draft_id, "configuration.update")
    changes = await _changes(tx, row)
    is_approved = row["state"] == APPROVED
    seen = row["base_version"] if expected_version is None else expected_version
    version = await change_sets.apply(
        tx,
        changes,
        comment or row["name"],
        # What was approved is what the draft did when it was last saved.
        min(seen, row["base_version"]) if is_approved else seen,
        reverts=row["reverts"],
        signatures=Signatures(
            ", ".join(writer["name"] for writer in row["writers"]), row["reviewer_name"] if is_approved else None
        ),
    )
    await _remove(tx, row)
    return version, changes


async def _remove(tx: Transaction, row: Row) -> None:
    if row["job_id"] is not None:
        await jobs.cancel(tx, row["job_id"])
    await tx.delete("configuration_drafts", {"id": row["id"]})


async def _changes(tx: Transaction, row: Row) -> list[Change]:
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


def _saved(tx: Transaction, writers: list[dict[str, str]], name: str, document: str, *, merge: bool) -> dict[str, Any]:
    return {
        "name": name.strip(),
        "document": document,
        "merge": merge,
        "base_version": tx.config_version,
        "author_name": tx.actor.name,
        "writers": with_writer(writers, tx),
        "state": OPEN,
        "reviewer_name": None,
        "review_comment": None,
        "reviewed_at": None,
        "problem": None,
        "problem_at": None,
        "updated_at": tx.now,
    }


def with_writer(writers: list[dict[str, str]], tx: Transaction) -> list[dict[str, str]]:
    """The writers of a draft, and whoever writes at it now."""
    others = [writer for writer in writers if writer["id"] != str(tx.actor.id)]
    return [*others, {"id": str(tx.actor.id), "name": tx.actor.name}]


async def load(tx: Transaction, draft_id: UUID | None, right: str, expected_version: int | None = None) -> Row:
    """The draft, locked, for somebody with the right to change it.

    Raises :class:`NotAllowed`, :class:`NotFound`, and :class:`Conflict` when somebody has saved it since.
    """
    tx.access.require(right)
    row = await find(tx, draft_id)
    if expected_version not in (None, row["version"]):
        raise Conflict("stale_version", type=RECORD, expected=expected_version, actual=row["version"])
    return row


async def find(tx: Transaction, draft_id: UUID | None) -> Row:
    """The draft, locked: what is planned is what is applied, and nobody saves it in between. Raises :class:`NotFound`."""
    row = await tx.fetch_one(
        "SELECT * FROM configuration_drafts WHERE tenant_id = %(tenant)s AND id = %(id)s FOR UPDATE", id=draft_id
    )
    if row is None:
        raise NotFound(RECORD, draft_id)
    return row


async def store(tx: Transaction, row: Row, changes: dict[str, Any]) -> UUID:
    """Set columns of a draft; its id."""
    await tx.update("configuration_drafts", tuple(changes), {"id": row["id"], **changes})
    return UUID(str(row["id"]))
