"""Writing drafts in batches, through the commands that everybody uses.

A command refuses before it writes, so a refused record leaves its batch as it was. When the database itself refuses, the batch
is halved and tried again until the record that is to blame stands alone.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg

from tenants import customers, numbering, orders, products
from tenants.database import Caller, Database, Outdated
from tenants.imports.binding import Filled, Pending
from tenants.imports.drafts import Draft, LineDraft, _reason
from tenants.imports.reading import Row
from tenants.imports.spool import Spool
from tenants.imports.summary import Reason
from tenants.imports.targets import KNOWN_BY
from tenants.problems import FieldError, InvalidInput, Problem
from tenants.records import REGISTRY
from tenants.transaction import Transaction, begin

CREATED, UPDATED, UNCHANGED, REJECTED = "created", "updated", "unchanged", "rejected"
Values = Mapping[str, Any]

_CHILD_IDS = {
    "customer": "SELECT customer_id AS parent, id, position::text AS key FROM addresses"
    " WHERE tenant_id = %(tenant)s AND customer_id = ANY(%(ids)s)",
    "order": "SELECT order_id AS parent, id, external_id AS key FROM order_lines"
    " WHERE tenant_id = %(tenant)s AND order_id = ANY(%(ids)s)",
}


@dataclass(slots=True)
class Outcome:
    """What became of a draft. A rejected one has reasons, for its own row and for the rows of its lines."""

    draft: Draft
    kind: str
    reasons: list[Reason] = field(default_factory=list)
    line_reasons: dict[int, list[Reason]] = field(default_factory=dict)
