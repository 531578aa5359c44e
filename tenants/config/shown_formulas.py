"""Fields that a role may read, though not all that they are worked out or taken over from: what a plan warns of."""

from collections.abc import Iterator

from tenants.config.snapshot import TenantConfig
from tenants.field_rights import READ, WRITE
from tenants.permissions import Access
from tenants.records import REGISTRY, Attribute, Custom, RecordType, Relation
from tenants.records.rights import OWN, may_read, may_read_some

# What a line takes over of its product, and under which name.
COPIED = {
    "sku": "sku",
    "name": "name",
    "specification": "specification",
    "unit": "unit",
    "price": "unitPrice",
    "taxRate": "taxRate",
}


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


def shown_copies(config: TenantConfig, role: str) -> Iterator[tuple[str, str]]:
    """Each field of a line that shows a role a field of products which is closed to it, since the role may take products into orders; in the
    same way."""
    access = config.policy.access((role,))
    able = any(access.allows(f"order.{action}") for action in ("create", "update"))
    if able and access.allows("product.read") and access.has_some("order", WRITE, "lines.product"):
        for field, copy in COPIED.items():
            is_closed = not access.has_field("product", READ, field)
            if (
                is_closed
                and access.has_some("order", READ, "lines")
                and access.has_some("order", READ, f"lines.{copy}")
            ):
                yield f"order.lines.{copy}", f"product.{field}"


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
