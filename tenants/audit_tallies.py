"""What is counted before it is written to the audit log: refusals, and sign-ins that failed. Each may be repeated without end, and none
may be slowed down, or told by how long it took, by what is written about it.

Each process counts for some seconds and then adds one entry for all that are alike, with how many there were.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from tenants.actors import SOMEBODY, Actor
from tenants.audit_log import About, record_of_person, record_within
from tenants.database import Caller, Database
from tenants.problems import InvalidInput, Problem
from tenants.sign_in import notices, tries

# How many that differ are kept between two writings; of what comes beyond, only the number.
MOST = 1_000
LONGEST_DETAIL = 200
# Refusals of those who reached for more than they have.
ESCALATIONS = frozenset(
    {
        "limit.owner_grant",
        "limit.role_grant",
        "limit.team_grant",
        "single_sign_on.owners",
        "people.above",
        "second_factor.owner",
    }
)
# The refusal of whoever has tried too often, of which the owner of the account is told once an hour.
GUESSING, HOUR = "limit.sign_in", 60

_OF_ADDRESS = "SELECT id FROM users WHERE email = %(email)s"


class Refusal(NamedTuple):
    """That somebody lacked a right, or with a ``reason``, which is a code of a refusal, reached for rights that are not theirs to give."""

    tenant_id: UUID
    kind: str
    id: UUID
    name: str
    right: str
    reason: str = ""


class Failure(NamedTuple):
    """That somebody did not get in, to the account of that address, if there is one. ``reason`` is a code of the refusal."""

    email: str
    reason: str
    address: str


class Forgotten(NamedTuple):
    """That somebody wants to set the password anew of the account of that address, if there is one."""

    email: str
    address: str


class Disbelief(NamedTuple):
    """That what came in the name of an identity provider led to no session: why, and what was found, by a browser at that address."""

    tenant_id: UUID
    provider_id: UUID
    reason: str
    detail: str
    address: str


Key = TypeVar("Key", Refusal, Failure, Forgotten, Disbelief)


@dataclass
class Tallies:
    """What one process has counted since it last wrote it down; ``lost`` is what there was no room for."""

    refusals: Counter[Refusal] = field(default_factory=Counter)
    failures: Counter[Failure] = field(default_factory=Counter)
    forgotten: Counter[Forgotten] = field(default_factory=Counter)
    disbeliefs: Counter[Disbelief] = field(default_factory=Counter)
    lost: int = 0

    def refused(self, caller: Caller | None, right: str) -> None:
        """Count that the caller lacked the right; the system itself is never refused anything worth a word."""
        if caller is not None and caller.actor.id is not None:
            actor = caller.actor
            self._count(self.refusals, Refusal(caller.tenant_id, actor.kind, caller.actor.id, actor.name, right))

    def reached(self, caller: Caller | None, problem: Problem) -> None:
        """Count that the caller was refused what would have given rights that are not theirs to give, if that is what the problem says."""
        if caller is None or caller.actor.id is None:
            return
        who = (caller.tenant_id, caller.actor.kind, caller.actor.id, caller.actor.name)
        for code, data in _told(problem):
            if code in ESCALATIONS:
                self._count(self.refusals, Refusal(*who, ", ".join(data.get("rights", ()))[:LONGEST_DETAIL], code))

    def failed(self, email: str, reason: str, address: str) -> None:
        """Count that a sign-in to the account of that e-mail address failed."""
        self._count(self.failures, Failure(email.strip().lower(), reason, address))

    def forgot(self, email: str, address: str) -> None:
        """Count that somebody wants to set the password of that e-mail address anew."""
        self._count(self.forgotten, Forgotten(email.strip().lower(), address))

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
        forgotten, self.forgotten = self.forgotten, Counter()
        self.refusals, self.failures, self.disbeliefs = Counter(), Counter(), Counter()
        for refusal, times in refusals.items():
            await _write_refusal(database, refusal, times)
        for failure, times in failures.items():
            await _write_failure(database, failure, times)
        for wish, times in forgotten.items():
            await _write_of_address(database, "password_reset_requested", wish.email, times, wish.address)
        for disbelief, times in disbeliefs.items():
            await _write_disbelief(database, disbelief, times)


async def _write_refusal(database: Database, refusal: Refusal, times: int) -> None:
    actor = Actor(refusal.kind, refusal.id, refusal.name, ())
    told = {"right": refusal.right or None, "reason": refusal.reason or None, "times": times}
    async with database.connection() as connection, connection.transaction():
        await record_within(connection, refusal.tenant_id, actor, "refused", told)


async def _write_failure(database: Database, failure: Failure, times: int) -> None:
    found = await _write_of_address(
        database, "sign_in_failed", failure.email, times, failure.address, reason=failure.reason
    )
    if found is None or failure.reason != GUESSING:
        return
    if not await tries.count(database, tries.bucket_of("guessed", found.bytes), most=1, minutes=HOUR):
        async with database.connection() as connection, connection.transaction():
            await notices.tell(connection, found, "guessed")


async def _write_of_address(
    database: Database, kind: str, email: str, times: int, address: str, **told: str
) -> UUID | None:
    """Write down what somebody, who need not be its owner, tried with an account; whose it is, if there is one of that address."""
    async with database.connection() as connection, connection.transaction():
        row = await (await connection.execute(_OF_ADDRESS, {"email": email})).fetchone()
        if row is None:
            return None
        said = {**told, "times": times, "address": address or None}
        await record_of_person(connection, row["id"], kind, said, actor=SOMEBODY)
    return UUID(str(row["id"]))


def _told(problem: Problem) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield problem.code, problem.data
    for error in problem.errors if isinstance(problem, InvalidInput) else ():
        yield error.code, error.data


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
