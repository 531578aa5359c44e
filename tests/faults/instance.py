"""One instance of the product in real processes, whose parts can be killed and started again."""

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import orjson
import psutil
from aiosmtpd.controller import Controller

import migrations
from server.embedded import Embedded
from server.settings import APPLICATION_ROLE, app_database_url
from tenants.callers import Callers
from tenants.config import change_sets
from tenants.database import Database
from tests.documents import CREATE_ORDER
from tests.harness import Company, Row, found_company

QUICK = {"fsync": "off", "shared_buffers": "64MB"}
LINES = [{"name": "Work", "unitPrice": "10.00"}]
# What every new order sets off: something in the database, something for a member, something to the outside.
ACTIONS: list[Row] = [
    {"type": "set_field", "field": "tags", "value": ["seen"]},
    {"type": "notify", "to": "role:owner", "text": "{{ order.number }}"},
    {"type": "send_email", "to": "boss@example.com", "subject": "{{ order.number }}", "body": "New."},
]
RUNS = "SELECT status, count(*) AS n FROM automation_runs WHERE tenant_id = %(tenant)s GROUP BY status"


class MailServer:
    """Takes mails, and counts them by Message-ID; ``messages`` are recipients and contents."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        self.messages: list[tuple[list[str], bytes]] = []
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())
        self._controller.start()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._controller.port}"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  (aiosmtpd's name)
        self.messages.append((envelope.rcpt_tos, envelope.content))
        head = envelope.content.decode("utf-8", "replace").lower()
        self.taken[head.partition("message-id: <")[2].partition("@")[0]] += 1
        return "250 OK"

    def stop(self) -> None:
        self._controller.stop()


class Instance:
    """PostgreSQL, Redis, and our processes by name."""

    def __init__(self, folder: Path, mail: MailServer) -> None:
        self.embedded = Embedded(folder, extra_settings=QUICK)
        services = self.embedded.start()
        app_url = app_database_url(services.database_url)
        migrations.upgrade(services.database_url, APPLICATION_ROLE, app_url.split(":")[2].split("@")[0])
        self.app_url, self.redis_url, self.superuser_url = app_url, services.redis_url, services.superuser_url
        # Held here, as a supervisor does, so that nobody is refused while one process follows another.
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self.port: int = self._listening.getsockname()[1]
        self._environment = os.environ | {
            # One member asks as much as a company's whole staff would.
            "COMPANY_COST_RATE": "1000000000",
            "COMPANY_COST_BURST": "1000000000",
            "MEMBER_COST_SHARE": "100",
            "DATABASE_URL": services.database_url,
            "REDIS_URL": services.redis_url,
            "DATA_DIR": str(folder),
            "PORT": str(self.port),
            "SMTP_URL": mail.url,
        }
        self._commands: dict[str, tuple[str, ...]] = {}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._log = (folder / "processes.log").open("ab")
        self.log_path = folder / "processes.log"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, name: str, *command: str) -> None:
        """Start `serve`, `worker`, `clock`, or a command under a name of its own; what ends by itself is started again."""
        self._commands[name] = command or (sys.executable, "-m", "server.cli", name)
        os.close(self._spawn(name))

    def _spawn(self, name: str) -> int:
        """Start it; the end of a pipe that tells when it is ready, if it is the server."""
        listening = self._listening.fileno()
        reading, writing = os.pipe()
        self._processes[name] = subprocess.Popen(
            self._commands[name],
            env=self._environment | {"LISTEN_FD": str(listening), "READY_FD": str(writing)},
            pass_fds=(listening, writing),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        os.close(writing)
        return reading

    async def replace(self, name: str) -> None:
        """A fresh process takes over before the running one is asked to stop; returns when that one has stopped."""
        before = self._processes[name]
        reading = self._spawn(name)
        if name == "serve":
            await asyncio.to_thread(os.read, reading, 1)
        os.close(reading)
        before.send_signal(signal.SIGTERM)
        await asyncio.to_thread(before.wait)

    async def keep(self) -> None:
        """What a supervisor does, until cancelled."""
        while True:
            for name in tuple(self._commands):
                if self._processes[name].poll() is not None:
                    os.close(self._spawn(name))
            await asyncio.sleep(0.5)

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """Send the signal. What is killed stays down until it is started."""
        if how is not signal.SIGKILL:
            self._processes[name].send_signal(how)
            return
        del self._commands[name]
        self._processes[name].kill()
        self._processes[name].wait()

    def kill_redis(self) -> None:
        redis = self.embedded._redis
        assert redis is not None
        psutil.Process(redis.pid).kill()
        assert redis.process is not None
        redis.process.wait()

    def revive(self) -> None:
        """Start PostgreSQL and Redis again where they were, if they died."""
        self.embedded.heal()

    async def until_ready(self) -> None:
        await eventually(self._is_ready, 120)

    async def _is_ready(self) -> bool:
        async with httpx2.AsyncClient(base_url=self.url, timeout=5) as http:
            try:
                return (await http.get("/readyz")).status_code == 200
            except httpx2.TransportError:
                return False

    def memory(self, name: str = "serve") -> float:
        """The resident memory of a process, in MiB."""
        return psutil.Process(self._processes[name].pid).memory_info().rss / 2**20

    def handles(self, name: str = "serve") -> tuple[int, int]:
        """How many files and sockets a process holds open, and how many threads it has."""
        process = psutil.Process(self._processes[name].pid)
        return process.num_fds(), process.num_threads()

    def stop(self) -> None:
        self._listening.close()
        for process in self._processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait()
        self._log.close()
        self.embedded.stop()


class Shop:
    """A company of the instance whose new orders set off an automation, and a client that orders until it is answered."""

    def __init__(self, instance: Instance, company: Company) -> None:
        self.instance = instance
        self.company = company
        self.refused: Counter[int] = Counter()
        self.broken = 0
        self.slowest = 0.0

    @classmethod
    async def found(cls, instance: Instance, database: Database, *actions: Row) -> "Shop":
        company = await found_company(database, Callers(database))
        body = {"label": {"en": "watch"}, "events": ["created"], "actions": list(actions or ACTIONS), "role": "admin"}
        async with company.begin() as tx:
            await change_sets.apply(tx, [change_sets.define(tx.config, "automation", "watch", body)])
        return cls(instance, company)

    async def order(self, count: int, *, at_once: int = 8, pause: float = 0.0) -> list[str]:
        """The numbers of that many new orders, each asked for under its key until it is acknowledged."""
        limits = asyncio.Semaphore(at_once)
        async with httpx2.AsyncClient(base_url=self.instance.url, timeout=10) as http:

            async def one(place: int) -> str:
                async with limits:
                    number = await self._order(http, f"{place}-{random.random()}")
                    await asyncio.sleep(pause)
                    return number

            return list(await asyncio.gather(*(one(place) for place in range(count))))

    async def _order(self, http: httpx2.AsyncClient, key: str) -> str:
        body = orjson.dumps({"query": CREATE_ORDER, "variables": {"input": {"lines": LINES, "idempotencyKey": key}}})
        headers = {
            "content-type": "application/json",
            "authorization": f"Bearer {self.company.owner.token}",
        }
        while True:
            began = time.monotonic()
            try:
                response = await http.post("/graphql", content=body, headers=headers)
            except httpx2.TransportError:
                self.broken += 1
                await asyncio.sleep(0.2)
                continue
            self.slowest = max(self.slowest, time.monotonic() - began)
            answer = orjson.loads(response.content)
            if response.status_code == 200 and "order" in ((answer.get("data") or {}).get("result") or {}):
                number: str = answer["data"]["result"]["order"]["number"]
                return number
            self.refused[response.status_code] += 1
            assert response.status_code == 503 or "busy" in response.text.lower() or "INTERNAL" in response.text, answer
            await asyncio.sleep(0.2)

    async def runs(self) -> dict[str, int]:
        """How many runs there are in each status."""
        return {row["status"]: row["n"] for row in await self.company.rows(RUNS)}

    async def all_done(self, count: int, seconds: float) -> None:
        """Wait until so many runs have succeeded and no job is left."""

        async def done() -> bool:
            left = await self.company.rows("SELECT count(*) AS n FROM jobs WHERE tenant_id = %(tenant)s")
            return await self.runs() == {"succeeded": count} and left[0]["n"] == 0

        began = time.monotonic()
        try:
            await eventually(done, seconds)
        except TimeoutError:
            jobs = await self.company.rows("SELECT * FROM jobs WHERE tenant_id = %(tenant)s LIMIT 5")
            raise AssertionError(f"after {seconds} s: {await self.runs()}, jobs left: {jobs}") from None
        print(f"all done {time.monotonic() - began:.1f} s later")

    async def check_effects(self, numbers: list[str], mail: MailServer) -> None:
        """Each order is there once, and what it set off happened exactly once; a mail may have gone out twice."""
        stored = [
            row["number"] for row in await self.company.rows("SELECT number FROM orders WHERE tenant_id = %(tenant)s")
        ]
        assert sorted(stored) == sorted(numbers)
        tagged = await self.company.rows("SELECT tags FROM orders WHERE tenant_id = %(tenant)s")
        assert [row["tags"] for row in tagged] == [["seen"]] * len(numbers)
        # The audit log is among the events; what is counted is about orders.
        for table, per_order in (
            ("automation_runs", 1),
            ("notifications", 1),
            ("deliveries", 1),
            ("(SELECT tenant_id FROM events WHERE record_type = 'order') e", 2),
        ):
            (row,) = await self.company.rows(f"SELECT count(*) AS n FROM {table} WHERE tenant_id = %(tenant)s")
            assert (table, row["n"]) == (table, per_order * len(numbers))
        deliveries = await self.company.rows("SELECT id, status FROM deliveries WHERE tenant_id = %(tenant)s")
        assert {row["status"] for row in deliveries} == {"sent"}
        assert {str(row["id"]) for row in deliveries} <= set(mail.taken)
        again = sum(mail.taken[str(row["id"])] - 1 for row in deliveries)
        print(f"{len(deliveries)} mails, {again} of them sent again under the same id")


async def eventually(condition: Callable[[], Awaitable[bool]], seconds: float) -> None:
    """Wait for the condition. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110  (it is another process that we wait for)
            await asyncio.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
