"""From where programs use their keys: the audit log tells of the first use, and of the first from each network.

A secret that somebody took along shows there, whoever it was made for. A program that comes from everywhere is told of a bounded number
of times.
"""

from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from typing import Any
from uuid import UUID

from tenants.audit_log import record_within
from tenants.callers import key_actor
from tenants.database import ENTER, Connection, Database

# What is taken for one network, in bits: what a provider gives to one customer.
_BITS = {4: 24, 6: 48}
MOST_NETWORKS = 50

_KEYS = "SELECT token_hash, tenant_id, key_id FROM sessions WHERE token_hash = ANY(%(hashes)s) AND key_id IS NOT NULL"
_NAME = "SELECT id, name, created_by_name FROM api_keys WHERE tenant_id = %(tenant)s AND id = %(key)s"
_TOLD = """
SELECT c.value->>'new' AS network FROM events e LEFT JOIN jsonb_array_elements(e.changes) c ON c.value->>'field' = 'network'
WHERE e.tenant_id = %(tenant)s AND e.record_type = 'key' AND e.record_id = %(key)s AND e.kind = 'key_used'
LIMIT %(most)s
"""


async def note_networks(database: Database, used: Iterable[tuple[bytes, str]]) -> None:
    """Tell the audit log of keys, by the hash of the secret that was used, and of the addresses it was used from, where their networks are
    new to it. Raises the errors of the database."""
    addresses: dict[bytes, dict[str | None, str]] = {}
    for hashed, address in used:
        addresses.setdefault(hashed, {}).setdefault(network(address), address)
    async with database.connection() as connection:
        found = await connection.execute(_KEYS, {"hashes": list(addresses)})
        for row in await found.fetchall():
            async with connection.transaction():
                await _note(connection, row["tenant_id"], row["key_id"], addresses[bytes(row["token_hash"])])


async def _note(connection: Connection, tenant_id: UUID, key_id: UUID, addresses: dict[str | None, str]) -> None:
    scope: dict[str, Any] = {"tenant": tenant_id, "key": key_id, "most": MOST_NETWORKS}
    await connection.execute(ENTER, scope)
    told = [row["network"] for row in await (await connection.execute(_TOLD, scope)).fetchall()]
    key = await (await connection.execute(_NAME, scope)).fetchone()
    assert key is not None, "a key is never deleted"
    for name, address in addresses.items():
        is_known = name in told if name else bool(told)
        if not is_known and len(told) < MOST_NETWORKS:
            told.append(name)
            said = {"network": name, "address": address or None}
            await record_within(connection, tenant_id, key_actor(key), "key_used", said)


def network(address: str) -> str | None:
    """The network that an address is of, such as ``203.0.113.0/24``; None for what is no address."""
    try:
        found = ip_address(address)
    except ValueError:
        return None
    found = getattr(found, "ipv4_mapped", None) or found
    return str(ip_network(f"{found}/{_BITS[found.version]}", strict=False))
