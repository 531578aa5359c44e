"""Going back: a whole change set is taken back, or one definition is again what it was at an earlier version.

Going back is a change set itself, and is checked like any other. What it archives keeps its data, and what it brings back has the
data that it had.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from tenants.config import change_sets
from tenants.config.change_sets import Change, changes_since
from tenants.config.definitions import KINDS, CustomField, Definition
from tenants.config.documents import stored
from tenants.config.shapes import body_errors
from tenants.problems import Conflict, InvalidInput
from tenants.transaction import Transaction


async def revert(
    tx: Transaction, version: int, comment: str = "", expected_version: int | None = None
) -> tuple[int, list[Change]]:
    """Take back the change set that made a version; the new version and the changes.

    Raises :class:`InvalidInput` when no change set made that version, :class:`Conflict` when later ones changed the same, and
    whatever :func:`tenants.config.change_sets.apply` does.
    """
    changes = await taking_back(tx, version)
    return await change_sets.apply(tx, changes, comment, expected_version, reverts=version), changes


async def taking_back(tx: Transaction, version: int) -> list[Change]:
    """What takes back the change set that made a version; nothing is done.

    Raises :class:`NotAllowed` (``configuration.update``), :class:`InvalidInput` when no change set made that version, and
    :class:`Conflict` when later ones changed the same.
    """
    tx.access.require("configuration.update")
    row = await tx.fetch_one(
        "SELECT changes FROM change_sets WHERE tenant_id = %(tenant)s AND version = %(version)s", version=version
    )
    if row is None:
        raise InvalidInput.at(("version",), "config.missing_change_set", version=version)
    moved = [kept for kept in row["changes"] if _now(tx, kept["kind"], kept["key"]) != kept["after"]]
    if moved:
        later = await changes_since(tx, version, {(kept["kind"], kept["key"]) for kept in moved})
        versions = ", ".join(str(number) for number in sorted({found["version"] for found in later}))
        raise Conflict("config.changed_later", version=version, versions=versions)
    return [_back(tx, kept["kind"], kept["key"], kept["before"]) for kept in row["changes"]]


async def restore(
    tx: Transaction, kind: str, key: str, version: int, comment: str = "", expected_version: int | None = None
) -> tuple[int, list[Change]]:
    """Make one definition what it was at a version; the new version and the change.

    Raises :class:`InvalidInput` when it was not there then, and whatever :func:`tenants.config.change_sets.apply` does.
    """
    changes = [await bringing_back(tx, kind, key, version)]
    return await change_sets.apply(tx, changes, comment, expected_version), changes


async def bringing_back(tx: Transaction, kind: str, key: str, version: int) -> Change:
    """What makes one definition what it was at a version; nothing is done.

    Raises :class:`NotAllowed` (``configuration.update``), and :class:`InvalidInput` when it was not there then.
    """
    tx.access.require("configuration.update")
    row = await tx.fetch_one(
        "SELECT c->'after' AS body FROM change_sets s, jsonb_array_elements(s.changes) c WHERE s.tenant_id = %(tenant)s"
        " AND s.version <= %(version)s AND c->>'kind' = %(kind)s AND c->>'key' = %(key)s ORDER BY s.version DESC LIMIT 1",
        version=version,
        kind=kind,
        key=key,
    )
    if row is None or row["body"] is None:
        raise InvalidInput.at(("version",), "config.missing_then", version=version, kind=kind, key=key)
    return _back(tx, kind, key, row["body"])


def _now(tx: Transaction, kind: str, key: str) -> dict[str, Any] | None:
    found = tx.config.definitions.get(kind, {}).get(key)
    return stored(found) if found else None


def _back(tx: Transaction, kind: str, key: str, body: Mapping[str, Any] | None) -> Change:
    """The change that gives a definition this body; without one it goes."""
    if body is None:
        return change_sets.remove(tx.config, kind, key)
    try:
        wanted: Definition = KINDS[kind].model_validate(body)
    except ValidationError as error:
        raise InvalidInput(body_errors(error, (kind, key))) from None
    present = tx.config.definitions[kind].get(key)
    if isinstance(wanted, CustomField) and isinstance(present, CustomField):
        wanted = _with_options_of(present, wanted)
    return Change(kind, key, present, wanted)


def _with_options_of(present: CustomField, wanted: CustomField) -> CustomField:
    """The field with the options that came since, archived: records may hold them."""
    since = [option for option in present.options if option.key not in wanted.option_keys]
    archived = (option.model_copy(update={"archived": True}) for option in since)
    return wanted.model_copy(update={"options": (*wanted.options, *archived)})
