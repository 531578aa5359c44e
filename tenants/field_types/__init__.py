"""What a value can be: one self-registering file per field type.

Built-in columns and a tenant's own fields use the same types. To add one, write a file like ``decimal.py``, import it
below, and the registry, the GraphQL schema, filters, orderings, imports and the shared contract test know it.
"""

from tenants.field_types import (  # noqa: F401  (importing a type registers it)
    boolean,
    date,
    date_time,
    decimal,
    identifier,
    integer,
    json,
    multi_select,
    select,
    tags,
    text,
)
from tenants.field_types.base import REGISTRY, BadValue, FieldType, field_type

__all__ = ["REGISTRY", "BadValue", "FieldType", "field_type"]
