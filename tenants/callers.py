"""From a token, or from the operator's word, to a :class:`Caller`.

Sessions and configurations are remembered, never invalidated: each statement of a call checks beside its answer that they
still hold, and a call that finds them outdated asks here again with ``fresh``.
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from uuid import UUID

from tenants.actors import MEMBER, Actor
from tenants.config.snapshot import TenantConfig, parse_definitions
from tenants.database import ENTER, Caller, Connection, Database
from tenants.problems import NotSignedIn

Key = TypeVar("Key")
Value = TypeVar("Value")

_SESSION = """
SELECT s.tenant_id, s.member_id, s.stamp FROM sessions s
WHERE s.token_hash = %(token)s AND s.revoked_at IS NULL AND s.expires_at > now()
"""
_MEMBER = "SELECT id, name, roles, language FROM members WHERE tenant_id = %(tenant)s AND id = %(member)s AND active"
_TENANT = "SELECT * FROM tenants WHERE id = %(tenant)s"
_DEFINITIONS = "SELECT kind, key, body FROM definitions WHERE tenant_id = %(tenant)s"


class Remembered(Generic[Key, Value]):
    """A map that forgets what was used longest ago."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Key, Value] = OrderedDict()

    def get(self, key: Key) -> Value | None:
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: Key, value: Value) -> Value:
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._most:
            self._values.popitem(last=False)
        return value

    def drop(self, key: Key) -> None:
        self._values.pop(key, None)


def token_hash(token: str) -> bytes:
    """What is kept of a token: tokens are random, so a plain SHA-256 cannot be guessed back."""
    return hashlib.sha256(token.encode()).digest()


@dataclass
class Callers:
    """The callers of one process."""

    database: Database
    _by_token: Remembered[bytes, Caller] = field(default_factory=lambda: Remembered(20_000))
    _configs: Remembered[UUID, TenantConfig] = field(default_factory=lambda: Remembered(2_000))

    async def by_token(self, token: str, *, fresh: bool = False) -> Caller:
        """The member whose session the token is. Raises :class:`NotSignedIn`."""
        hashed = token_hash(token)
        known = None if fresh else self._by_token.get(hashed)
        return known or await self._identify(hashed)

    async def acting(self, tenant_id: UUID, actor: Actor) -> Caller:
        """A caller without a session, with the configuration as it is now. Raises ``LookupError`` for no such tenant."""
        async with self.database.connection() as connection:
            config = await self._config(connection, tenant_id)
        return Caller(tenant_id, actor, config, config.policy.access(actor.roles))

    async def _identify(self, hashed: bytes) -> Caller:
        async with self.database.connection() as connection:
            session = await (await connection.execute(_SESSION, {"token": hashed})).fetchone()
            if session is None:
                self._by_token.drop(hashed)
                raise NotSignedIn
            tenant_id = session["tenant_id"]
            scope = {"tenant": tenant_id, "member": session["member_id"]}
            async with connection.pipeline():
                await connection.execute(ENTER, scope)
                member = await (await connection.execute(_MEMBER, scope)).fetchone()
            if member is None:
                self._by_token.drop(hashed)
                raise NotSignedIn
            config = await self._config(connection, tenant_id)
        actor = Actor(MEMBER, member["id"], member["name"], tuple(member["roles"]), member["language"])
        # The stamp was read before the member, so what changed between the two shows in the next call.
        caller = Caller(tenant_id, actor, config, config.policy.access(actor.roles), hashed, session["stamp"])
        return self._by_token.put(hashed, caller)

    async def _config(self, connection: Connection, tenant_id: UUID) -> TenantConfig:
        scope = {"tenant": tenant_id}
        tenant = await (await connection.execute(_TENANT, scope)).fetchone()
        if tenant is None:
            raise LookupError(tenant_id)
        known = self._configs.get(tenant_id)
        if known is not None and known.version == tenant["config_version"]:
            return known
        # Version and definitions must be of one moment, so they are read again in one snapshot.
        async with connection.transaction():
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            await connection.execute(ENTER, scope)
            tenant = await (await connection.execute(_TENANT, scope)).fetchone()
            rows = await (await connection.execute(_DEFINITIONS, scope)).fetchall()
        if tenant is None:
            raise LookupError(tenant_id)
        return self._configs.put(tenant_id, _snapshot(tenant, rows))


def _snapshot(tenant: dict[str, Any], rows: list[dict[str, Any]]) -> TenantConfig:
    return TenantConfig(
        tenant_id=tenant["id"],
        slug=tenant["slug"],
        name=tenant["name"],
        language=tenant["language"],
        time_zone=tenant["time_zone"],
        currency=tenant["currency"],
        version=tenant["config_version"],
        definitions=parse_definitions((row["kind"], row["key"], row["body"]) for row in rows),
    )
