"""The servers that are measured, one process each: how they are started, asked, weighed and ended."""

import contextlib
import http.client
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import psutil
import psycopg

from bench import npm
from server.embedded import Services
from server.embedded.processes import free_port, wait_until
from server.settings import app_database_url

READY_SECONDS = 60.0
QUIET_LOOKS = 10
_BUSY = "SELECT count(*) FROM pg_stat_activity WHERE state <> 'idle' AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
PRODUCT, LIMIT, RIVAL = "product", "limit", "postgraphile"
RIVAL_ROLE, RIVAL_PASSWORD = "bench_rival", "bench-rival"


class ServerError(Exception):
    """A server does not come up, or answers what it should not; the text says which."""


@dataclass
class Server:
    """One running server. ``path`` is where requests go; the limit has a path for each work instead."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path
    path: str | None = None
    _weighed: psutil.Process = field(init=False)

    def __post_init__(self) -> None:
        self._weighed = psutil.Process(self.process.pid)

    def url(self, work: str) -> str:
        return f"http://127.0.0.1:{self.port}{self.path or f'/{work}'}"

    def ask(self, work: str, body: bytes, token: str = "") -> Any:
        """The answer as JSON. Raises ServerError for any other status than 200."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            connection.request("POST", self.path or f"/{work}", body, headers)
            response = connection.getresponse()
            said = response.read()
        finally:
            connection.close()
        if response.status != 200:
            raise ServerError(f"{self.name} answers {response.status} to {work}: {said[:500]!r}")
        return orjson.loads(said)

    def cpu_seconds(self) -> float:
        """Processor time that the process has used so far."""
        times = self._weighed.cpu_times()
        return times.user + times.system

    def memory(self) -> tuple[float, float]:
        """Resident and unshared memory, in MiB."""
        info = self._weighed.memory_full_info()
        return info.rss / 2**20, info.uss / 2**20

    def wait(self) -> None:
        """Until it listens. Raises ServerError if it ends or is too slow."""
        if not wait_until(lambda: self._has_ended() or self._listens(), READY_SECONDS, every=0.1):
            raise ServerError(f"{self.name} does not listen after {READY_SECONDS:.0f} s")
        if self._has_ended():
            raise ServerError(f"{self.name} ended with code {self.process.returncode}: {self.said()}")

    def _has_ended(self) -> bool:
        return self.process.poll() is not None

    def _listens(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1)
        try:
            connection.connect()
        except OSError:
            return False
        finally:
            connection.close()
        return True

    def said(self) -> str:
        """The end of what the server wrote: nothing, where all is well."""
        return self.log.read_text("utf-8", "replace")[-1_500:].strip()

    def end(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Postgres:
    """The processes of the database's server, which is asked through ``connection``."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        main = psutil.Process(connection.info.backend_pid).parent()
        assert main is not None, "each backend is a child of the main process"
        self._main = main

    def rest(self) -> None:
        """Wait until nobody else has done anything for a while. Raises ServerError where there is no end to it."""
        quiet = 0

        def is_quiet() -> bool:
            nonlocal quiet
            (busy,) = self._connection.execute(_BUSY).fetchone() or (0,)
            quiet = 0 if busy else quiet + 1
            return quiet >= QUIET_LOOKS

        if not wait_until(is_quiet, READY_SECONDS, every=0.05):
            raise ServerError(f"PostgreSQL has not come to rest in {READY_SECONDS:.0f} s")

    def cpu_seconds(self) -> float:
        """Processor time that all of them have used so far; those that ended count with the main process."""
        used = self._main.cpu_times()
        total: float = used.children_user + used.children_system
        for process in self._main.children():
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                total += times.user + times.system
        return total


def product_environment(services: Services, port: int) -> dict[str, str]:
    """The settings under which the product is measured."""
    return {
        "APP_DATABASE_URL": app_database_url(services.database_url),
        "DATABASE_URL": services.database_url,
        "REDIS_URL": services.redis_url,
        "PORT": str(port),
        "LOG_LEVEL": "ERROR",
        # What a company may ask for in a second is measured and kept as ever, and never reached.
        "COMPANY_COST_RATE": "1000000000",
        "COMPANY_COST_BURST": "1000000000",
        "MEMBER_COST_SHARE": "100",
    }


def start_product(services: Services, folder: Path, name: str = PRODUCT) -> Server:
    """The product as it is served: with token, row security, rights and lens."""
    port = free_port()
    command = [sys.executable, "-m", "server.cli", "serve"]
    return _start(name, port, command, product_environment(services, port), "/graphql", folder)


def start_limit(services: Services, folder: Path, task: Mapping[str, Any]) -> Server:
    """The bare routes of `bench.bare`."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "bench.bare:app", "--port", str(port), "--log-level", "warning"]
    command += ["--no-access-log", "--no-server-header", "--loop", "uvloop", "--http", "httptools"]
    return _start(LIMIT, port, command, {"BARE": json.dumps({"url": services.superuser_url, **task})}, None, folder)


def start_rival(services: Services, folder: Path) -> Server:
    """PostGraphile on the same database, as a role that row security does not bind. Raises AbsentError."""
    program, installed = npm.node(), npm.installed()
    with psycopg.connect(services.superuser_url, autocommit=True) as connection:
        connection.execute((npm.SOURCES / "rival.sql").read_bytes())
    address = urlsplit(services.superuser_url)
    port = free_port()
    environment = {
        "RIVAL_URL": f"postgresql://{RIVAL_ROLE}:{RIVAL_PASSWORD}@127.0.0.1:{address.port}{address.path}",
        "PORT": str(port),
        "NODE_ENV": "production",
    }
    return _start(RIVAL, port, [program, str(installed / npm.SERVER)], environment, "/graphql", folder)


def _start(
    name: str, port: int, command: Sequence[str], environment: Mapping[str, str], path: str | None, folder: Path
) -> Server:
    """Start a process whose words go to a file of its own, and wait until it listens."""
    log = folder / f"{name}.log"
    with log.open("wb") as words:
        process = subprocess.Popen(
            command, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=words, stderr=words
        )
    server = Server(name, port, process, log, path)
    try:
        server.wait()
    except ServerError:
        server.end()
        raise
    return server
