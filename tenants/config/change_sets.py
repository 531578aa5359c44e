"""Changing the configuration: plan, apply, and the record of who changed what.

Every change is part of a change set. It is checked as a whole, written as a whole, and gives the tenant its next
``config_version``, which every call checks: the change holds for the very next one, in every process.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb
from pydantic import ValidationError

from tenants.config.checks import check
from tenants.config.definitions import KINDS, CustomField, Definition, label
from tenants.config.documents import SECTIONS, body_errors, stored
from tenants.config.snapshot import TenantConfig
from tenants.field_values.building import FieldChange, follow
from tenants.permissions import Access
from tenants.problems import Conflict, FieldError, InvalidInput, LimitExceeded
from tenants.transaction import Transaction, new_id

MOST_DEFINITIONS = 5_000


@dataclass(frozen=True, slots=True)
class Change:
    """One definition before and after; None is absent."""

    kind: str
    key: str
    before: Definition | None
    after: Definition | None

    def sentence(self, language: str) -> str:
        """The change as a person would say it."""
        chinese = language == "zh"
        name = _KIND_NAMES[self.kind][chinese]
        shown = self.after or self.before
        labels = getattr(shown, "label", {})
        title = f"{name} '{self.key}'" + (f" ({label(labels, language)})" if labels else "")
        if self.before is None:
            return f"新增{title}" if chinese else f"Add {title}"
        if self.after is None or (
            getattr(self.after, "archived", False) and not getattr(self.before, "archived", False)
        ):
            word = ("Archive", "归档") if self.after is not None else ("Remove", "删除")
            return f"{word[1]}{title}" if chinese else f"{word[0]} {title}"
        changed = ", ".join(self._changed())
        return f"修改{title}：{changed}" if chinese else f"Change {title}: {changed}"

    def _changed(self) -> list[str]:
        before = self.before.model_dump(mode="json") if self.before else {}
        after = self.after.model_dump(mode="json") if self.after else {}
        return [name for name in after if before.get(name) != after[name]]


_KIND_NAMES = {
    "numbering": ("numbering", "编号规则"),
    "field": ("field", "字段"),
    "status": ("status", "状态"),
    "transition": ("transition", "流转"),
    "void_reason": ("void reason", "作废原因"),
    "role": ("role", "角色"),
    "automation": ("automation", "自动化"),
    "view": ("view", "视图"),
}


def define(config: TenantConfig, kind: str, key: str, body: Mapping[str, Any]) -> Change:
    """The change that sets one definition. Raises :class:`InvalidInput` for a body that is not of its kind."""
    try:
        after = KINDS[kind].model_validate(dict(body))
    except ValidationError as error:
        raise InvalidInput(body_errors(error, ())) from None
    return Change(kind, key, config.definitions[kind].get(key), after)


def remove(config: TenantConfig, kind: str, key: str) -> Change:
    """The change that takes one definition away: kinds that records point at are archived, others go.

    Raises :class:`InvalidInput` when there is no such definition.
    """
    before = config.definitions.get(kind, {}).get(key)
    if before is None:
        raise InvalidInput.at(("key",), "config.missing_definition", kind=kind, key=key)
    return Change(kind, key, before, before.model_copy(update={"archived": True}) if KINDS[kind].archives else None)


def plan(config: TenantConfig, wanted: Mapping[str, Mapping[str, Definition]]) -> list[Change]:
    """What leads from the configuration in force to ``wanted``; nothing is done."""
    changes = []
    for kind in SECTIONS:
        before, after = config.definitions[kind], wanted.get(kind, {})
        for key in sorted({*before, *after}):
            change = Change(kind, key, before.get(key), after[key]) if key in after else remove(config, kind, key)
            if change.before != change.after:
                changes.append(change)
    return changes


async def apply(
    tx: Transaction,
    changes: Iterable[Change],
    comment: str = "",
    expected_version: int | None = None,
    *,
    right: str = "configuration.update",
) -> int:
    """Make the changes, all or none, and return the new version of the configuration.

    Raises :class:`NotAllowed` (``right``), :class:`InvalidInput` for what would be unsound, and :class:`Conflict`
    when somebody else changed the configuration meanwhile or records still need what would go.
    """
    tx.access.require(right)
    todo = [change for change in changes if change.before != change.after]
    moves = [found for found in map(_field_change, todo) if found is not None and found.moves_rows]
    if moves:
        await tx.end_others()
    row = await tx.fetch_one("SELECT config_version FROM tenants WHERE id = %(tenant)s FOR UPDATE")
    version = row["config_version"] if row else None
    if version != tx.config.version or expected_version not in (None, version):
        raise Conflict("stale_configuration")
    if not todo:
        return tx.config.version
    found = errors(tx.config, tx.access, todo)
    if found:
        raise InvalidInput(found)
    await _refuse_used_statuses(tx, todo)
    version = await _write(tx, todo, comment)
    await follow(tx, moves)
    return version


def _field_change(change: Change) -> FieldChange | None:
    before, after = change.before, change.after
    if isinstance(before, CustomField | None) and isinstance(after, CustomField | None):
        return FieldChange(change.key, before, after)
    return None


def errors(config: TenantConfig, author: Access, changes: Iterable[Change]) -> list[FieldError]:
    """All that would be unsound after the changes. Raises :class:`LimitExceeded` when there would be too many definitions."""
    definitions = {kind: dict(found) for kind, found in config.definitions.items()}
    for change in changes:
        if change.after is None:
            definitions[change.kind].pop(change.key, None)
        else:
            definitions[change.kind][change.key] = change.after
    if sum(len(found) for found in definitions.values()) > MOST_DEFINITIONS:
        raise LimitExceeded("value.too_many", count=MOST_DEFINITIONS + 1, most=MOST_DEFINITIONS)
    return check(config, definitions, author)


async def _refuse_used_statuses(tx: Transaction, todo: list[Change]) -> None:
    leaving = [change.key for change in todo if change.kind == "status" and getattr(change.after, "archived", False)]
    for key in leaving:
        row = await tx.fetch_one(
            "SELECT count(*) AS found FROM orders WHERE tenant_id = %(tenant)s AND status = %(status)s AND voided_at IS NULL",
            status=key,
        )
        if row and row["found"]:
            raise Conflict("config.in_use", key=key, count=row["found"])


async def _write(tx: Transaction, todo: list[Change], comment: str) -> int:
    for change in todo:
        if change.after is None:
            await tx.execute(
                "DELETE FROM definitions WHERE tenant_id = %(tenant)s AND kind = %(kind)s AND key = %(key)s",
                kind=change.kind,
                key=change.key,
            )
        else:
            await tx.execute(
                "INSERT INTO definitions (tenant_id, kind, key, body) VALUES (%(tenant)s, %(kind)s, %(key)s, %(body)s)"
                " ON CONFLICT (tenant_id, kind, key) DO UPDATE SET body = excluded.body",
                kind=change.kind,
                key=change.key,
                body=stored(change.after),
            )
    version = tx.config.version + 1
    await tx.insert(
        "change_sets",
        {
            "id": new_id(),
            "version": version,
            "author_kind": tx.actor.kind,
            "author_id": tx.actor.id,
            "author_name": tx.actor.name,
            "comment": comment,
            "changes": Jsonb([_stored_change(change) for change in todo]),
            "created_at": tx.now,
        },
    )
    await tx.execute("UPDATE tenants SET config_version = %(version)s WHERE id = %(tenant)s", version=version)
    return version


def _stored_change(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "key": change.key,
        "before": stored(change.before) if change.before else None,
        "after": stored(change.after) if change.after else None,
    }
