"""The company's own fields as attributes of their record type, which reading, filters and orderings use like built-in ones."""

from collections.abc import Collection, Iterator, Mapping

from tenants.config.definitions import CustomField, label
from tenants.field_types import Settings, field_type
from tenants.field_types.link import Reference
from tenants.field_values.kinds import index_table
from tenants.field_values.slots import stored_name
from tenants.models import ADDRESS_PARTS
from tenants.names import camel
from tenants.records import REGISTRY, Attribute, CustomColumn, Money, Relation, Structure

Fields = Mapping[str, Mapping[str, CustomField]]


def settings_of(definition: CustomField, currency: str = "", *, to_choose: bool = False) -> Settings:
    """What parsing a field's values depends on; ``currency`` is the company's. Archived options are kept by old records, but are
    none ``to_choose``."""
    return Settings(
        options=definition.open_options if to_choose else definition.option_keys,
        region=definition.region or "",
        currency=definition.currency or currency,
        target=target_of(definition),
    )


def target_of(definition: CustomField) -> str:
    """The record type that a field's links lead to; empty for a field that is no link."""
    kind = field_type(definition.type)
    return (kind.target or definition.target or "") if isinstance(kind, Reference) else ""


def own_attributes(
    fields: Fields, language: str, complete: Collection[str], swapped: Mapping[str, Collection[str]]
) -> dict[str, dict[str, Attribute]]:
    """The attributes of all fields but computed ones, by record type and key. Those whose index is ``complete``, named as
    ``<record type>.<key>``, are read by it; those that are ``swapped``, by record type, under their second name."""
    found: dict[str, dict[str, Attribute]] = {record_type: {} for record_type in fields}
    for record_type, definitions in fields.items():
        for key, definition in definitions.items():
            if definition.is_computed:
                continue
            is_read = definition.is_indexed and f"{record_type}.{key}" in complete
            name = stored_name(key, is_swapped=key in swapped.get(record_type, ()))
            found[record_type][key] = _attribute(record_type, key, name, definition, language, is_read=is_read)
    for record_type, definitions in fields.items():
        for key, definition in definitions.items():
            if definition.reverse is not None and definition.target is not None:
                others = found.setdefault(definition.target, {})
                others[definition.reverse.key] = _reverse(record_type, key, definition, language)
    return found


def _attribute(
    record_type: str, key: str, name: str, definition: CustomField, language: str, *, is_read: bool
) -> Attribute:
    """``name`` is the one under which the values are stored."""
    kind, description = field_type(definition.type), description_of(definition, language)
    sql, index = kind.stored_sql("{t}.custom", name), (index_table(record_type, kind) or "") if is_read else ""
    match kind.shape:
        case "money":
            return Money(
                name=key,
                description=description,
                nullable=True,
                amount=_part(key, "amount", "decimal", description, sql=sql, index=index),
                currency=f"({{t}}.custom->'{name}'->>'currency')",
            )
        case "structure":
            return Structure(
                name=key,
                description=description,
                nullable=True,
                graphql=kind.graphql,
                present=f"jsonb_typeof({{t}}.custom->'{name}') = 'object'",
                members=tuple(_parts(key, name)),
            )
        case "record" | "records":
            return Relation(
                name=key,
                description=description,
                nullable=not kind.many,
                target=target_of(definition),
                join=(f"{{x}}.id = ANY ({sql})" if kind.many else f"{{x}}.id = {sql}") + _where_it_hangs(definition),
                many=kind.many,
                paged=False,
            )
    return CustomColumn(
        name=key,
        description=description,
        nullable=True,
        type=kind,
        sql=sql,
        source=key,
        enum=f"{REGISTRY[record_type].graphql}Field_{key}" if kind.has_options else "",
        sortable=kind.sortable,
        settings=settings_of(definition),
        index=index,
    )


def _where_it_hangs(definition: CustomField) -> str:
    """A file is shown by the record that it hangs on alone, whatever others name it: who may read those may not have it."""
    return " AND {x}.record_id = {t}.id" if definition.type == "attachment" else ""


def _parts(key: str, name: str) -> Iterator[CustomColumn]:
    for part in ADDRESS_PARTS:
        about = f"The {part.replace('_', ' ')} of the address."
        yield _part(key, part, "text", about, sql=f"({{t}}.custom->'{name}'->>'{part}')", name=camel(part))


def _part(
    key: str, part: str, type_key: str, description: str, *, sql: str, name: str = "", index: str = ""
) -> CustomColumn:
    """A part of a field's values as a column."""
    return CustomColumn(
        name=name or key,
        description=description,
        nullable=True,
        type=field_type(type_key),
        sql=sql,
        source=key,
        part=part,
        index=index,
    )


def _reverse(record_type: str, key: str, definition: CustomField, language: str) -> Relation:
    """The records whose field ``key`` leads to the one at hand."""
    assert definition.reverse is not None
    linked = (
        f"SELECT l.record_id FROM {record_type}_links l"
        f" WHERE l.tenant_id = %(tenant)s AND l.field = '{key}' AND l.value = {{t}}.id"
    )
    return Relation(
        name=definition.reverse.key,
        description=label(definition.reverse.label, language),
        target=record_type,
        join=f"{{x}}.id IN ({linked})",
        many=True,
        follows=f"custom.{key}",
    )


def description_of(definition: CustomField, language: str) -> str:
    """What GraphQL says of a field, in the company's language."""
    name, about = label(definition.label, language), label(definition.help, language)
    return f"{name}: {about}" if about else name
