"""From a token, or from the operator's word, to a :class:`Caller`.

Sessions and configurations are remembered, never invalidated: each statement of a call checks beside its answer that they
still hold, and a call that finds them outdated asks here again with ``fresh``.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson

from tenants.actors import MEMBER, Actor
from tenants.config.snapshot import TenantConfig, parse_definitions
from tenants.database import ENTER, Caller, Connection, Database
from tenants.problems import NotSignedIn, SecondFactorDue
from tenants.wire import rows, statement

Row = dict[str, Any]
Key = TypeVar("Key")
Value = TypeVar("Value")

_SESSION = statement("""
SELECT s.tenant_id, s.member_id, s.stamp, s.second_factor FROM sessions s
WHERE s.token_hash = %(token)s AND s.revoked_at IS NULL AND s.expires_at > now()
""")
_ENTER = statement(ENTER)
_MEMBER = statement(
    "SELECT id, name, roles, language FROM members WHERE tenant_id = %(tenant)s::uuid AND id = %(member)s AND active"
)
_VERSION = statement("SELECT config_version FROM tenants WHERE id = %(tenant)s::uuid")
# One statement, because version and definitions must be of one moment.
_CONFIG = statement("""
SELECT t.*, (SELECT json_agg(json_build_array(d.kind, d.key, d.body)) FROM definitions d WHERE d.tenant_id = t.id) AS definitions,
       ARRAY(SELECT field FROM field_indexes i WHERE i.tenant_id = t.id AND i.state = 'ready') AS indexes,
       (SELECT json_agg(json_build_array(v.life_cycle, v.version, v.body)) FROM life_cycle_versions v
        WHERE v.tenant_id = t.id AND v.in_use) AS kept_cycles
FROM tenants t WHERE t.id = %(tenant)s::uuid
""")


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
    # Whose sessions were used since somebody last took note of it.
    used: set[bytes] = field(default_factory=set)
    _by_token: Remembered[bytes, Caller] = field(default_factory=lambda: Remembered(20_000))
    _configs: Remembered[UUID, TenantConfig] = field(default_factory=lambda: Remembered(2_000))

    async def by_token(self, token: str, *, fresh: bool = False, enrolling: bool = False) -> Caller:
        """The member whose session the token is. Raises :class:`NotSignedIn`, and :class:`SecondFactorDue` for a session that may do
        nothing but get a second factor, unless that is what it is asked for (``enrolling``)."""
        hashed = token_hash(token)
        known = None if fresh else self._by_token.get(hashed)
        caller = known or await self._identify(hashed)
        if caller.second_factor_due and not enrolling:
            raise SecondFactorDue
        self.used.add(hashed)
        return caller

    def knows(self, token: str) -> bool:
        """Whether the token was a member's when it was last looked up; nothing is looked up for it."""
        return self._by_token.get(token_hash(token)) is not None

    async def acting(self, tenant_id: UUID, actor: Actor) -> Caller:
        """A caller without a session, with the configuration as it is now. Raises ``LookupError`` for no such tenant."""
        scope = {"tenant": tenant_id}
        async with self.database.connection() as connection:
            (found,) = await connection.exchange((_VERSION, scope))
            config = await self._config(connection, tenant_id, rows(connection, found))
        return Caller(tenant_id, actor, config, config.policy.access(actor.roles))

    async def _identify(self, hashed: bytes) -> Caller:
        async with self.database.connection() as connection:
            (found,) = await connection.exchange((_SESSION, {"token": hashed}))
            sessions = rows(connection, found)
            if not sessions:
                raise self._unknown(hashed)
            (session,) = sessions
            scope = {"tenant": session["tenant_id"], "member": session["member_id"]}
            # The stamp was read before the member, so what changed between the two shows in the next call.
            _, found, version = await connection.exchange((_ENTER, scope), (_MEMBER, scope), (_VERSION, scope))
            members = rows(connection, found)
            if not members:
                raise self._unknown(hashed)
            (member,) = members
            config = await self._config(connection, session["tenant_id"], rows(connection, version))
        actor = Actor(MEMBER, member["id"], member["name"], tuple(member["roles"]), member["language"])
        is_due = not session["second_factor"] and config.sign_in.wants_second_factor(actor.roles)
        access = config.policy.access(() if is_due else actor.roles)
        caller = Caller(session["tenant_id"], actor, config, access, hashed, session["stamp"], is_due)
        return self._by_token.put(hashed, caller)

    def _unknown(self, hashed: bytes) -> NotSignedIn:
        self._by_token.drop(hashed)
        return NotSignedIn()

    async def _config(self, connection: Connection, tenant_id: UUID, found: Sequence[Row]) -> TenantConfig:
        """The configuration of the tenant whose version was ``found``. Raises ``LookupError`` when there was none."""
        known = self._configs.get(tenant_id)
        if known is not None and found and known.version == found[0]["config_version"]:
            return known
        scope = {"tenant": tenant_id}
        _, read = await connection.exchange((_ENTER, scope), (_CONFIG, scope))
        tenants = rows(connection, read)
        if not tenants:
            raise LookupError(tenant_id)
        return self._configs.put(tenant_id, _snapshot(tenants[0]))


def _snapshot(tenant: Row) -> TenantConfig:
    return TenantConfig(
        tenant_id=tenant["id"],
        slug=tenant["slug"],
        name=tenant["name"],
        language=tenant["language"],
        time_zone=tenant["time_zone"],
        currency=tenant["currency"],
        version=tenant["config_version"],
        definitions=parse_definitions(orjson.loads(tenant["definitions"] or b"[]")),
        complete_indexes=frozenset(tenant["indexes"]),
        quotas=tenant["quotas"],
        exceeded=tuple(tenant["exceeded"]),
        kept_cycles=tuple((key, version, body) for key, version, body in orjson.loads(tenant["kept_cycles"] or b"[]")),
    )
