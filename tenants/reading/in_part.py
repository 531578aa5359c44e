"""Fields that may be read of some records alone: as attributes that are absent from all others, wherever a statement reads them."""

from dataclasses import replace

from tenants.conditions.row_tests import RowTests
from tenants.permissions import Access
from tenants.records import Attribute, Column, CustomColumn, Money, RecordType, Relation, Structure
from tenants.records.rights import part_to_read


def readable(access: Access, tests: RowTests | None, record: RecordType, path: str, attribute: Attribute) -> Attribute:
    """The attribute as the reader may read it. ``path`` is where the record has it: its name, or for a field of the company's own
    ``custom.<key>``. Raises :class:`NotAllowed` for one that they may not read of any record."""
    part = part_to_read(access, record, path, attribute)
    if not part:
        return attribute
    assert tests is not None
    return _absent_outside(attribute, tests.of_field(record, part))


def _absent_outside(attribute: Attribute, test: str) -> Attribute:
    """The attribute, with a value where the ``test`` of the row ``{t}`` holds. No index knows where that is."""
    match attribute:
        case CustomColumn():
            return replace(attribute, sql=_value(attribute, test), index="")
        case Column():
            return replace(attribute, sql=_value(attribute, test), indexed=False, rank="")
        case Money():
            amount = _absent_outside(attribute.amount, test)
            assert isinstance(amount, Column)
            # In other currencies than the ones that may be known there are no figures.
            return replace(attribute, amount=amount, currency=f"(CASE WHEN {test} THEN {attribute.currency} END)")
        case Structure():
            members = tuple(_absent_outside(member, test) for member in attribute.members)
            return replace(attribute, members=members, present=f"({attribute.present or 'TRUE'}) AND {test}")
        case Relation():
            return replace(attribute, join=f"({attribute.join}) AND {test}")
    raise TypeError(attribute)


def _value(column: Column, test: str) -> str:
    return f"(CASE WHEN {test} THEN {column.sql} END)"
