"""PostgreSQL and Redis from wheels, below one data folder, for a machine that has neither.

`Embedded` holds the folder and runs the services; `running` tells other commands where they are. Inside: `folder`
(lock, secrets, state file), `postgres` and `redis_server` on top of `service`, `accounts` (root cannot run PostgreSQL),
`processes` (find, mark and end). Production does not come here: it sets DATABASE_URL and REDIS_URL.
"""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from server.embedded.folder import DataFolder, ServiceError, Services, State
from server.embedded.postgres import Postgres
from server.embedded.processes import is_service
from server.embedded.redis_server import RedisServer
from server.embedded.service import Service

__all__ = ["Embedded", "ServiceError", "Services", "running"]


class Embedded:
    """The services of one data folder, from `start` to `stop`; also a context manager.

    `extra_settings` are further PostgreSQL settings, for example `{"fsync": "off"}` in tests.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        postgres: bool = True,
        redis: bool = True,
        extra_settings: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = DataFolder(data_dir)
        self._wanted = (postgres, redis)
        self._extra_settings = extra_settings or {}
        self._postgres: Postgres | None = None
        self._redis: RedisServer | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def token(self) -> str:
        """The mark of everything that runs for this folder; our children carry it in their environment."""
        return self.folder.token()

    @property
    def services(self) -> Services:
        """Where the started services answer."""
        postgres, redis = self._postgres, self._redis
        return Services(
            database_url=postgres.owner_url if postgres else "",
            redis_url=redis.url if redis else "",
            superuser_url=postgres.superuser_url() if postgres else "",
        )

    def lock(self) -> None:
        """Take the data folder for this process. Raises ServiceError if another one holds it or it cannot be used."""
        self.folder.open()

    def start(self) -> Services:
        """Start what was asked for and return when it answers. Raises ServiceError, with nothing left running."""
        self.lock()
        try:
            ports = self._earlier_ports()
            secrets, token = self.folder.secrets(), self.token
            wants_postgres, wants_redis = self._wanted
            if wants_postgres:
                self._postgres = Postgres(self.folder, token, secrets, self._extra_settings, ports[0])
                self._postgres.start()
            if wants_redis:
                self._redis = RedisServer(self.folder, token, secrets, ports[1])
                self._redis.start()
            self._write_state()
        except BaseException:
            self.stop()
            raise
        return self.services

    def stop(self) -> None:
        """Stop Redis, then PostgreSQL, and let the folder go. Does nothing if nothing runs."""
        redis, self._redis = self._redis, None
        postgres, self._postgres = self._postgres, None
        try:
            for service in (redis, postgres):
                if service:
                    service.stop()
            if self.folder.held:
                self.folder.clear_state()
        finally:
            self.folder.close()

    def heal(self) -> list[str]:
        """Start again, on their ports, the services that died, and name them. Raises ServiceError if one cannot be."""
        healed = []
        for service in self._services():
            if not service.alive():
                service.start()
                healed.append(service.title)
        if healed:
            self._write_state()
        return healed

    def _services(self) -> list[Service]:
        return [service for service in (self._postgres, self._redis) if service]

    def _earlier_ports(self) -> tuple[int, int]:
        """The ports of a run that was killed: whoever kept its URLs can go on."""
        state = self.folder.read_state()
        if state is None:
            return 0, 0
        return urlsplit(state.services.database_url).port or 0, urlsplit(state.services.redis_url).port or 0

    def _write_state(self) -> None:
        pids = {service.directory: service.pid for service in self._services()}
        self.folder.write_state(State(self.services, pids, self.token))


def running(data_dir: Path) -> Services | None:
    """The embedded services that run for this folder now, or None. Raises ServiceError if they are another account's.

    A service that is named in the state file but has died counts as not running: its URL is empty.
    """
    state = DataFolder(data_dir).read_state()
    if state is None:
        return None
    alive = {
        service.directory: is_service(state.pids.get(service.directory, 0), state.token, service.programs)
        for service in (Postgres, RedisServer)
    }
    if not any(alive.values()):
        return None
    found = state.services
    return Services(
        database_url=found.database_url if alive["postgres"] else "",
        redis_url=found.redis_url if alive["redis"] else "",
        superuser_url=found.superuser_url if alive["postgres"] else "",
    )
