"""From a path such as ``customer.name`` or ``custom.score`` to what it names in a record type."""

from tenants.config.snapshot import TenantConfig
from tenants.permissions import Access
from tenants.records import REGISTRY, Attribute, Custom, RecordType, Relation, Structure
from tenants.records.rights import OWN, part_to_read


def resolve(record: RecordType, config: TenantConfig, path: str) -> tuple[Attribute, ...] | None:
    """The attributes along a path, the last of them what it names; None where there is no such way.

    Paths lead through relations to one record, through structures, and to the tenant's open fields.
    """
    found: list[Attribute] = []
    for name in path.split("."):
        attribute = record.by_name.get(name) if not found else _next(record, config, found[-1], name)
        if attribute is None:
            return None
        if isinstance(attribute, Relation):
            record = REGISTRY[attribute.target]
        found.append(attribute)
    return None if isinstance(found[-1], Custom) else tuple(found)


def owner_of(record: RecordType, attributes: tuple[Attribute, ...]) -> RecordType:
    """The record type that what a path names belongs to."""
    for attribute in attributes[:-1]:
        if isinstance(attribute, Relation):
            record = REGISTRY[attribute.target]
    return record


def require_way(record: RecordType, attributes: tuple[Attribute, ...], access: Access) -> None:
    """Raise :class:`NotAllowed` when the way leads through records or fields that may not be read."""
    before: Attribute | None = None
    for attribute in attributes:
        # A structure is one field; its members are not fields of their own.
        if not isinstance(attribute, Custom) and not isinstance(before, Structure):
            part_to_read(access, record, path_of(attribute, before), attribute)
        if isinstance(attribute, Relation):
            record = REGISTRY[attribute.target]
            access.require_to_read(record.right)
        before = attribute


def path_of(attribute: Attribute, before: Attribute | None) -> str:
    """Where a record has what a way leads to, ``before`` which there was another."""
    return f"{OWN}{attribute.name}" if isinstance(before, Custom) else attribute.name


def _next(record: RecordType, config: TenantConfig, last: Attribute, name: str) -> Attribute | None:
    match last:
        case Relation(many=False):
            return record.by_name.get(name)
        case Structure():
            return next((member for member in last.members if member.name == name), None)
        case Custom():
            return config.own.get(record.name, {}).get(name)
    return None
