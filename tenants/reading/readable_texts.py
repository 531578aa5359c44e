"""What free text may find for readers to whom fields are closed: the texts of the fields that they may read, and no others.

The search text of a record is made of all its fields, so for such a reader what it finds is tested against the readable ones. They are
folded by PostgreSQL, which finds words, parts of words and the digits of telephone numbers, but neither pinyin nor slips of the finger.
"""

from collections.abc import Iterator, Mapping

import orjson

from tenants.conditions import row_tests
from tenants.config.definitions import CustomField
from tenants.config.snapshot import TenantConfig
from tenants.expressions import ComputedColumn
from tenants.field_types import field_type
from tenants.models import ADDRESS_PARTS
from tenants.permissions import Access
from tenants.reading.json_sql import literal
from tenants.records import REGISTRY, CustomColumn, Money, RecordType, Structure
from tenants.records.rights import OWN, may_read

_DIGITS = "regexp_replace({}, '\\D', '', 'g')"
_WRITTEN = tuple(part for part in ADDRESS_PARTS if part != "phone")
_LINE_FIELDS = ("sku", "name", "specification")


def _children(table: str, parent: str, text: str, test: str = "TRUE") -> str:
    return (
        f"(SELECT string_agg({text}, ' ') FROM {table} s"
        f" WHERE s.tenant_id = %(tenant)s AND s.{parent} = {{t}}.id AND {test})"
    )


_WHOLE_ADDRESS = ", ".join((*(f"s.{part}" for part in _WRITTEN), _DIGITS.format("s.phone")))
_SNAPSHOT = (
    "(SELECT string_agg(CASE s.key WHEN 'phone' THEN " + _DIGITS.format("s.value") + " ELSE s.value END, ' ')"
    " FROM jsonb_each_text({t}.shipping_address) s)"
)
_CONTACTS = "contact_points", "customer_id"
# The SQL of what free text finds of the built-in fields of each record type.
_TEXTS: Mapping[str, Mapping[str, str]] = {
    "order": {
        "number": "{t}.number",
        "externalId": "{t}.external_id",
        "shippingAddress": _SNAPSHOT,
        "channel": "{t}.channel",
        "tags": "array_to_string({t}.tags, ' ')",
        "notes": "{t}.notes",
    },
    "customer": {
        "name": "{t}.name",
        "externalId": "{t}.external_id",
        "phones": _children(*_CONTACTS, _DIGITS.format("s.value"), "s.kind = 'phone'"),
        "emails": _children(*_CONTACTS, "s.value", "s.kind = 'email'"),
        "addresses": _children("addresses", "customer_id", f"concat_ws(' ', {_WHOLE_ADDRESS})"),
        "tags": "array_to_string({t}.tags, ' ')",
        "notes": "{t}.notes",
    },
    "product": {
        "sku": "{t}.sku",
        "name": "{t}.name",
        "externalId": "{t}.external_id",
        "specification": "{t}.specification",
    },
}


def readable_text(record: RecordType, alias: str, config: TenantConfig, access: Access) -> str | None:
    """The SQL of what free text may find of a record, folded; None where the reader may read all that is searched."""
    assert record.search is not None
    texts, is_whole = _readable(record, config, access)
    found = [text.replace("{t}", alias) for text in texts]
    if record.search.with_customer and access.allows("customer.read"):
        customer, other = REGISTRY["customer"], f"{alias}s"
        theirs, are_whole = _readable(customer, config, access)
        is_whole = is_whole and are_whole
        if may_read(access, record, "customer", record.by_name["customer"]):
            joined = _joined(text.replace("{t}", other) for text in theirs)
            tests = row_tests(config, access)
            test = tests.reading(customer, other) if tests else ""
            seen = f" AND {test}" if test else ""
            found.append(
                f"(SELECT {joined} FROM {customer.table} {other}"
                f" WHERE {other}.tenant_id = %(tenant)s AND {other}.id = {alias}.customer_id{seen})"
            )
        else:
            is_whole = False
    return None if is_whole else _searched(_joined(found))


def _readable(record: RecordType, config: TenantConfig, access: Access) -> tuple[list[str], bool]:
    """The SQL of the texts that may be read, and whether they are all there are."""
    found = {text: may_read(access, record, name, record.by_name[name]) for name, text in _TEXTS[record.name].items()}
    if record.name == "order":
        line = REGISTRY["order_line"]
        names = [name for name in _LINE_FIELDS if may_read(access, line, name, line.by_name[name])]
        may = may_read(access, record, "lines", record.by_name["lines"])
        if names and may:
            columns = ", ".join(f"s.{name}" for name in names)
            found[_children("order_lines", "order_id", f"concat_ws(' ', {columns})")] = True
        found["lines"] = may and len(names) == len(_LINE_FIELDS)
    for key, definition in config.fields.get(record.name, {}).items():
        attribute = config.own.get(record.name, {}).get(key)
        if attribute is None or isinstance(attribute, ComputedColumn):
            continue
        may = may_read(access, record, f"{OWN}{key}", attribute)
        for text in _own_text(key, definition, attribute):
            found[text] = may
    return [text for text, may in found.items() if may and text != "lines"], all(found.values())


def _own_text(key: str, definition: CustomField, attribute: object) -> Iterator[str]:
    """The SQL of what free text finds of a field of the company's own."""
    kind, value = field_type(definition.type), f"{{t}}.custom->'{key}'"
    match attribute:
        case Money():
            yield f"({value}->>'amount')"
        case Structure():
            yield f"(SELECT string_agg(s.value, ' ') FROM jsonb_each_text({value}) s)"
        case CustomColumn() if kind.has_options:
            labels = {
                option.key: " ".join(kind.words(_chosen(kind.many, option.key), definition))
                for option in definition.options
            }
            names = f"{literal(orjson.dumps(labels).decode())}::jsonb"
            if kind.many:
                yield f"(SELECT string_agg({names}->>s.value, ' ') FROM jsonb_array_elements_text({value}) s)"
            else:
                yield f"({names}->>({{t}}.custom->>'{key}'))"
        case CustomColumn() if kind.many:
            yield f"(SELECT string_agg(s.value, ' ') FROM jsonb_array_elements_text({value}) s)"
        case CustomColumn() if any(kind.words("x", definition)):
            yield f"({{t}}.custom->>'{key}')"


def _chosen(many: bool, key: str) -> object:
    return [key] if many else key


def _joined(texts: Iterator[str] | list[str]) -> str:
    return f"concat_ws(' ', {', '.join(('NULL', *texts))})"


def _searched(text: str) -> str:
    """The text as it is searched: folded, each word after a blank, followed by the parts of its words."""
    folded = f"normalize(regexp_replace(normalize(lower({text}), NFKD), '[\\u0300-\\u036F]', '', 'g'), NFC)"
    parts = ("\\s+", "[^[:alnum:]]+", "[^[:alnum:]]+0*")
    spoken = " || ".join(f"regexp_replace(' ' || f.t, '{part}', ' ', 'g')" for part in parts)
    return f"(SELECT {spoken} FROM (SELECT {folded} AS t) f)"
