"""What can be read: one :class:`RecordType` per kind of record, built-in ones here, all alike.

``attributes`` holds the building blocks, one file per noun the descriptions, ``REGISTRY`` all of them by name.
"""

from tenants.records.attributes import (
    Attribute,
    AuditWords,
    Column,
    Custom,
    CustomColumn,
    Items,
    Lookup,
    Me,
    Money,
    Permissions,
    RecordType,
    Relation,
    Steps,
    Structure,
)
from tenants.records.audit import API_KEY, AUDIT_ENTRY
from tenants.records.change_sets import CHANGE_SET, CONFIGURATION_DRAFT
from tenants.records.customers import ADDRESS, CONTACT_POINT, CUSTOMER
from tenants.records.files import FILE
from tenants.records.history import HISTORY_ENTRY
from tenants.records.orders import ORDER, ORDER_LINE
from tenants.records.people import MEMBER, NOTIFICATION
from tenants.records.products import PRODUCT
from tenants.records.runs import AUTOMATION_RUN, DELIVERY
from tenants.records.teams import SHARE, TEAM, TEAM_MEMBERSHIP

REGISTRY: dict[str, RecordType] = {
    record.name: record
    for record in (
        ORDER,
        ORDER_LINE,
        CUSTOMER,
        CONTACT_POINT,
        ADDRESS,
        PRODUCT,
        MEMBER,
        TEAM,
        TEAM_MEMBERSHIP,
        SHARE,
        NOTIFICATION,
        HISTORY_ENTRY,
        FILE,
        AUTOMATION_RUN,
        DELIVERY,
        CHANGE_SET,
        CONFIGURATION_DRAFT,
        AUDIT_ENTRY,
        API_KEY,
    )
}
CUSTOMISABLE = tuple(record.name for record in REGISTRY.values() if record.customisable)

__all__ = [
    "CUSTOMISABLE",
    "REGISTRY",
    "Attribute",
    "AuditWords",
    "Column",
    "Custom",
    "CustomColumn",
    "Items",
    "Lookup",
    "Me",
    "Money",
    "Permissions",
    "RecordType",
    "Relation",
    "Steps",
    "Structure",
]
