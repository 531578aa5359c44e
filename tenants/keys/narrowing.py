"""What a key may do: what its roles may, and of that what it was narrowed to."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from tenants.field_rights import OBJECTS, READ, WRITE, Fields
from tenants.permissions import Access

RECORD_TYPES = ("order", "customer", "product")
_READING = frozenset({"read", "export"})


@dataclass(frozen=True, slots=True)
class Narrowing:
    """To which ``rights`` and ``record_types`` a key is narrowed (to none in particular where there are none), and whether it is
    ``read_only``."""

    rights: Collection[str] = ()
    record_types: Collection[str] = ()
    read_only: bool = False

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Narrowing":
        return cls(frozenset(row["rights"]), frozenset(row["record_types"]), row["read_only"])

    def leaves(self, right: str) -> bool:
        """Whether a right may be the key's.

        No key changes anything but records: who may make keys and members, or say what a role may do, could give itself every right.
        """
        name, _, action = right.partition(".")
        if name in RECORD_TYPES:
            if (self.record_types and name not in self.record_types) or (self.read_only and action not in _READING):
                return False
        elif action != "read" or (self.record_types and right not in self.rights):
            # Who says which records means no audit log, addresses of members or messages beside them.
            return False
        return not self.rights or right in self.rights


def narrowed(access: Access, narrowing: Narrowing) -> Access:
    """The access of a key whose roles have this one.

    It has one more name among its roles, which says what is left: by the roles plans are told apart that were made for other rights.
    """
    left = frozenset(filter(narrowing.leaves, access.rights))
    mark = hashlib.sha256(" ".join(sorted(left)).encode()).hexdigest()[:16]
    closed = _closed(left)
    kept = {right: rows for right, rows in access.field_rows.items() if tuple(right.split(".")[:2]) not in closed}
    roles = (*access.roles, f"key {mark}")
    return replace(access, roles=roles, rights=left, closed={**access.closed, **closed}, field_rows=kept)


def _closed(rights: Collection[str]) -> dict[tuple[str, str], Fields]:
    """The fields of what may not be read or written at all."""
    found = {}
    for name, beginnings in OBJECTS.items():
        held = {right.partition(".")[2] for right in rights if right.startswith(f"{name}.")}
        none = Fields({}, dict.fromkeys(beginnings, False))
        if READ not in held:
            found[name, READ] = none
        if held <= _READING:
            found[name, WRITE] = none
    return found


def is_within(address: str, networks: Iterable[str]) -> bool:
    """Whether an address is in one of the networks."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return any((mapped or found) in network_of(network) for network in networks)


@lru_cache(maxsize=1_000)
def network_of(text: str) -> IPv4Network | IPv6Network:
    """The network that a text such as ``203.0.113.0/24`` names. Raises ``ValueError``."""
    return ip_network(text.strip())
