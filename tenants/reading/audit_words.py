"""Entries of the audit log in words: what each is about by its name, and what it says in the reader's language.

Both are SQL of the entry's row, so that a page of entries with their words is one statement. Names are those of today, and are looked up
where the reader may read them; an entry itself tells names as they were when it was written, as its details do.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from string import Formatter
from typing import Any

import orjson

from tenants.actors import STRANGER, SYSTEM
from tenants.config.snapshot import TenantConfig
from tenants.languages import label, product_language
from tenants.messages import RECORD_NAMES, SENTENCES
from tenants.messages.audit import ACTORS, AUDIT_SENTENCES, DETAIL_NAMES, IMPORTED, UNNAMED, VALUE_WORDS
from tenants.permissions import Access
from tenants.reading.json_sql import literal

ABOUT_NAME = "aboutName"
# Longer texts among the details are cut.
LONGEST = 200
# Of a change of the configuration, so many definitions are told.
MOST_DEFINITIONS = 3
# The name by which the command line acts.
_OPERATOR = "orderloom"
_OPTIONAL = re.compile(r"\[([^\]]*)\]")
_ROLES = "'roles', 'defaultRoles'"
_DATES = ("expiresAt", "before")
# What tells a deed from others with entries of the same kind, by ``<kind>/<variant>``; the first that holds counts.
VARIANTS: Mapping[str, str] = {
    "signed_out/by_provider": "d.new->>'sessions' IS NOT NULL",
    "member_added/invited": "{t}.actor_id = {t}.record_id",
    "member_invited/withdrawn": "d.new->>'state' = 'withdrawn'",
    "member_left/themselves": "{t}.actor_id = {t}.record_id",
    "team_changed/made": "d.new->>'name' IS NOT NULL AND d.old->>'name' IS NULL",
    "record_shared/ended": "nullif(d.new->'share', 'null') IS NULL",
    "record_shared/changed": "nullif(d.old->'share', 'null') IS NOT NULL",
    "provider_changed/removed": "d.new->>'key' IS NULL AND d.old->>'key' IS NOT NULL",
    "provider_changed/made": "d.new->>'key' IS NOT NULL",
    "company_founded/signed_up": f"{{t}}.actor_kind = '{STRANGER}'",
    "draft_judged/rejected": "d.new->>'state' = 'rejected'",
    "refused/reached": "d.new->>'reason' IS NOT NULL",
}
_SHARE = "coalesce(nullif(d.new->'share', 'null'), d.old->'share')"
# What a record is told by, where the reader may read that of all of them.
_RECORDS = {"order": ("orders", "number"), "customer": ("customers", "name"), "product": ("products", "name")}
# What an entry can be about: where it is kept, and what it is called by.
_NAMED = {
    "member": ("members", "name"),
    "team": ("teams", "name"),
    "key": ("api_keys", "name"),
    "invitation": ("invitations", "email"),
    "identity_provider": ("identity_providers", "name"),
    "draft": ("configuration_drafts", "name"),
    "company": ("tenants", "name"),
}
_CHANGES = tuple(f"change.{name}" for name in ("on", "off", "set", "unset", "from_to", "other"))


def audit_words(attribute: str, alias: str, config: TenantConfig, access: Access, language: str) -> str:
    """The SQL of an attribute of the entry called ``alias``, a text: :data:`ABOUT_NAME`, null where what it is about is gone or may not
    be read by its name, or else its sentence."""
    words = _Words(alias, config, access, language)
    return words.about_name() if attribute == ABOUT_NAME else words.sentence()


def _filled(sentence: str, sql_of: Callable[[str], str]) -> str:
    """The SQL of a sentence: what is in brackets is left out where one of those in it has no value."""
    parts = []
    for place, part in enumerate(_OPTIONAL.split(sentence)):
        is_optional = place % 2 == 1
        pieces = list(_pieces(part, sql_of))
        if is_optional:
            parts.append(f"({' || '.join(pieces)})")
        else:
            parts += [piece if piece.startswith("'") else f"coalesce({piece}, '-')" for piece in pieces]
    return f"concat({', '.join(parts)})"


def _pieces(part: str, sql_of: Callable[[str], str]) -> Iterator[str]:
    for text, name, words, _ in Formatter().parse(part):
        if text:
            yield literal(text)
        if name:
            value = f"({sql_of(name)})"
            one, _, many = (words or "").partition("|")
            yield value
            if words:
                yield f"CASE {value} WHEN '1' THEN {literal(f' {one}')} ELSE {literal(f' {many}')} END"


def _map(words: Mapping[str, Any]) -> str:
    return f"{literal(orjson.dumps(words).decode())}::jsonb"


class _Words:
    def __init__(self, alias: str, config: TenantConfig, access: Access, language: str) -> None:
        self._alias, self._access, self._language = alias, access, language
        self._side = int(product_language(language) == "zh")
        self._comma = literal("、" if self._side else ", ")
        self._config = config
        # What is more than a detail as it was written.
        self._special: Mapping[str, Callable[[], str]] = {
            "actor": lambda: "d.actor",
            "about": lambda: "d.about",
            "times": lambda: "nullif(d.new->>'times', '1')",
            "oldName": lambda: f"left(d.old->>'name', {LONGEST})",
            "counts": self._counts,
            "files": self._files,
            "definitions": self._definitions,
            "endsAt": lambda: f"left({_SHARE}->>'endsAt', 10)",
            "mayChange": lambda: self._worded("mayChange", f"{_SHARE}->>'mayChange'"),
            "secondFactor": self._second_factor,
            "type": lambda: self._type("d.new->>'type'"),
            "recordTypes": lambda: self._each("d.new->'recordTypes'", self._type("l.value")),
            "rights": lambda: self._each("d.new->'rights'", "l.value"),
            "networks": lambda: self._each("d.new->'networks'", "l.value"),
        }
        # What takes much to plan, and is in several sentences.
        self._shared: Mapping[str, Callable[[], str]] = {
            "changes": self._changes,
            "customer": lambda: self._customer("(d.new->>'customer')"),
            "record": self._record,
            "receiver": self._receiver,
            "roles": lambda: self._each("d.new->'roles'", "coalesce(d.roles->>l.value, l.value)"),
        }

    def about_name(self) -> str:
        whens = [f"WHEN '{kind}' THEN {self._named(kind, f'{self._alias}.record_id')}" for kind in self._readable()]
        return f"(CASE {self._alias}.record_type {' '.join(whens)} END)"

    def sentence(self) -> str:
        kinds = dict.fromkeys(key.partition("/")[0] for key in AUDIT_SENTENCES)
        whens = [f"WHEN '{kind}' THEN {self._of_kind(kind)}" for kind in kinds]
        otherwise = f"replace({self._alias}.kind, '_', ' ')"
        source = f"({self._entry()}) d CROSS JOIN LATERAL ({self._parts()}) e"
        return f"(SELECT CASE {self._alias}.kind {' '.join(whens)} ELSE {otherwise} END FROM {source})"

    def _parts(self) -> str:
        """Parts of several sentences, each looked up for entries of the kinds that tell it. They stay parts of the statement: put into each
        sentence they would have to be planned as often."""
        parts = []
        for name, part in self._shared.items():
            telling = {key.partition("/")[0] for key, said in AUDIT_SENTENCES.items() if f"{{{name}}}" in said[0]}
            kinds = ", ".join(f"'{kind}'" for kind in sorted(telling))
            parts.append(f"CASE WHEN {self._alias}.kind IN ({kinds}) THEN {part()} END AS {name}")
        return f"SELECT {', '.join(parts)} OFFSET 0"

    def _entry(self) -> str:
        """What sentences are made of, once for each entry: its details by name, who acted, what it is about, and what codes say."""
        labels = {key: label(role.label, self._language, key) for key, role in self._config.policy.roles.items()}
        types = {key: words[self._side] for key, words in RECORD_NAMES.items()}
        names = {key: words[self._side] for key, words in DETAIL_NAMES.items()}
        values = {name: {code: said[self._side] for code, said in words.items()} for name, words in VALUE_WORDS.items()}
        return (
            "SELECT coalesce(jsonb_object_agg(c.field, c.new), '{}') AS new, coalesce(jsonb_object_agg(c.field, c.old), '{}') AS old,"
            f" {self._actor()} AS actor, {self._about()} AS about,"
            f" {_map(labels)} AS roles, {_map(types)} AS types, {_map(names)} AS names, {_map(values)} AS words"
            f" FROM jsonb_to_recordset({self._alias}.changes) AS c(field text, old jsonb, new jsonb)"
        )

    def _of_kind(self, kind: str) -> str:
        usual = _filled(AUDIT_SENTENCES[kind][self._side], self._part)
        others = [
            f"WHEN {test.replace('{t}', self._alias)} THEN {_filled(AUDIT_SENTENCES[key][self._side], self._part)}"
            for key, test in VARIANTS.items()
            if key.startswith(f"{kind}/")
        ]
        return f"CASE {' '.join(others)} ELSE {usual} END" if others else usual

    # ---- sentences

    def _part(self, name: str) -> str:
        """The SQL of what a name in a sentence stands for, null where it is not told."""
        if name in self._shared:
            return f"e.{name}"
        if name in self._special:
            return self._special[name]()
        new = f"d.new->>'{name}'"
        if name in VALUE_WORDS:
            return self._worded(name, new)
        return f"left({new}, 10)" if name in _DATES else f"left({new}, {LONGEST})"

    def _actor(self) -> str:
        said = {key: literal(words[self._side]) for key, words in ACTORS.items()}
        alias = self._alias
        return (
            f"CASE {alias}.actor_kind WHEN '{STRANGER}' THEN {said['stranger']} WHEN '{SYSTEM}' THEN"
            f" CASE {alias}.actor_name WHEN '{_OPERATOR}' THEN {said['operator']} ELSE {said['system']} END"
            f" ELSE {alias}.actor_name END"
        )

    def _about(self) -> str:
        kinds = _map({kind: words[self._side] for kind, words in UNNAMED.items()})
        unnamed = f"concat({kinds}->>{self._alias}.record_type, ' ', {self._alias}.record_id)"
        return f"coalesce({self.about_name()}, {unnamed})"

    def _second_factor(self) -> str:
        """Who was given a token by the operator has shown none."""
        shown = "CASE d.new->>'method' WHEN 'operator' THEN NULL ELSE d.new->>'secondFactor' END"
        return self._worded("secondFactor", shown)

    def _worded(self, name: str, value: str) -> str:
        return f"coalesce(d.words->'{name}'->>({value}), left(nullif({value}, 'false'), {LONGEST}))"

    def _type(self, value: str) -> str:
        return f"coalesce(d.types->>({value}), {value})"

    def _each(self, values: str, each: str) -> str:
        """Each of a list in words, null for an empty one."""
        listed = f"(SELECT string_agg({each}, {self._comma}) FROM jsonb_array_elements_text({values}) AS l(value))"
        return f"CASE jsonb_typeof({values}) WHEN 'array' THEN left({listed}, {LONGEST}) END"

    # ---- names

    def _readable(self) -> Iterator[str]:
        """What entries can be about whose names the reader may read. To people at a customer, staff are no business."""
        access = self._access
        rights = {
            "member": access.reads_whole("member", "name"),
            "team": access.allows("member.read"),
            "key": access.allows("key.read"),
            "invitation": access.allows("member.invite"),
            "identity_provider": access.allows("identity_provider.manage"),
            "draft": access.allows("configuration.read"),
        }
        yield "company"
        yield from (kind for kind, may in rights.items() if may and not access.is_outside)

    def _named(self, kind: str, record_id: str) -> str:
        table, name = _NAMED[kind]
        if kind == "company":
            return "(SELECT n.name FROM tenants n WHERE n.id = %(tenant)s)"
        return f"(SELECT n.{name} FROM {table} n WHERE n.tenant_id = %(tenant)s AND n.id = {record_id})"

    def _name_or_id(self, kind: str, value: str) -> str:
        """The name of the one whose id a text is, else the id."""
        return f"coalesce({self._named(kind, f'({value})::uuid')}, {value})" if kind in self._readable() else value

    def _customer(self, value: str) -> str:
        if not self._access.reads_whole("customer", "name"):
            return value
        found = f"SELECT n.name FROM customers n WHERE n.tenant_id = %(tenant)s AND n.id = {value}::uuid"
        return f"coalesce(({found}), {value})"

    def _record(self) -> str:
        """What was shared: what it is, with its number or name."""
        whens = [
            f"WHEN '{kind}' THEN (SELECT n.{name} FROM {table} n"
            " WHERE n.tenant_id = %(tenant)s AND n.id = (d.new->>'record')::uuid)"
            for kind, (table, name) in _RECORDS.items()
            if self._access.reads_whole(kind, name)
        ]
        named = f"CASE d.new->>'recordType' {' '.join(whens)} END" if whens else "NULL"
        kind = self._type("d.new->>'recordType'")
        return f"concat({kind}, ' ', coalesce({named}, d.new->>'record'))"

    def _receiver(self) -> str:
        member, team = f"({_SHARE}->>'memberId')", f"({_SHARE}->>'teamId')"
        return f"coalesce({self._name_or_id('member', member)}, {self._name_or_id('team', team)})"

    # ---- what was changed, counted, imported

    def _changes(self) -> str:
        """Each detail as a change, as sentences of change sets tell it."""
        told = {code: SENTENCES[code][self._side] for code in _CHANGES}

        def said(code: str) -> str:
            return _filled(told[code], lambda name: f"v.{name}")

        change = (
            f"CASE WHEN v.is_on THEN {said('change.on')} WHEN NOT v.is_on THEN {said('change.off')}"
            f" WHEN greatest(length(v.old), length(v.new)) > {LONGEST} OR v.old = v.new THEN {said('change.other')}"
            f" WHEN v.old IS NULL AND v.new IS NULL THEN NULL WHEN v.old IS NULL THEN {said('change.set')}"
            f" WHEN v.new IS NULL THEN {said('change.unset')} ELSE {said('change.from_to')} END"
        )
        values = (
            f"SELECT coalesce(d.names->>c.field, c.field) AS name, {self._value('c.old')} AS old, {self._value('c.new')} AS new,"
            " CASE jsonb_typeof(c.new) WHEN 'boolean' THEN c.new = 'true' END AS is_on"
            f" FROM jsonb_to_recordset({self._alias}.changes) AS c(field text, old jsonb, new jsonb)"
        )
        return f"(SELECT string_agg({change}, {literal('，' if self._side else ', ')}) FROM ({values}) v)"

    def _value(self, value: str) -> str:
        """A value among the details as a text: names in place of ids, lists joined; null where it is empty."""
        plain = f"({value} #>> '{{}}')"
        person = self._name_or_id("member", "(l.value->>'id')")
        each = (
            f"CASE WHEN c.field IN ({_ROLES}) THEN coalesce(d.roles->>(l.value #>> '{{}}'), l.value #>> '{{}}')"
            f" WHEN c.field = 'members' THEN {person}"
            " ELSE l.value #>> '{}' END"
        )
        return (
            f"CASE WHEN jsonb_typeof({value}) = 'array'"
            f" THEN (SELECT string_agg({each}, {self._comma}) FROM jsonb_array_elements({value}) AS l(value))"
            f" WHEN jsonb_typeof({value}) = 'object'"
            f" THEN (SELECT string_agg(concat(l.key, ' = ', l.value), {self._comma}) FROM jsonb_each_text({value}) l)"
            f" WHEN c.field = 'parent_id' THEN {self._name_or_id('team', plain)}"
            f" WHEN c.field = 'customer' THEN {self._customer(plain)}"
            f" ELSE nullif({plain}, '') END"
        )

    def _counts(self) -> str:
        return (
            f"(SELECT string_agg(concat(coalesce(d.names->>c.field, c.field), ' ', c.new), {self._comma})"
            f" FROM jsonb_to_recordset({self._alias}.changes) AS c(field text, new jsonb)"
            " WHERE jsonb_typeof(c.new) = 'number' AND c.new <> '0')"
        )

    def _files(self) -> str:
        told = _filled(
            IMPORTED[self._side],
            lambda name: self._type("l.value->>'record'") if name == "record" else f"l.value->>'{name}'",
        )
        between = literal("；" if self._side else "; ")
        return f"(SELECT string_agg({told}, {between}) FROM jsonb_array_elements(d.new->'files') AS l(value))"

    def _definitions(self) -> str:
        """The first of the changes as the change set says them, where the reader may read it, else what kinds and keys they are of."""
        keys = self._each("d.new->'definitions'", "l.value")
        if not self._access.allows("configuration.read"):
            return keys
        language, most = product_language(self._language), MOST_DEFINITIONS
        said = f"coalesce(l.value->'sentences'->>'{language}', concat(l.value->>'kind', ' ', l.value->>'key'))"
        between = literal("；" if self._side else "; ")
        return (
            f"coalesce((SELECT string_agg(CASE WHEN l.place <= {most} THEN left({said}, {LONGEST}) ELSE '…' END, {between} ORDER BY l.place)"
            " FROM change_sets n CROSS JOIN jsonb_array_elements(n.changes) WITH ORDINALITY AS l(value, place)"
            f" WHERE n.tenant_id = %(tenant)s AND n.version = (d.new->>'version')::bigint AND l.place <= {most + 1}), {keys})"
        )
