"""The configuration in force: a frozen snapshot of one tenant's definitions at one version."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from hashlib import sha256
from typing import Any, TypeVar, cast
from uuid import UUID
from weakref import WeakValueDictionary

import orjson

from tenants.computed.columns import ComputedFields
from tenants.config.definitions import (
    KINDS,
    NUMBERING_KEY,
    REVIEW_KEY,
    SETTINGS_KEY,
    SIGN_IN_KEY,
    Automation,
    Category,
    CustomField,
    Definition,
    Numbering,
    Review,
    Role,
    Rule,
    Settings,
    SignIn,
    Status,
    Transition,
    View,
    VoidReason,
    split_field_key,
)
from tenants.config.own_attributes import own_attributes
from tenants.languages import LANGUAGES, Reading
from tenants.permissions import Policy, policy_of
from tenants.records import Attribute
from tenants.remembering import Weight

Definitions = Mapping[str, Mapping[str, Definition]]
Made = TypeVar("Made")
# Definitions in use, by kind and the SHA-256 of the body: most companies have many that others have too, from the same template.
_SHARED: WeakValueDictionary[tuple[str, bytes], Definition] = WeakValueDictionary()
# What a definition takes of memory, in bytes: its place in a configuration, and, where nobody else says the same, the object and what is
# in it for each byte of its text. Measured, as all weights here are (`bench.memory`).
ENTRY, DEFINITION, TEXT = 120, 1_000, 4


def parse_definitions(
    rows: Iterable[tuple[str, str, Mapping[str, Any]]], weight: Weight | None = None
) -> dict[str, dict[str, Definition]]:
    """Definitions by kind and key, each kind in its display order, from stored rows (kind, key, body). What nobody else has in
    use is added to the ``weight``."""
    found: dict[str, dict[str, Definition]] = {kind: {} for kind in KINDS}
    weight = weight or Weight()
    for kind, key, body in rows:
        found[kind][key] = _definition(kind, body, weight)
    for kind, by_key in found.items():
        ordered = sorted(by_key.items(), key=lambda item: (getattr(item[1], "position", 0), item[0]))
        found[kind] = dict(ordered)
    return found


def _definition(kind: str, body: Mapping[str, Any], weight: Weight) -> Definition:
    """One object for all that say the same, which can be shared because it is frozen."""
    text = orjson.dumps(body)
    said = (kind, sha256(text).digest())
    known = _SHARED.get(said)
    weight.add(ENTRY)
    if known is None:
        weight.add(DEFINITION + TEXT * len(text))
        known = _SHARED[said] = KINDS[kind].model_validate(body)
    return known


@dataclass(frozen=True)
class TenantConfig:
    """A configuration in force. One object serves all companies whose configurations say the same, so it holds nothing that is a
    company's own (:class:`Tenant` does). Compared by identity: what is made of it is remembered with it.

    ``language`` is the one that the company was founded with, unless its settings say otherwise. ``currency`` and
    ``time_zone`` are the tenant's defaults; archived definitions are left out of all but ``definitions``.
    ``complete_indexes`` are the keys of the indexed fields, as in ``definitions``, whose index has a row for every record.
    ``kept_cycles`` are the older versions of life cycles that some order is held to: key, version and body.
    ``swapped_fields`` are those whose values in force are stored under their second name, ``converting_fields`` those that are being
    converted to another type (:mod:`tenants.field_values.slots`).
    ``fingerprint`` is the SHA-256 of all of it, as it was read. ``weight`` is what it takes of memory with all that is made of it.
    """

    language: str
    time_zone: str
    currency: str
    definitions: Definitions = field(repr=False)
    complete_indexes: frozenset[str] = field(default=frozenset(), repr=False)
    kept_cycles: tuple[tuple[str, int, Mapping[str, Any]], ...] = field(default=(), repr=False)
    swapped_fields: frozenset[str] = frozenset()
    converting_fields: frozenset[str] = frozenset()
    fingerprint: bytes = field(default=b"", repr=False)
    weight: Weight = field(default_factory=Weight, init=False, repr=False)
    _derived: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.settings.languages:
            object.__setattr__(self, "language", self.settings.languages[0])

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def derived(self, name: str, make: Callable[["TenantConfig"], Made]) -> Made:
        """What another part of the house makes of the configuration: made once under its ``name``, and gone with the snapshot."""
        if name not in self._derived:
            self._derived[name] = make(self)
        return cast(Made, self._derived[name])

    def let_go(self) -> None:
        """Forget all that was made of it, so that memory is free at once; whoever still uses it makes it anew."""
        self._derived.clear()
        for name in self.__dict__.keys() - {each.name for each in fields(self)}:
            del self.__dict__[name]

    def _open(self, kind: str) -> dict[str, Any]:
        return {
            key: definition
            for key, definition in self.definitions[kind].items()
            if not getattr(definition, "archived", False)
        }

    @cached_property
    def settings(self) -> Settings:
        found = self.definitions.get("settings", {}).get(SETTINGS_KEY)
        return found if isinstance(found, Settings) else Settings()

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The languages that its people read, its own first."""
        return self.settings.languages or tuple(dict.fromkeys((self.language, *LANGUAGES)))

    def reading(self, language: str) -> Reading:
        """The language of a reader, who is shown the company's where a text is not in it."""
        return Reading(language, self.language)

    @cached_property
    def numbering(self) -> Numbering:
        found = self.definitions["numbering"].get(NUMBERING_KEY)
        return found if isinstance(found, Numbering) else Numbering()

    @cached_property
    def review(self) -> Review:
        found = self.definitions["review"].get(REVIEW_KEY)
        return found if isinstance(found, Review) else Review()

    @cached_property
    def fields(self) -> dict[str, dict[str, CustomField]]:
        """Open custom fields by record type and key."""
        found: dict[str, dict[str, CustomField]] = {}
        for key, definition in self._open("field").items():
            record_type, field_key = split_field_key(key)
            found.setdefault(record_type, {})[field_key] = definition
        return found

    @cached_property
    def indexed_fields(self) -> dict[str, dict[str, CustomField]]:
        """Those for which index rows are made of the values that they hold; record types without any are left out."""
        found = {
            record_type: {
                key: definition
                for key, definition in fields.items()
                if definition.is_indexed and not definition.is_computed
            }
            for record_type, fields in self.fields.items()
        }
        return {record_type: fields for record_type, fields in found.items() if fields}

    @cached_property
    def swapped(self) -> dict[str, tuple[str, ...]]:
        """The keys of the swapped fields by record type; record types without any are left out."""
        return _by_record_type(self.swapped_fields)

    @cached_property
    def converting(self) -> dict[str, tuple[str, ...]]:
        """The keys of the fields under conversion by record type; record types without any are left out."""
        return _by_record_type(self.converting_fields)

    @cached_property
    def own(self) -> dict[str, dict[str, Attribute]]:
        """The same fields as attributes that the reader, filters and orderings use."""
        return self.computed.attributes

    @cached_property
    def computed(self) -> ComputedFields:
        """Those that are worked out from others."""
        return ComputedFields(self, own_attributes(self.fields, self.language, self.complete_indexes, self.swapped))

    @cached_property
    def statuses(self) -> dict[str, Status]:
        return self._open("status")

    @cached_property
    def all_statuses(self) -> dict[str, Status]:
        """Archived ones too: records that hold one still show it."""
        return cast(dict[str, Status], self.definitions["status"])

    @cached_property
    def transitions(self) -> dict[str, Transition]:
        return self._open("transition")

    @cached_property
    def initial_status(self) -> str | None:
        return next((key for key, status in self.statuses.items() if status.initial), None)

    @cached_property
    def void_status(self) -> str | None:
        return next((key for key, status in self.statuses.items() if status.category is Category.VOID), None)

    @cached_property
    def void_reasons(self) -> dict[str, VoidReason]:
        return self._open("void_reason")

    @cached_property
    def all_void_reasons(self) -> dict[str, VoidReason]:
        return cast(dict[str, VoidReason], self.definitions["void_reason"])

    @cached_property
    def roles(self) -> dict[str, Role]:
        return self._open("role")

    @cached_property
    def sign_in(self) -> SignIn:
        found = self.definitions["sign_in"].get(SIGN_IN_KEY)
        return found if isinstance(found, SignIn) else SignIn()

    @cached_property
    def automations(self) -> dict[str, Automation]:
        return {key: automation for key, automation in self._open("automation").items() if automation.enabled}

    @cached_property
    def rules(self) -> dict[str, Rule]:
        return {key: rule for key, rule in self._open("rule").items() if rule.enabled}

    @cached_property
    def views(self) -> dict[str, View]:
        """The views that are shared, by key."""
        return self._open("view")

    @cached_property
    def policy(self) -> Policy:
        kept = (key for _, _, body in self.kept_cycles for key, _ in body["transitions"])
        return policy_of(self.roles, dict.fromkeys((*self.transitions, *kept)))


@dataclass(frozen=True, slots=True, eq=False)
class Tenant:
    """A company as it was last read: what is its own, and the configuration that it may share with others.

    ``name`` is the one that it was founded with, unless its settings say otherwise. ``version`` is that of its configuration. ``quotas`` is what the operator lets it use, and ``exceeded`` names those of it that
    are used up.
    """

    id: UUID
    slug: str
    name: str
    version: int
    config: TenantConfig
    quotas: Mapping[str, Any] = field(default_factory=dict, repr=False)
    exceeded: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.config.settings.name:
            object.__setattr__(self, "name", self.config.settings.name)


def _by_record_type(keys: Iterable[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for key in sorted(keys):
        record_type, name = split_field_key(key)
        found[record_type] = (*found.get(record_type, ()), name)
    return found
