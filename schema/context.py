"""What an operation carries, and how its mutations run."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar
from uuid import UUID

import orjson
import strawberry

from schema.costs import Budget, Meter
from schema.documents import Document
from tenants.audit_tallies import Tallies
from tenants.callers import Callers
from tenants.database import Caller, Database, Outdated
from tenants.idempotency import once
from tenants.problems import Conflict, LimitExceeded, NotSignedIn
from tenants.secrets import Secrets
from tenants.sign_up import Terms
from tenants.single_sign_on.desk import Desk
from tenants.transaction import Transaction, begin

Result = TypeVar("Result")
MOST_TRIES = 5


class Live(Protocol):
    """News of commits as they happen, in any process."""

    def listen(self, tenant_id: UUID) -> AbstractAsyncContextManager[AsyncIterator[Mapping[str, Any]]]: ...


@dataclass(frozen=True)
class House:
    """What one process serves from; without ``sign_up`` only the operator founds companies."""

    database: Database
    callers: Callers
    live: Live | None = None
    meter: Meter | None = None
    secrets: Secrets = field(default_factory=Secrets)
    desk: Desk = field(default_factory=Desk)
    tallies: Tallies = field(default_factory=Tallies)
    sign_up: Terms | None = None


@dataclass
class Context:
    """One operation: for whom, in which language, the document it came in, and what was read for its root fields.

    ``outdated`` and ``confirmed`` tell whether a statement has found the caller no longer, or still, to be what it was.
    """

    house: House
    document: Document
    language: str
    request_id: str
    token: str | None = None
    known_caller: Caller | None = None
    outdated: bool = False
    confirmed: bool = False
    budget: Budget | None = None
    signing_in: bool = False
    answers: Mapping[str, Any] = field(default_factory=dict)

    @property
    def caller(self) -> Caller:
        """Raises :class:`NotSignedIn` when no valid token came with the operation."""
        if self.known_caller is None:
            raise NotSignedIn
        return self.known_caller

    def require_first(self) -> None:
        """What makes guesses worth while is done once in an operation. Raises :class:`LimitExceeded` for the second time."""
        if self.signing_in:
            raise LimitExceeded("limit.sign_in_once")
        self.signing_in = True

    async def refresh(self) -> Caller:
        """Look at the caller's session, roles and configuration anew."""
        if self.token is None:
            raise NotSignedIn
        known = self.known_caller
        enrolling = known is None or known.second_factor_due
        self.known_caller = await self.house.callers.by_token(self.token, fresh=True, enrolling=enrolling)
        return self.known_caller


Info = strawberry.Info[Context, None]


async def run(info: Info, command: Callable[[Transaction], Awaitable[Result]], *, rehearsal: bool = False) -> Result:
    """Run a command in a transaction of its own, of which a ``rehearsal`` keeps nothing; one that finds the caller outdated has done
    nothing, and is run again."""
    context = info.context
    for _ in range(MOST_TRIES):
        try:
            async with begin(context.house.database, context.caller, rehearsal=rehearsal) as tx:
                return await command(tx)
        except Outdated:
            await context.refresh()
    raise Conflict("busy")


def keyed(
    info: Info, key: str | None, request: Any, command: Callable[[Transaction], Awaitable[UUID]]
) -> Callable[[Transaction], Awaitable[UUID]]:
    """The command, done once for its idempotency key: a repetition of the same request does nothing and returns the first id.

    It raises :class:`Conflict` when the key came before with another request.
    """
    if key is None:
        return command
    asked = [info.field_name, request]
    digest = hashlib.sha256(orjson.dumps(asked, default=str, option=orjson.OPT_SORT_KEYS)).digest()
    return lambda tx: once(tx, key, digest, lambda: command(tx))


def parse_id(value: Any) -> UUID | None:
    """The UUID of an opaque id; an ill-formed id is None, and so answered as one that never existed."""
    try:
        return UUID(str(value))
    except ValueError:
        return None
