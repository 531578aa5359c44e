"""Which views somebody may see, and which of them first."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import orjson

from tenants.config.definitions import View
from tenants.config.snapshot import TenantConfig
from tenants.database import Caller, Database
from tenants.permissions import Access

SHARE = "view.share"
PRIVATE_VIEWS = """
SELECT coalesce(json_object_agg(v.id, v.body ORDER BY v.id), '{}'::json)
FROM private_views v
WHERE v.tenant_id = %(tenant)s AND v.member_id = %(member)s::uuid AND (%(ids)s::uuid[] IS NULL OR v.id = ANY(%(ids)s::uuid[]))
"""


def shared_views(config: TenantConfig, access: Access) -> dict[str, View]:
    """The shared views for somebody with these rights, by key; those who may share see all of them. A person at a customer sees those that
    name a role of theirs: the others are for the staff."""
    if access.allows(SHARE):
        return config.views
    held, is_staff = set(config.policy.lineage(access.roles)), not access.is_outside
    return {
        key: view
        for key, view in config.views.items()
        if (is_staff and not view.roles) or held.intersection(view.roles)
    }


def default_view(config: TenantConfig, access: Access, record_type: str) -> str | None:
    """The key of the view that somebody sees first: their own roles' before those of the roles that they inherit."""
    for role in config.policy.lineage(access.roles):
        for key, view in config.views.items():
            if view.record_type == record_type and role in view.default_for:
                return key
    return None


async def private_views(database: Database, caller: Caller, ids: Collection[UUID] | None = None) -> dict[str, View]:
    """The caller's own views by id: all of them, or those of ``ids``. Raises :class:`tenants.database.Outdated`."""
    scope = {
        "tenant": caller.tenant_id,
        "member": caller.member_id,
        "ids": None if ids is None else list(ids),
    }
    answer = await database.read(caller, PRIVATE_VIEWS, scope)
    return parsed(orjson.loads(answer or b"{}"))


def parsed(bodies: Mapping[str, Any]) -> dict[str, View]:
    """Views by id, from stored bodies, in the order of their positions."""
    found = {view_id: View.model_validate(body) for view_id, body in bodies.items()}
    return dict(sorted(found.items(), key=lambda item: (item[1].position, item[0])))
