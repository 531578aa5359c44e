"""What is counted before it is written to the audit log: refusals, and sign-ins that failed. Each may be repeated without end, and none
may be slowed down, or told by how long it took, by what is written about it.

Each process counts for some seconds and then adds one entry for all that are alike, with how many there were.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar
from uuid import UUID

from tenants.actors import SOMEBODY, Actor
from tenants.audit_log import About, record_of_person, record_within
from tenants.database import Caller, Database

# How many that differ are kept between two writings; of what comes beyond, only the number.
MOST = 1_000
LONGEST_DETAIL = 200

_OF_ADDRESS = "SELECT id FROM users WHERE email = %(email)s"


class Refusal(NamedTuple):
    """That somebody lacked a right."""

    tenant_id: UUID
    kind: str
    id: UUID
    name: str
    right: str


class Failure(NamedTuple):
    """That somebody did not get in, to the account of that address, if there is one. ``reason`` is a code of the refusal."""

    email: str
    reason: str
    address: str


class Disbelief(NamedTuple):
    """That what came in the name of an identity provider led to no session: why, and what was found, by a browser at that address."""

    tenant_id: UUID
    provider_id: UUID
    reason: str
    detail: str
    address: str


Key = TypeVar("Key", Refusal, Failure, Disbelief)


@dataclass
class Tallies:
    """What one process has counted since it last wrote it down; ``lost`` is what there was no room for."""

    refusals: Counter[Refusal] = field(default_factory=Counter)
    failures: Counter[Failure] = field(default_factory=Counter)
    disbeliefs: Counter[Disbelief] = field(default_factory=Counter)
    lost: int = 0

    def refused(self, caller: Caller | None, right: str) -> None:
        """Count that the caller lacked the right; the system itself is never refused anything worth a word."""
        if caller is not None and caller.actor.id is not None:
            actor = caller.actor
            self._count(self.refusals, Refusal(caller.tenant_id, actor.kind, caller.actor.id, actor.name, right))

    def failed(self, email: str, reason: str, address: str) -> None:
        """Count that a sign-in to the account of that e-mail address failed."""
        self._count(self.failures, Failure(email.strip().lower(), reason, address))

    def disbelieved(self, disbelief: Disbelief) -> None:
        """Count that an identity provider's word was not taken, or that it gave none."""
        # What strangers write may hold what cannot be stored, and would keep the rest from being written with it.
        detail = "".join(sign if sign.isprintable() else "?" for sign in disbelief.detail[:LONGEST_DETAIL])
        self._count(self.disbeliefs, disbelief._replace(detail=detail))

    def _count(self, counted: Counter[Key], key: Key) -> None:
        if key in counted or len(counted) < MOST:
            counted[key] += 1
        else:
            self.lost += 1

    async def write(self, database: Database) -> None:
        """Write down what was counted. Raises the errors of the database; what was not written then is lost."""
        refusals, failures, disbeliefs = self.refusals, self.failures, self.disbeliefs
        self.refusals, self.failures, self.disbeliefs = Counter(), Counter(), Counter()
        for refusal, times in refusals.items():
            await _write_refusal(database, refusal, times)
        for failure, times in failures.items():
            await _write_failure(database, failure, times)
        for disbelief, times in disbeliefs.items():
            await _write_disbelief(database, disbelief, times)


async def _write_refusal(database: Database, refusal: Refusal, times: int) -> None:
    actor = Actor(refusal.kind, refusal.id, refusal.name, ())
    async with database.connection() as connection, connection.transaction():
        await record_within(connection, refusal.tenant_id, actor, "refused", {"right": refusal.right, "times": times})


async def _write_failure(database: Database, failure: Failure, times: int) -> None:
    told = {"reason": failure.reason, "times": times, "address": failure.address or None}
    async with database.connection() as connection, connection.transaction():
        row = await (await connection.execute(_OF_ADDRESS, {"email": failure.email})).fetchone()
        if row is not None:
            await record_of_person(connection, row["id"], "sign_in_failed", told, actor=SOMEBODY)


async def _write_disbelief(database: Database, disbelief: Disbelief, times: int) -> None:
    told = {
        "reason": disbelief.reason,
        "detail": disbelief.detail or None,
        "times": times,
        "address": disbelief.address or None,
    }
    about = About("identity_provider", disbelief.provider_id)
    async with database.connection() as connection, connection.transaction():
        await record_within(connection, disbelief.tenant_id, SOMEBODY, "provider_refused", told, about=about)
