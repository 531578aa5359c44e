"""Roles that say less than their author may have meant: told by a plan, which goes on all the same."""

from collections.abc import Iterator

from tenants.config.change_sets import Change
from tenants.config.definitions import CustomField, split_field_key
from tenants.config.snapshot import TenantConfig
from tenants.field_rights import READ, WRITE
from tenants.records.rights import OWN
from tenants.row_rights import SCOPED

# Rights that are of no use to who may not read the record.
_CHANGING = ("update", "change_status", "void", "share")


def useless_rights(planned: TenantConfig, role: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Rights to change what the role may not read, and the right to read it."""
    access = planned.policy.access((role,))
    for name in SCOPED:
        found = tuple(f"{name}.{action}" for action in _CHANGING if access.allows(f"{name}.{action}"))
        if found and not access.allows(f"{name}.{READ}"):
            yield found, f"{name}.{READ}"


def shut_out(config: TenantConfig, planned: TenantConfig, change: Change) -> Iterator[tuple[str, str]]:
    """Role and field, as in the document, where by the change the role may create records, but not fill in a field that must be given."""
    roles = planned.policy.roles if change.kind == "field" else [change.key] if change.kind == "role" else ()
    fields = [change.key] if change.kind == "field" else planned.definitions["field"]
    for role in roles:
        for key in fields:
            if _is_shut_out(planned, role, key) and not _is_shut_out(config, role, key):
                yield role, key


def _is_shut_out(config: TenantConfig, role: str, key: str) -> bool:
    field = config.definitions["field"].get(key)
    if not isinstance(field, CustomField) or field.archived or role not in config.policy.roles:
        return False
    if not field.required or field.default is not None or field.default_expression is not None:
        return False
    name, own = split_field_key(key)
    access = config.policy.access((role,))
    return access.allows(f"{name}.create") and not access.has_some(name, WRITE, f"{OWN}{own}")
