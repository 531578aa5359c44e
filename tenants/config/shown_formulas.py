"""Computed fields that a role may read, though not all that they are worked out from: what a plan warns of."""

from collections.abc import Iterator

from tenants.config.snapshot import TenantConfig
from tenants.permissions import Access
from tenants.records import REGISTRY, Attribute, Custom, RecordType, Relation
from tenants.records.rights import OWN, may_read, may_read_some


def shown_formulas(config: TenantConfig, role: str) -> Iterator[tuple[str, str]]:
    """Each such field and what it shows, as ``<record type>.<path>``."""
    access = config.policy.access((role,))
    if not access.closed:
        return
    for record_type, column in config.computed.columns():
        record = REGISTRY[record_type]
        if access.allows(record.right) and may_read_some(access, record, f"{OWN}{column.name}", column):
            for path in sorted(column.formula.uses):
                if not _may_follow(config, access, record, path):
                    yield f"{record_type}.{OWN}{column.name}", f"{record_type}.{path}"


def _may_follow(config: TenantConfig, access: Access, record: RecordType, path: str) -> bool:
    own = False
    for name in path.split("."):
        attribute: Attribute | None = (config.own.get(record.name, {}) if own else record.by_name).get(name)
        if attribute is None:
            # A part of a field that was looked at already.
            return True
        if isinstance(attribute, Custom):
            own = True
            continue
        if not may_read(access, record, f"{OWN}{name}" if own else name, attribute):
            return False
        if isinstance(attribute, Relation):
            record, own = REGISTRY[attribute.target], False
    return True
