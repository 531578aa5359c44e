"""What the fixtures of `conftest.py` hand out; import the types from here."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx2
import orjson

from tenants import jobs, people, spellings
from tenants.callers import Callers
from tenants.companies import NewCompany, create_company
from tenants.database import ENTER, ENTERING, TRANSACTION_LIMIT, Caller, Database
from tenants.sign_in.sessions import open_session
from tenants.transaction import SHARE, Transaction, begin, new_id
from workers.proofs import ProofMailer
from workers.run import DO
from workers.work import Work

PASSWORD = "correct-horse-battery"
Row = dict[str, Any]


@dataclass(frozen=True)
class Person:
    """A member of a test company, signed in."""

    id: UUID
    email: str
    token: str


class Client:
    """The application over its HTTP interface, in this process."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self.http = http

    async def post(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        token: str | None = None,
        language: str = "en",
    ) -> httpx2.Response:
        """One GraphQL request, as a response with status and headers."""
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/graphql-response+json",
            "Accept-Language": language,
        }
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        body = orjson.dumps({"query": document, "variables": variables or {}})
        return await self.http.post("/graphql", content=body, headers=headers)

    async def graphql(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        token: str | None = None,
        language: str = "en",
    ) -> Row:
        """One GraphQL request, as the response map: ``data`` and ``errors``; its cost is left out."""
        response = await self.post(document, variables, token=token, language=language)
        answer: Row = orjson.loads(response.content)
        answer.pop("extensions", None)
        return answer


@dataclass(frozen=True)
class Company:
    """A tenant of its own for one test, with an owner, a member and one who may only read.

    ``graphql`` talks through the API; ``begin`` opens a transaction of the house.
    """

    id: UUID
    slug: str
    owner: Person
    member: Person
    read_only: Person
    database: Database = field(repr=False)
    callers: Callers = field(repr=False)
    client: Client | None = field(repr=False, default=None)

    async def graphql(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        person: Person | None = None,
        language: str = "en",
    ) -> Row:
        """The response map of a request by ``person`` (the owner, unless told); needs the fixture ``client``."""
        assert self.client is not None, "ask for the fixture 'client' as well"
        return await self.client.graphql(document, variables, token=(person or self.owner).token, language=language)

    async def data(
        self, document: str, variables: Mapping[str, Any] | None = None, *, person: Person | None = None
    ) -> Row:
        """The ``data`` of a request that must have no errors."""
        answer = await self.graphql(document, variables, person=person)
        assert "errors" not in answer, answer["errors"]
        data: Row = answer["data"]
        return data

    async def caller(self, person: Person | None = None) -> Caller:
        """The caller of a person (the owner, unless told), as it is now."""
        return await self.callers.by_token((person or self.owner).token, fresh=True)

    @asynccontextmanager
    async def begin(self, person: Person | None = None) -> AsyncIterator[Transaction]:
        """A transaction of a person (the owner, unless told)."""
        async with begin(self.database, await self.caller(person)) as tx:
            yield tx
        await spellings.learned()

    async def rows(self, sql: str, **parameters: Any) -> list[Row]:
        """Rows as this tenant sees them; ``%(tenant)s`` is always given."""
        scope = {"tenant": self.id, **parameters}
        async with self.database.connection() as connection, connection.pipeline():
            await connection.execute(ENTER, scope)
            return await (await connection.execute(sql, scope)).fetchall()

    async def add_member(self, **values: Any) -> Row:
        """The member that the house makes of an e-mail address, name, password and so on, as the owner; people get in by invitation alone."""
        async with self.begin() as tx:
            member_id = await people.create_member(tx, {"password": PASSWORD, **values})
            (row,) = await tx.fetch_all(
                "SELECT * FROM members WHERE tenant_id = %(tenant)s AND id = %(id)s", id=member_id
            )
        return {**row, "id": str(member_id)}

    async def add_person(self, *roles: str, language: str = "en", name: str = "") -> Person:
        """One more member, signed in."""
        name = name or " ".join(roles) or "Nobody"
        email = f"{new_id().hex}@example.com"
        async with self.database.connection() as connection, connection.transaction():
            await connection.execute(ENTER, {"tenant": self.id})
            user_id = await people.find_or_create_user(connection, email, name, "!")
            member_id = await people.add_member(connection, self.id, user_id, name, email, list(roles), language)
        signed_in = await open_session(self.database, self.id, member_id)
        return Person(member_id, email, signed_in.token)


async def found_company(database: Database, callers: Callers, client: Client | None = None, **changes: str) -> Company:
    """A fresh company; ``changes`` are fields of :class:`NewCompany`, such as ``template`` or ``currency``."""
    mark = new_id().hex
    wanted: dict[str, Any] = {
        "slug": f"t{mark[-20:]}",
        "name": "Test Company",
        "owner_email": f"{mark}@example.com",
        "owner_name": "Olga Owner",
        "owner_password": PASSWORD,
    }
    new = NewCompany(**(wanted | changes))
    tenant_id = await create_company(database, new)
    owner_id = await people.member_by_email(database, tenant_id, new.owner_email)
    owner = Person(owner_id, new.owner_email, (await open_session(database, tenant_id, owner_id)).token)
    company = Company(tenant_id, new.slug, owner, owner, owner, database, callers, client)
    member = await company.add_person("member", name="Max Member")
    read_only = await company.add_person("read_only", name="Rita Reader")
    return Company(tenant_id, new.slug, owner, member, read_only, database, callers, client)


@dataclass
class Outbox:
    """Takes the messages that would go out. Set ``refusal`` to make the mail server refuse them."""

    sent: list[Mapping[str, Any]] = field(default_factory=list)
    refusal: Exception | None = None

    async def send(self, delivery: Mapping[str, Any]) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.sent.append(delivery)


@dataclass
class Drain:
    """Does all due jobs, as relay and workers would, in this process: ``await work()``.

    ``await work(overdue=True)`` first makes leased jobs due, as if their time had come.
    """

    work: Work
    most: int = 1_000

    async def __call__(self, *, overdue: bool = False) -> int:
        """How many jobs were done, jobs that followed from them included."""
        if overdue:
            async with self.work.database.connection() as connection:
                await connection.execute("UPDATE jobs SET due_at = now() WHERE parked_at IS NULL")
        done = 0
        while found := await jobs.claim(self.work.database):
            for job in found:
                await DO[job.kind](self.work, job)
            await spellings.learned()
            done += len(found)
            assert done < self.most, "the jobs do not come to an end"
        return done

    async def mail(self) -> int:
        """How many messages with secrets were sent, or had nobody to go to."""
        mailer, sent = ProofMailer(self.work.database, self.work.send), 0
        while await mailer.send_next():
            sent += 1
        return sent


@dataclass
class Statements:
    """The SQL that was sent. ``texts`` is all of it, ``work`` leaves out what every call needs to enter its tenant."""

    texts: list[str] = field(default_factory=list)

    @property
    def work(self) -> list[str]:
        around = (ENTER, ENTERING.text.decode(), SHARE.text.decode(), TRANSACTION_LIMIT, "BEGIN", "COMMIT", "ROLLBACK")
        return [text for text in self.texts if text not in around]

    def clear(self) -> None:
        self.texts.clear()
