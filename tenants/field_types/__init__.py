"""What a value can be: one self-registering file per field type.

Built-in columns and a tenant's own fields use the same types. To add one, write a file like ``decimal.py``, import it
below, and the registry, the GraphQL schema, filters, orderings, imports and the shared contract test know it.
"""

from tenants.field_types import (  # noqa: F401  (importing a type registers it)
    address,
    attachment,
    auto_number,
    boolean,
    date,
    date_time,
    decimal,
    duration,
    email,
    formula,
    identifier,
    integer,
    json,
    link,
    long_text,
    money,
    multi_select,
    percent,
    phone,
    rollup,
    select,
    tags,
    text,
    time,
    url,
)
from tenants.field_types.base import PLAIN, REGISTRY, BadValue, FieldType, Settings, field_type

__all__ = ["PLAIN", "REGISTRY", "BadValue", "FieldType", "Settings", "field_type"]
