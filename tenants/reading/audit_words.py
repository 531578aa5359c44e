"""Entries of the audit log in words: what each is about by its name, and what it says in the reader's language.

Both are SQL of the entry's row, so that a page of entries with their words is one statement. Names are those of today, and are looked up
where the reader may read them; an entry itself tells names as they were when it was written, as its details do.
"""

import re
from collections.abc import Iterator, Mapping
from string import Formatter

import orjson

from tenants.actors import STRANGER, SYSTEM
from tenants.config.snapshot import TenantConfig
from tenants.field_rights import READ
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
_DETAILS = (
    "(SELECT coalesce(jsonb_object_agg(c.field, c.new), '{}') AS new, coalesce(jsonb_object_agg(c.field, c.old), '{}') AS old"
    " FROM jsonb_to_recordset({t}.changes) AS c(field text, old jsonb, new jsonb)) d"
)


def audit_words(attribute: str, alias: str, config: TenantConfig, access: Access, language: str) -> str:
    """The SQL of an attribute of the entry called ``alias``, a text: :data:`ABOUT_NAME`, null where what it is about is gone or may not
    be read by its name, or else its sentence."""
    words = _Words(alias, config, access, language)
    return words.about_name() if attribute == ABOUT_NAME else words.sentence()


class _Words:
    def __init__(self, alias: str, config: TenantConfig, access: Access, language: str) -> None:
        self._alias, self._access, self._language = alias, access, language
        self._side = int(product_language(language) == "zh")
        self._comma = literal("、" if self._side else ", ")
        labels = {key: label(role.label, language, key) for key, role in config.policy.roles.items()}
        self._roles = f"{literal(orjson.dumps(labels).decode())}::jsonb"

    def about_name(self) -> str:
        whens = [f"WHEN '{kind}' THEN {self._named(kind, f'{self._alias}.record_id')}" for kind in self._readable()]
        return f"(CASE {self._alias}.record_type {' '.join(whens)} END)"

    def sentence(self) -> str:
        kinds = dict.fromkeys(key.partition("/")[0] for key in AUDIT_SENTENCES)
        whens = [f"WHEN '{kind}' THEN {self._of_kind(kind)}" for kind in kinds]
        otherwise = f"replace({self._alias}.kind, '_', ' ')"
        details = _DETAILS.replace("{t}", self._alias)
        return f"(SELECT CASE {self._alias}.kind {' '.join(whens)} ELSE {otherwise} END FROM {details})"

    def _of_kind(self, kind: str) -> str:
        usual = self._filled(AUDIT_SENTENCES[kind][self._side])
        others = [
            f"WHEN {test.replace('{t}', self._alias)} THEN {self._filled(AUDIT_SENTENCES[key][self._side])}"
            for key, test in VARIANTS.items()
            if key.startswith(f"{kind}/")
        ]
        return f"CASE {' '.join(others)} ELSE {usual} END" if others else usual

    # ---- sentences

    def _filled(self, sentence: str) -> str:
        """A sentence with its placeholders filled; what is in brackets is left out where one of those in it has no value."""
        return _filled(sentence, self._placeholder)

    def _placeholder(self, name: str) -> str:
        """The SQL of what a placeholder stands for, null where it is not told."""
        match name:
            case "actor":
                return self._actor()
            case "about":
                return self._about()
            case "times":
                return "nullif(d.new->>'times', '1')"
            case "oldName":
                return _cut("d.old->>'name'")
            case "changes":
                return self._changes()
            case "counts":
                return self._counts()
            case "files":
                return self._files()
            case "definitions":
                return self._definitions()
            case "customer":
                return self._customer("(d.new->>'customer')")
            case "record":
                return self._record()
            case "receiver":
                return self._receiver()
            case "endsAt":
                return f"left({_SHARE}->>'endsAt', 10)"
            case "mayChange":
                return self._worded(name, f"{_SHARE}->>'mayChange'")
            case "secondFactor":
                # Who has signed in for them has shown none.
                return self._worded(name, f"CASE d.new->>'method' WHEN 'operator' THEN NULL ELSE d.new->>'{name}' END")
            case "type":
                return self._type("d.new->>'type'")
            case "recordTypes":
                return self._each(f"d.new->'{name}'", self._type("l.value"))
            case "roles":
                return self._each(f"d.new->'{name}'", f"coalesce({self._roles}->>l.value, l.value)")
            case "rights" | "networks":
                return self._each(f"d.new->'{name}'", "l.value")
        if name in VALUE_WORDS:
            return self._worded(name, f"d.new->>'{name}'")
        return f"left(d.new->>'{name}', 10)" if name in _DATES else _cut(f"d.new->>'{name}'")

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

    def _worded(self, name: str, value: str) -> str:
        words = _map({code: said[self._side] for code, said in VALUE_WORDS[name].items()})
        return f"coalesce({words}->>({value}), {_cut(f'nullif({value}, {_FALSE})')})"

    def _type(self, value: str) -> str:
        return f"coalesce({_map({key: words[self._side] for key, words in RECORD_NAMES.items()})}->>({value}), {value})"

    def _each(self, values: str, each: str) -> str:
        """Each of a list in words, null for an empty one."""
        listed = f"(SELECT string_agg({each}, {self._comma}) FROM jsonb_array_elements_text({values}) AS l(value))"
        return _cut(f"CASE jsonb_typeof({values}) WHEN 'array' THEN {listed} END")

    # ---- names

    def _readable(self) -> Iterator[str]:
        """What entries can be about whose names the reader may read."""
        access = self._access
        rights = {
            "member": access.reads_whole("member", "name"),
            "team": access.allows("member.read"),
            "key": access.allows("key.read"),
            "invitation": access.allows("member.invite"),
            "identity_provider": access.allows("identity_provider.manage"),
            "draft": access.allows("configuration.read"),
            "company": True,
        }
        return (kind for kind, may in rights.items() if may)

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
        names = _map({key: words[self._side] for key, words in DETAIL_NAMES.items()})
        told = {code: SENTENCES[code][self._side] for code in _CHANGES}

        def said(code: str) -> str:
            return _filled(told[code], lambda name: f"v.{name}")

        change = (
            f"CASE WHEN v.is_on THEN {said('change.on')} WHEN NOT v.is_on THEN {said('change.off')}"
            f" WHEN greatest(length(v.old), length(v.new)) > {LONGEST} OR v.old IS NOT DISTINCT FROM v.new"
            f" THEN {said('change.other')} WHEN v.old IS NULL THEN {said('change.set')}"
            f" WHEN v.new IS NULL THEN {said('change.unset')} ELSE {said('change.from_to')} END"
        )
        values = (
            f"SELECT coalesce({names}->>c.field, c.field) AS name, {self._value('c.old')} AS old, {self._value('c.new')} AS new,"
            " CASE jsonb_typeof(c.new) WHEN 'boolean' THEN c.new = 'true' END AS is_on"
            f" FROM jsonb_to_recordset({self._alias}.changes) AS c(field text, old jsonb, new jsonb)"
        )
        return f"(SELECT string_agg({change}, {literal('，' if self._side else ', ')}) FROM ({values}) v)"

    def _value(self, value: str) -> str:
        """A value among the details as a text: names in place of ids, lists joined; null where it is empty."""
        plain = f"({value} #>> '{{}}')"
        each = (
            f"CASE WHEN c.field IN ({_ROLES}) THEN coalesce({self._roles}->>(l.value #>> '{{}}'), l.value #>> '{{}}')"
            f" WHEN c.field = 'members' THEN {self._name_or_id('member', f'(l.value->>{_ID})')}"
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
        names = _map({key: words[self._side] for key, words in DETAIL_NAMES.items()})
        return (
            f"(SELECT string_agg(concat(coalesce({names}->>c.field, c.field), ' ', c.new), {self._comma})"
            f" FROM jsonb_to_recordset({self._alias}.changes) AS c(field text, new jsonb)"
            " WHERE jsonb_typeof(c.new) = 'number' AND c.new <> '0')"
        )

    def _files(self) -> str:
        told = _filled(
            IMPORTED[self._side], lambda name: self._type("l.value->>'record'") if name == "record" else f"l.value->>'{name}'"
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
            f"coalesce((SELECT string_agg(CASE WHEN l.place <= {most} THEN {_cut(said)} ELSE '…' END, {between} ORDER BY l.place)"
            " FROM change_sets n CROSS JOIN jsonb_array_elements(n.changes) WITH ORDINALITY AS l(value, place)"
            f" WHERE n.tenant_id = %(tenant)s AND n.version = (d.new->>'version')::bigint AND l.place <= {most + 1}), {keys})"
        )
