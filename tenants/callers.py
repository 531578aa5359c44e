"""From a token, or from the operator's word, to a :class:`Caller`.

Sessions and configurations are remembered, never invalidated: each statement of a call checks beside its answer that they
still hold, and a call that finds them outdated asks here again with ``fresh``.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from tenants.actors import KEY, MEMBER, Actor
from tenants.calls import current
from tenants.config.snapshot import Tenant, TenantConfig, parse_definitions
from tenants.database import ENTER, Caller, Connection, Database
from tenants.keys.narrowing import Narrowing, is_within, narrowed
from tenants.keys.secret import is_wrong
from tenants.problems import NotSignedIn, SecondFactorDue
from tenants.remembering import Remembered, Weight
from tenants.wire import rows, statement

Row = dict[str, Any]
# How many callers and companies are remembered.
MOST_CALLERS = MOST_TENANTS = 20_000
# How many bytes the configurations in use may weigh, with lenses, documents and plans that were made for them; and how much of it is
# kept when some of them must go.
ROOM = 24 * 2**20
KEPT = 0.9
# What a caller weighs, with their company; what a configuration weighs without its definitions.
CALLER, CONFIG = 1_800, 5_000

_SESSION = statement("""
SELECT s.tenant_id, s.member_id, s.key_id, s.stamp, s.second_factor, s.revoked_at IS NULL AND s.expires_at > now() AS holds,
       s.provider_id IS NULL AND s.key_id IS NULL AS by_password
FROM sessions s WHERE s.token_hash = %(token)s
""")
_ENTER = statement(ENTER)
_MEMBER = statement("""
SELECT id, name, roles, language,
       NOT 'owner' = ANY(roles) AND (SELECT passwords_off FROM tenants WHERE id = %(tenant)s::uuid) AS needs_provider
FROM members WHERE tenant_id = %(tenant)s::uuid AND id = %(member)s AND active
""")
_KEY = statement("""
SELECT id, name, roles, rights, record_types, read_only, networks, created_by_name FROM api_keys
WHERE tenant_id = %(tenant)s::uuid AND id = %(key)s AND revoked_at IS NULL
""")
_VERSION = statement("SELECT config_version FROM tenants WHERE id = %(tenant)s::uuid")
# One statement, because version and definitions must be of one moment.
_CONFIG = statement("""
SELECT t.*, (SELECT json_agg(json_build_array(d.kind, d.key, d.body) ORDER BY d.kind, d.key)
             FROM definitions d WHERE d.tenant_id = t.id) AS definitions,
       ARRAY(SELECT field FROM field_indexes i WHERE i.tenant_id = t.id AND i.state = 'ready' ORDER BY field) AS indexes,
       (SELECT json_agg(json_build_array(v.life_cycle, v.version, v.body) ORDER BY v.life_cycle, v.version)
        FROM life_cycle_versions v
        WHERE v.tenant_id = t.id AND v.in_use) AS kept_cycles,
       ARRAY(SELECT field FROM swapped_fields s WHERE s.tenant_id = t.id ORDER BY field) AS swapped,
       ARRAY(SELECT field FROM field_conversions c WHERE c.tenant_id = t.id
             AND c.state IN ('checking', 'filling', 'switching', 'clearing') ORDER BY field) AS converting
FROM tenants t WHERE t.id = %(tenant)s::uuid
""")


def token_hash(token: str) -> bytes:
    """What is kept of a token: tokens are random, so a plain SHA-256 cannot be guessed back."""
    return hashlib.sha256(token.encode()).digest()


@dataclass
class Callers:
    """The callers of one process, their companies, and the configurations that those share; ``weight`` is that of the
    configurations, which stays within ``room``."""

    database: Database
    room: int = ROOM
    weight: Weight = field(default_factory=Weight)
    # How many configurations had to go for others that are in use.
    forgotten: int = 0
    # Whose sessions were used since somebody last took note of it, and from which addresses keys were.
    used: set[bytes] = field(default_factory=set)
    key_addresses: set[tuple[bytes, str]] = field(default_factory=set)
    _by_token: Remembered[bytes, Caller] = field(default_factory=lambda: Remembered(MOST_CALLERS))
    _tenants: Remembered[UUID, Tenant] = field(default_factory=lambda: Remembered(MOST_TENANTS))
    # By their fingerprints; their number is limited by their weight alone.
    _configs: Remembered[bytes, TenantConfig] = field(default_factory=lambda: Remembered(ROOM))

    async def by_token(self, token: str, *, fresh: bool = False, enrolling: bool = False) -> Caller:
        """The member whose session the token is, or the key. Raises :class:`NotSignedIn`, and :class:`SecondFactorDue` for a session that
        may do nothing but get a second factor, unless that is what it is asked for (``enrolling``)."""
        if is_wrong(token):
            raise NotSignedIn
        hashed = token_hash(token)
        known = None if fresh else self._by_token.get(hashed)
        if known is not None and known.second_factor_due:
            # A call that is refused sends no statement, and would never find out that the company wants none any more.
            known = None
        caller = known or await self._identify(hashed)
        if caller.second_factor_due and not enrolling:
            raise SecondFactorDue
        if caller.networks and not is_within(current().address, caller.networks):
            raise NotSignedIn("key.address")
        self._use(caller.config)
        self.used.add(hashed)
        if caller.actor.kind == KEY and len(self.key_addresses) < MOST_CALLERS:
            self.key_addresses.add((hashed, current().address))
        return caller

    @property
    def entries(self) -> dict[str, int]:
        """How many callers, companies and configurations are remembered."""
        return {"callers": len(self._by_token), "tenants": len(self._tenants), "configurations": len(self._configs)}

    def knows(self, token: str) -> bool:
        """Whether the token was a member's when it was last looked up; nothing is looked up for it."""
        return self._by_token.get(token_hash(token)) is not None

    async def acting(self, tenant_id: UUID, actor: Actor) -> Caller:
        """A caller without a session, with the configuration as it is now. Raises ``LookupError`` for no such tenant."""
        scope = {"tenant": tenant_id}
        async with self.database.connection() as connection:
            (found,) = await connection.exchange((_VERSION, scope))
            tenant = await self._tenant(connection, tenant_id, rows(connection, found))
        self._use(tenant.config)
        return Caller(tenant, actor, tenant.config.policy.access(actor.roles))

    async def _identify(self, hashed: bytes) -> Caller:
        async with self.database.connection() as connection:
            (found,) = await connection.exchange((_SESSION, {"token": hashed}))
            sessions = rows(connection, found)
            if not sessions:
                raise self._unknown(hashed)
            (session,) = sessions
            scope = {"tenant": session["tenant_id"], "member": session["member_id"], "key": session["key_id"]}
            principal = _MEMBER if session["key_id"] is None else _KEY
            # The stamp was read before the member, so what changed between the two shows in the next call.
            _, found, version = await connection.exchange((_ENTER, scope), (principal, scope), (_VERSION, scope))
            principals = rows(connection, found)
            if principals and session["by_password"] and principals[0]["needs_provider"]:
                # Whether it has ended or was opened at the same moment: no password counts here.
                raise self._unknown(hashed, "single_sign_on.wanted")
            if not principals or not session["holds"]:
                raise self._unknown(hashed)
            (row,) = principals
            tenant = await self._tenant(connection, session["tenant_id"], rows(connection, version))
        if principal is _KEY:
            return self._by_token.put(hashed, _key_caller(tenant, row, hashed, session["stamp"]))
        actor = Actor(MEMBER, row["id"], row["name"], tuple(row["roles"]), row["language"])
        is_due = not session["second_factor"] and tenant.config.sign_in.wants_second_factor(actor.roles)
        access = tenant.config.policy.access(() if is_due else actor.roles)
        caller = Caller(tenant, actor, access, hashed, session["stamp"], is_due)
        return self._by_token.put(hashed, caller)

    def _unknown(self, hashed: bytes, code: str = "not_signed_in") -> NotSignedIn:
        self._by_token.drop(hashed)
        return NotSignedIn(code)

    async def _tenant(self, connection: Connection, tenant_id: UUID, found: Sequence[Row]) -> Tenant:
        """The tenant whose configuration's version was ``found``. Raises ``LookupError`` when there was none."""
        known = self._tenants.get(tenant_id)
        if known is not None and found and known.version == found[0]["config_version"]:
            return known
        scope = {"tenant": tenant_id}
        _, read = await connection.exchange((_ENTER, scope), (_CONFIG, scope))
        tenants = rows(connection, read)
        if not tenants:
            raise LookupError(tenant_id)
        (row,) = tenants
        made = Tenant(
            id=row["id"],
            slug=row["slug"],
            name=row["name"],
            version=row["config_version"],
            config=self._config(row),
            quotas=row["quotas"],
            exceeded=tuple(row["exceeded"]),
        )
        return self._tenants.put(tenant_id, made)

    def _config(self, row: Row) -> TenantConfig:
        """The configuration that was read, which is the one of all companies for which the same was read."""
        said = hashlib.sha256(repr([value for name, value in row.items() if name not in _OWN]).encode()).digest()
        known = self._configs.get(said)
        if known is not None:
            return known
        weight = Weight()
        weight.add(CONFIG)
        kept = orjson.loads(row["kept_cycles"] or b"[]")
        config = TenantConfig(
            language=row["language"],
            time_zone=row["time_zone"],
            currency=row["currency"],
            definitions=parse_definitions(orjson.loads(row["definitions"] or b"[]"), weight),
            complete_indexes=frozenset(row["indexes"]),
            kept_cycles=tuple((key, version, body) for key, version, body in kept),
            swapped_fields=frozenset(row["swapped"]),
            converting_fields=frozenset(row["converting"]),
            fingerprint=said,
        )
        config.weight.add(weight.bytes)
        config.weight.join(self.weight)
        return self._configs.put(said, config)

    def _use(self, config: TenantConfig) -> None:
        """Note that the configuration is in use, and let go of those that are so least when all weigh too much."""
        if self._configs.get(config.fingerprint) is None:
            # It had to go while this caller was looked up.
            config.weight.join(self.weight)
            self._configs.put(config.fingerprint, config)
        if self.weight.bytes > self.room:
            self._make_room()

    def _make_room(self) -> None:
        gone: set[TenantConfig] = set()
        while self.weight.bytes > self.room * KEPT and len(self._configs) > 1:
            config = self._configs.drop_oldest()
            config.weight.leave()
            config.let_go()
            gone.add(config)
        self.forgotten += len(gone)
        # Many at once, because all who use one of them must be looked for.
        self._tenants.drop_all(lambda tenant: tenant.config in gone)
        self._by_token.drop_all(lambda caller: caller.config in gone)


def key_actor(row: Row, language: str = "en") -> Actor:
    """A program with a key. It is told of by its name, with who made it."""
    return Actor(KEY, row["id"], f"{row['name']} ({row['created_by_name']})", tuple(row.get("roles", ())), language)


def _key_caller(tenant: Tenant, row: Row, hashed: bytes, stamp: int) -> Caller:
    actor = key_actor(row, tenant.config.language)
    access = narrowed(tenant.config.policy.access(actor.roles), Narrowing.of(row))
    return Caller(tenant, actor, access, hashed, stamp, networks=tuple(row["networks"]))


# What is read of a company that is its own; all the rest is its configuration.
_OWN = frozenset(
    {
        "id",
        "slug",
        "name",
        "config_version",
        "quotas",
        "exceeded",
        "created_at",
        "measured_at",
        "passwords_off",
        "canary",
    }
)
