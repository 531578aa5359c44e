"""Changing the configuration: plan, apply, and the record of who changed what.

Every change is part of a change set. It is checked as a whole, written as a whole, and gives the tenant its next
``config_version``, which every call checks: the change holds for the very next one, in every process.
"""

from asyncio import to_thread
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import orjson
from psycopg.types.json import Jsonb
from pydantic import ValidationError

from tenants.audit_log import COMPANY, About, record
from tenants.computed.indexing import index_changes, moves_computed
from tenants.config.checks import CHECKS, check, key_errors
from tenants.config.checks.base import Reference
from tenants.config.checks.references import links_of
from tenants.config.definitions import (
    KINDS,
    LANGUAGES,
    Category,
    CustomField,
    Definition,
    OrderType,
    Status,
    split_field_key,
)
from tenants.config.dependents import with_reasons
from tenants.config.documents import stored
from tenants.config.four_eyes import Signatures, require_approval, review_errors
from tenants.config.sentences import kind_name, sentence
from tenants.config.shapes import body_errors
from tenants.config.snapshot import TenantConfig
from tenants.field_values.building import FieldChange, follow
from tenants.field_values.slots import spare_name
from tenants.languages import product_language
from tenants.life_cycles import versions
from tenants.life_cycles.cycles import default_type
from tenants.messages import InLanguages
from tenants.names import nearest
from tenants.permissions import BUILT_IN_ROLES, Access
from tenants.problems import Conflict, FieldError, InvalidInput, LimitExceeded
from tenants.reindexing import moves_texts, rebuild_fields
from tenants.rules.building import claim_anew, moves_claims
from tenants.transaction import Transaction, new_id

MOST_DEFINITIONS = 5_000
# As many changes are checked in some hundredths of a second.
MANY = 200
# Of so many the audit log names the definitions; the change set has them all.
MOST_TOLD = 50

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Change:
    """One definition before and after; None is absent. One that ``converts`` gives a field another type, for which the values are there
    under the name that is not in use."""

    kind: str
    key: str
    before: Definition | None
    after: Definition | None
    converts: bool = False

    @property
    def reference(self) -> Reference:
        return self.kind, self.key

    def sentence(self, language: str) -> str:
        """The change as a person would say it."""
        return sentence(self.key, self.before, self.after, language)

    @property
    def takes_away(self) -> bool:
        """Whether the definition is removed or archived."""
        return is_open(self.before) and not is_open(self.after)

    @property
    def stored(self) -> dict[str, Any]:
        """The change as a change set keeps it."""
        return {
            "kind": self.kind,
            "key": self.key,
            "before": stored(self.before) if self.before else None,
            "after": stored(self.after) if self.after else None,
            "sentences": {language: self.sentence(language) for language in LANGUAGES},
        }


def is_open(definition: Definition | None) -> bool:
    """Whether it is there and not archived."""
    return definition is not None and not getattr(definition, "archived", False)


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
    if kind not in KINDS:
        if near := nearest(kind, KINDS):
            raise InvalidInput.at(("kind",), "config.unknown_kind_near", kind=kind, near=near)
        raise InvalidInput.at(("kind",), "config.unknown_kind", kind=kind, kinds=", ".join(KINDS))
    before = config.definitions[kind].get(key)
    if before is None:
        raise InvalidInput([_missing(config, kind, key)])
    return Change(kind, key, before, before.model_copy(update={"archived": True}) if KINDS[kind].archives else None)


def _missing(config: TenantConfig, kind: str, key: str) -> FieldError:
    if kind == "role" and key in BUILT_IN_ROLES:
        return FieldError(("key",), "config.built_in_role", {"role": key})
    named = InLanguages({language: kind_name(KINDS[kind], language) for language in LANGUAGES})
    known = [other for other, definition in config.definitions[kind].items() if is_open(definition)]
    if near := nearest(key, known):
        return FieldError(("key",), "config.missing_definition_near", {"kind": named, "key": key, "near": near})
    return FieldError(("key",), "config.missing_definition", {"kind": named, "key": key})


def plan(config: TenantConfig, wanted: Mapping[str, Mapping[str, Definition]]) -> list[Change]:
    """What leads from the configuration in force to ``wanted``, which is the whole of it; nothing is done."""
    changes = []
    for kind in KINDS:
        before, after = config.definitions[kind], wanted.get(kind, {})
        for key in sorted({*before, *after}):
            change = Change(kind, key, before.get(key), after[key]) if key in after else remove(config, kind, key)
            if change.before != change.after:
                changes.append(change)
    return changes


def merge(config: TenantConfig, wanted: Mapping[str, Mapping[str, Definition]]) -> list[Change]:
    """What adds ``wanted`` to the configuration in force: definitions come and change, and none goes; nothing is done.

    Of what there can be only one, the initial and the void status and the default type of orders, the company's own stays.
    """
    changes = []
    for kind, found in wanted.items():
        for key, after in sorted(found.items()):
            before = config.definitions[kind].get(key)
            fitting = _beside(config, key, after)
            if fitting is not None and fitting != before:
                changes.append(Change(kind, key, before, fitting))
    return changes


def _beside(config: TenantConfig, key: str, after: Definition) -> Definition | None:
    if isinstance(after, Status):
        if after.category is Category.VOID and config.void_status not in (None, key):
            return None
        if after.initial and config.initial_status not in (None, key):
            return after.model_copy(update={"initial": False})
    if isinstance(after, OrderType) and after.default and default_type(config) not in (None, key):
        return after.model_copy(update={"default": False})
    return after


async def apply(
    tx: Transaction,
    changes: Iterable[Change],
    comment: str = "",
    expected_version: int | None = None,
    *,
    right: str = "configuration.update",
    reverts: int | None = None,
    signatures: Signatures | None = None,
) -> int:
    """Make the changes, all or none, and return the new version of the configuration.

    ``expected_version`` is the one that the author has seen: what has been changed since is not changed again unseen. ``signatures``
    are those of the draft, where it is one. Raises :class:`NotAllowed` (``right``), :class:`InvalidInput` for what would be unsound,
    and :class:`Conflict` when somebody else changed the same meanwhile, records still need what would go, or somebody else has to
    approve it first.
    """
    tx.access.require(right)
    require_approval(tx, right, signatures)
    todo = [change for change in changes if change.before != change.after]
    if bad := list(key_errors((change.kind, change.key) for change in todo)):
        raise InvalidInput(bad)
    converted = _converted(todo)
    changed = (_field_change(tx.config, change) for change in todo)
    moves = [found for found in changed if found is not None and found.moves_rows]
    claims = [change.key for change in todo if moves_claims(change.before, change.after)]
    claims += [key for key in _needing(tx.config, "rule", converted) if key not in claims]
    renamed = [change.key for change in todo if moves_texts(change.before, change.after)]
    planned = after(tx.config, todo)
    if (
        moves
        or claims
        or renamed
        or converted
        or moves_computed(tx.config.definitions, planned)
        or versions.loses_statuses(tx.config.definitions, planned)
    ):
        await tx.end_others()
    row = await tx.fetch_one("SELECT config_version FROM tenants WHERE id = %(tenant)s FOR UPDATE")
    version = row["config_version"] if row else None
    if version != tx.config_version or (expected_version or 0) > version:
        raise Conflict("stale_configuration")
    if not todo:
        return tx.config_version
    if expected_version is not None:
        await refuse_changed_since(tx, expected_version, todo)
    next_config = replace(tx.config, definitions=planned, swapped_fields=tx.config.swapped_fields ^ converted)
    found = await errors_beside(tx, todo) or await review_errors(tx, next_config)
    used = [change.key for change in todo if change.kind == "status" and change.takes_away]
    orders = [Conflict("config.in_use", **held) for held in await _still_held(tx, used)]
    if found:
        in_use = [FieldError(("status", held.data["key"]), held.code, held.data) for held in orders]
        raise InvalidInput([*found, *in_use])
    if orders:
        raise orders[0]
    version = await _write(tx, todo, comment, reverts, signatures)
    tx.tell_of_rights()
    await _swap(tx, converted)
    await follow(tx, [*moves, *index_changes(tx.config, next_config)])
    await versions.follow(tx, planned)
    if claims:
        await claim_anew(tx, next_config, claims)
    await rebuild_fields(tx, next_config, renamed)
    return version


async def refuse_changed_since(tx: Transaction, version: int, todo: Iterable[Change]) -> None:
    """Raise :class:`Conflict`, saying who did what, when one of the definitions was changed after that version."""
    later = await changes_since(tx, version, {(change.kind, change.key) for change in todo})
    if later:
        last = later[-1]
        raise Conflict(
            "config.changed_since", author=last["author"], version=last["version"], sentence=last["sentence"]
        )


async def changes_since(
    tx: Transaction, version: int, definitions: Collection[tuple[str, str]]
) -> list[dict[str, Any]]:
    """The changes of these definitions after that version, the first one first: ``version``, ``author``, ``sentence``."""
    return await tx.fetch_all(
        "SELECT s.version, s.author_name AS author, coalesce(c->'sentences'->>%(language)s, c->>'key') AS sentence"
        " FROM change_sets s, jsonb_array_elements(s.changes) c WHERE s.tenant_id = %(tenant)s AND s.version > %(version)s"
        " AND concat(c->>'kind', ' ', c->>'key') = ANY(%(keys)s::text[]) ORDER BY s.version",
        language=product_language(tx.language),
        version=version,
        keys=[f"{kind} {key}" for kind, key in definitions],
    )


def _converted(changes: Iterable[Change]) -> frozenset[str]:
    return frozenset(change.key for change in changes if change.converts)


def _needing(config: TenantConfig, kind: str, fields: Collection[str]) -> Iterator[str]:
    """The definitions of a kind that need one of the fields."""
    links = links_of(config.definitions["field"]) if fields else {}
    for key, definition in config.definitions[kind].items() if fields else ():
        needed = CHECKS[kind].references(key, definition, links)
        if any(name in fields for other, name in needed if other == "field"):
            yield key


async def _swap(tx: Transaction, fields: Collection[str]) -> None:
    """Let the two names under which values of the fields are stored change places."""
    for field in fields:
        if field in tx.config.swapped_fields:
            await tx.delete("swapped_fields", {"field": field})
        else:
            await tx.insert("swapped_fields", {"field": field})


def _field_change(config: TenantConfig, change: Change) -> FieldChange | None:
    before, after = change.before, change.after
    if isinstance(before, CustomField | None) and isinstance(after, CustomField | None):
        if any(definition is not None and definition.is_computed for definition in (before, after)):
            return None
        name = split_field_key(change.key)[1]
        spare = spare_name(name, is_swapped=change.key in config.swapped_fields) if change.converts else ""
        return FieldChange(change.key, before, after, stored=spare)
    return None


def errors(config: TenantConfig, author: Access, changes: Collection[Change], language: str) -> list[FieldError]:
    """All that would be unsound after the changes; definitions that are named in a sentence are so in the ``language``.

    Raises :class:`LimitExceeded` when there would be too many definitions.
    """
    definitions = after(config, changes)
    if sum(len(found) for found in definitions.values()) > MOST_DEFINITIONS:
        raise LimitExceeded("value.too_many", count=MOST_DEFINITIONS + 1, most=MOST_DEFINITIONS)
    found = check(config, definitions, author, _converted(changes))
    changed = {change.reference: change.after for change in changes}
    going = {change.reference for change in changes if change.takes_away}
    return with_reasons(config, changed, going, found, language) if found else []


async def errors_beside(tx: Transaction, changes: Sequence[Change]) -> list[FieldError]:
    """What :func:`errors` tells, found while others are served."""
    return await _beside_others(changes, lambda: errors(tx.config, tx.access, changes, tx.language))


async def _beside_others(changes: Sequence[Change], work: Callable[[], Result]) -> Result:
    """Do what takes its time where there are many changes: in a thread, so that others are served meanwhile."""
    return work() if len(changes) < MANY else await to_thread(work)


def after(config: TenantConfig, changes: Iterable[Change]) -> dict[str, dict[str, Definition]]:
    """The definitions as they are after the changes."""
    definitions = {kind: dict(found) for kind, found in config.definitions.items()}
    for change in changes:
        if change.after is None:
            definitions[change.kind].pop(change.key, None)
        else:
            definitions[change.kind][change.key] = change.after
    return definitions


async def _still_held(tx: Transaction, statuses: Collection[str]) -> list[dict[str, Any]]:
    """The statuses among these in which orders are that are not void: ``key`` and ``count``."""
    if not statuses:
        return []
    return await tx.fetch_all(
        "SELECT status AS key, count(*) AS count FROM orders"
        " WHERE tenant_id = %(tenant)s AND status = ANY(%(statuses)s::text[]) AND voided_at IS NULL GROUP BY 1 ORDER BY 1",
        statuses=list(statuses),
    )


_PUT = """
INSERT INTO definitions (tenant_id, kind, key, body)
SELECT %(tenant)s::uuid, r.row->>0, r.row->>1, r.row->2 FROM jsonb_array_elements(%(rows)s::jsonb) r(row)
ON CONFLICT (tenant_id, kind, key) DO UPDATE SET body = excluded.body
"""


async def _write(
    tx: Transaction, todo: list[Change], comment: str, reverts: int | None, signatures: Signatures | None
) -> int:
    gone = [{"kind": change.kind, "key": change.key} for change in todo if change.after is None]
    if gone:
        await tx.delete("definitions", *gone)
    bodies = [(change.kind, change.key, stored(change.after)) for change in todo if change.after is not None]
    await tx.execute(_PUT, rows=orjson.dumps(bodies).decode())
    version = tx.config_version + 1
    await tx.insert(
        "change_sets",
        {
            "id": new_id(),
            "version": version,
            "author_kind": tx.actor.kind,
            "author_id": tx.actor.id,
            "author_name": tx.actor.name,
            "comment": comment,
            "changes": Jsonb(await _beside_others(todo, lambda: [change.stored for change in todo])),
            "reverts": reverts,
            "written_by": signatures and signatures.written_by,
            "approved_by": signatures and signatures.approved_by,
            "created_at": tx.now,
        },
    )
    await tx.execute("UPDATE tenants SET config_version = %(version)s WHERE id = %(tenant)s", version=version)
    changed = [f"{change.kind} {change.key}" for change in todo[:MOST_TOLD]]
    about = About(COMPANY, tx.tenant_id)
    await record(tx, "configuration_changed", {"version": version, "definitions": changed}, about=about)
    return version
