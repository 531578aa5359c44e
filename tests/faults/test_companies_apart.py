"""Two and more companies at work at once: none is told of another, on any channel (RELIABILITY T4, T5)."""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx2
import orjson
import pytest

from schema.execution import House
from tenants import database as module
from tenants.callers import Callers
from tenants.config import change_sets
from tenants.database import Database
from tests.documents import CREATE_ORDER, mutation
from tests.faults.instance import Instance, MailServer, eventually
from tests.harness import Company, Row, found_company
from tests.mixed_tenants import MARK, RIGHT, Mixed, locks_held, marked, mixed
from tests.test_websocket import Socket, signed_in

pytestmark = pytest.mark.timeout(900)

REQUESTS, COMPANIES, CONNECTIONS = 10_000, 20, 5
SHORT_LOCKS = "lock_timeout=50ms"
# How many events each channel carries for each of the two.
EVENTS = 1_000
EXPORT = mutation("exportRecords", "Export", "export { id }")
PAGES = "pageInfo { hasNextPage endCursor }"


async def over_few_connections(url: str, database: Database, chance: random.Random) -> Mixed:
    """T4: all requests over a pool of five, with the locks of some orders held by somebody else."""
    few = await Database.open(url, size=CONNECTIONS)
    house = House(few, Callers(few))
    companies = await marked(house, COMPANIES)
    began = time.monotonic()
    async with locks_held(database, companies):
        found = await mixed(house, companies, REQUESTS, chance)
    await few.close()
    wrong = sum(found.asked[kind] for kind in found.asked if kind not in RIGHT)
    print(f"{REQUESTS} requests of {COMPANIES} companies in {time.monotonic() - began:.0f} s, {wrong} of them wrong:")
    print(f"asked {dict(found.asked)}, answered as they should be {dict(found.answered)}, foreign {len(found.foreign)}")
    return found


def check(found: Mixed) -> None:
    assert found.foreign == []
    for kind in (*RIGHT, "foreign", "refused", "busy"):
        assert (kind, found.answered[kind]) == (kind, found.asked[kind])
    assert found.answered["cancelled"] < found.asked["cancelled"]


async def test_ten_thousand_requests_over_five_connections(
    instance: Instance, database: Database, chance: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = module.SESSION_OPTIONS.replace("lock_timeout=5s", SHORT_LOCKS)
    monkeypatch.setitem(module._OPTIONS, "options", options)
    check(await over_few_connections(instance.app_url, database, chance))


@dataclass
class Tenant:
    """One of two companies at work, and all that its people were told, by channel."""

    company: Company
    mark: str
    http: httpx2.AsyncClient
    told: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))

    @property
    def headers(self) -> dict[str, str]:
        return {"content-type": "application/json", "authorization": f"Bearer {self.company.owner.token}"}

    async def ask(self, document: str, **variables: Any) -> tuple[bytes, Any]:
        """The answer as it came, and its data."""
        body = orjson.dumps({"query": document, "variables": variables})
        answer = await self.http.post("/graphql", content=body, headers=self.headers)
        return answer.content, orjson.loads(answer.content)["data"]

    async def many(self, work: Callable[[int], Awaitable[None]], at_once: int = 8) -> None:
        places = asyncio.Semaphore(at_once)

        async def one(number: int) -> None:
            async with places:
                await work(number)

        await asyncio.gather(*(one(number) for number in range(EVENTS)))

    async def order(self, number: int) -> None:
        given = {
            "notes": f"{self.mark} {number}",
            "channel": self.mark,
            "lines": [{"name": self.mark, "unitPrice": "1"}],
        }
        _, data = await self.ask(CREATE_ORDER, input=given)
        assert data["result"]["order"]["notes"] == given["notes"], data

    async def search(self, _: int) -> None:
        body, data = await self.ask('{ orders(search: "zq", first: 2) { totalCount nodes { notes } } }')
        assert data["orders"]["totalCount"] == EVENTS
        self.told["search"].append(body)

    async def read(self, _: int) -> None:
        """The same document of both, whose configuration is the same: plans and documents are remembered for both."""
        body, _ = await self.ask("{ orders(first: 1) { nodes { notes lines { nodes { name } } } } }")
        self.told["caches"].append(body)

    async def export(self) -> None:
        _, data = await self.ask(EXPORT, input={"object": "order", "format": "JSON"})
        export_id = data["result"]["export"]["id"]

        async def written() -> bool:
            _, found = await self.ask("{ exports { id state url } }")
            return [each["state"] for each in found["exports"] if each["id"] == export_id] == ["DONE"]

        await eventually(written, 120)
        answer = await self.http.get(f"/files/{export_id}", headers=self.headers)
        self.told["exports"] += answer.content.splitlines()

    async def files(self, other: "Tenant", file_id: str, others_id: str) -> None:
        async def fetch(_: int) -> None:
            mine = await self.http.get(f"/files/{file_id}", headers=self.headers)
            self.told["files"].append(mine.content)
            others = await self.http.get(f"/files/{others_id}", headers=self.headers)
            assert others.status_code == 404, other.mark
            self.told["files of others"].append(others.content)

        await self.many(fetch)

    async def upload(self) -> str:
        headers = self.headers | {"content-type": "text/plain"}
        answer = await self.http.post("/files", params={"name": "a.txt"}, content=self.mark.encode(), headers=headers)
        assert answer.status_code == 201, answer.text
        file_id: str = answer.json()["id"]
        return file_id

    async def pages(self, channel: str, field_name: str, shown: str) -> None:
        """All that a list tells, page by page."""
        after = None
        while True:
            document = f"query ($after: String) {{ {field_name}(first: 100, after: $after) {{ nodes {{ {shown} }} {PAGES} }} }}"
            _, data = await self.ask(document, after=after)
            found = data[field_name]
            self.told[channel] += [orjson.dumps(node) for node in found["nodes"]]
            if not found["pageInfo"]["hasNextPage"]:
                return
            after = found["pageInfo"]["endCursor"]

    async def follow(self, socket: Socket) -> None:
        """Take down all events of its subscription."""
        while len(self.told["subscriptions"]) < EVENTS:
            self.told["subscriptions"].append(orjson.dumps(await asyncio.wait_for(socket.connection.recv(), 60)))


async def tenant(database: Database, http: httpx2.AsyncClient) -> Tenant:
    mark = f"zq{random.getrandbits(48):012x}qz"
    company = await found_company(database, Callers(database), name=mark)
    actions: list[Row] = [
        {"type": "notify", "to": "role:owner", "text": "{{ order.channel }}"},
        {"type": "send_email", "to": f"{mark}@example.com", "subject": "{{ order.channel }}", "body": "New."},
    ]
    body = {"label": {"en": "watch"}, "events": ["created"], "actions": actions, "role": "admin"}
    async with company.begin() as tx:
        await change_sets.apply(tx, [change_sets.define(tx.config, "automation", "watch", body)])
    return Tenant(company, mark, http)


async def test_two_companies_at_work_are_told_nothing_of_each_other(
    instance: Instance, database: Database, mail: MailServer
) -> None:
    """A thousand events of each channel for each of the two, at once: live updates, notifications, mails, deliveries, searches, files,
    exports, and what is remembered of documents that both send."""
    async with httpx2.AsyncClient(base_url=instance.url, timeout=60) as http:
        both = [await tenant(database, http) for _ in range(2)]
        async with AsyncExitStack() as sockets:
            following = []
            for each in both:
                socket = await sockets.enter_async_context(signed_in(f"127.0.0.1:{instance.port}", each.company.owner))
                await socket.subscribe("subscription { orderChanged { kind order { notes } } }")
                following.append(asyncio.create_task(each.follow(socket)))
            # Until both subscriptions have taken their places.
            await asyncio.sleep(2)
            await asyncio.gather(*(each.many(each.order) for each in both))
            await asyncio.gather(*following)
        for work in (Tenant.search, Tenant.read):
            await asyncio.gather(*(each.many(partial(work, each)) for each in both))
        ids = [await each.upload() for each in both]
        pairs = zip(both, reversed(both), ids, reversed(ids), strict=True)
        await asyncio.gather(*(each.files(other, own, others) for each, other, own, others in pairs))
        await asyncio.gather(*(each.export() for each in both))

        async def sent() -> bool:
            return all(len(mails_to(mail, each)) >= EVENTS for each in both)

        await eventually(sent, 300)
        for each in both:
            await each.pages("notifications", "notifications", "text")
            await each.pages("deliveries", "deliveries", "recipient subject body")
            each.told["mails"] = mails_to(mail, each)
    for each in both:
        # Each channel carried what it should, and nothing with the mark of the other.
        told = {
            channel: (len(found), sum(each.mark.encode() in text for text in found))
            for channel, found in each.told.items()
        }
        print(told)
        assert {channel for channel, (_, own) in told.items() if own < EVENTS} == {"files of others"}
        assert told["files of others"] == (EVENTS, 0)
        foreign = [
            text for found in each.told.values() for text in found if set(MARK.findall(text)) - {each.mark.encode()}
        ]
        assert foreign == []


def mails_to(mail: MailServer, tenant: Tenant) -> list[bytes]:
    """The mails that were given to the mail server for it."""
    return [content for recipients, content in mail.messages if recipients == [f"{tenant.mark}@example.com"]]


async def test_a_revoked_token_closes_its_socket(instance: Instance, database: Database) -> None:
    """Within five seconds, though nothing happens to any order."""
    company = await found_company(database, Callers(database))
    headers = {"content-type": "application/json", "authorization": f"Bearer {company.owner.token}"}
    async with signed_in(f"127.0.0.1:{instance.port}", company.owner) as socket:
        await socket.subscribe("subscription { orderChanged { kind } }")
        await asyncio.sleep(1)
        async with httpx2.AsyncClient(base_url=instance.url, timeout=10) as http:
            began = time.monotonic()
            document = "mutation { signOut { __typename } }"
            answer = await http.post("/graphql", content=orjson.dumps({"query": document}), headers=headers)
            assert "errors" not in answer.json(), answer.text
        code, reason = await socket.closed()
        took = time.monotonic() - began
        print(f"closed with {code} ({reason}) after {took:.2f} s")
    assert took < 5
