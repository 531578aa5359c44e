"""`orderloom run`: everything the product needs, from one command, until Ctrl-C.

The supervisor holds the data folder, starts the embedded services where no URL is given, migrates, seeds the demo
companies, and keeps the web server, the workers and the clock alive. What dies is started again; what was left behind
by a supervisor that was killed is found by its mark and ended first. Standard output carries the ready line and the
sign-ins alone; whatever else is said, by us or by a child, goes to standard error.

The supervisor holds the port, so that no connection is refused while a web server dies and comes back. SIGUSR2 puts fresh
processes in the place of all children: the new web server answers before the old one goes.
"""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any

from server.children import Child, end_group, how_it_ended, say, spawn
from server.embedded import Embedded, ServiceError, processes
from server.preflight import PortTakenError, bound, check_database, check_redis
from server.secret_keys import own_key
from server.settings import Settings, SettingsError, app_database_url

COMMAND = (sys.executable, "-m", "server.cli")
CHILDREN = ("serve", "worker", "clock")
LONGEST_STOP = 15.0
FAILURES_BEFORE_READY = 5
STILL_WAITING = 15.0
TICK = 0.1


class StartError(Exception):
    """Orderloom cannot start. The text is one line for the operator."""


def run(settings: Settings, command: Sequence[str] = COMMAND) -> int:
    """Run Orderloom until SIGINT or SIGTERM and return the exit code. `command` is what a child's name is added to."""
    supervisor = Supervisor(settings, command)
    try:
        return supervisor.run()
    except (ServiceError, SettingsError, StartError, PortTakenError) as error:
        say(str(error))
        return 1


class Supervisor:
    """One run. See the module's text for what it does and in which order."""

    def __init__(self, settings: Settings, command: Sequence[str] = COMMAND) -> None:
        self.settings = settings
        self._command = command
        self._children: list[Child] = []
        self._signals = 0
        self._handing_over = False
        self._listening: socket.socket | None = None
        self._embedded = Embedded(
            settings.data_dir, postgres=settings.database_url is None, redis=settings.redis_url is None
        )

    def run(self) -> int:
        caught = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before: dict[signal.Signals, Any] = {number: signal.signal(number, self._on_signal) for number in caught}
        before[signal.SIGUSR2] = signal.signal(signal.SIGUSR2, self._on_hand_over)
        try:
            self._run()
        finally:
            self._stop()
            for number, handler in before.items():
                signal.signal(number, handler)
        return 0

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._signals += 1

    def _on_hand_over(self, _number: int, _frame: FrameType | None) -> None:
        self._handing_over = True

    def _stopping(self) -> bool:
        return self._signals > 0

    def _run(self) -> None:
        self._check_settings()
        self._embedded.lock()
        token = self._embedded.token
        if processes.end(processes.marked_by_environment(token), [(signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)]):
            self._listening = bound(self.settings.host, self.settings.port)
        else:
            raise StartError(f"Processes of an earlier run in {self.settings.data_dir} do not stop: end them first.")
        environment = self._start_services(token)
        self._migrate(environment)
        if self._stopping():
            return
        for name in CHILDREN:
            listening = self._listening if name == "serve" else None
            self._children.append(Child(name, (*self._command, name), environment, listening))
        # While the others are coming up.
        sign_ins = self._seed(environment)
        if self._wait_until_ready():
            print(f"Orderloom is ready: {self.address}", flush=True)
            if sign_ins:
                print(sign_ins, flush=True)
            self._watch()

    def _check_settings(self) -> None:
        if self.settings.app_database_url and not self.settings.database_url:
            message = "APP_DATABASE_URL is set without DATABASE_URL, which migrates: set both, or neither."
            raise SettingsError(message)

    @property
    def _reached_at(self) -> str:
        """The host by which this machine reaches what listens on HOST."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(  # noqa: S104 - read, not bound
            self.settings.host, self.settings.host
        )

    @property
    def address(self) -> str:
        host = f"[{self._reached_at}]" if ":" in self._reached_at else self._reached_at
        return f"http://{host}:{self.settings.port}"

    def _start_services(self, token: str) -> dict[str, str]:
        """Start or check the services, and say to the children where they are."""
        settings = self.settings
        database_url = settings.database_url.get_secret_value() if settings.database_url else ""
        redis_url = settings.redis_url.get_secret_value() if settings.redis_url else ""
        if database_url:
            check_database(database_url)
        if redis_url:
            check_redis(redis_url)
        own = " and ".join(name for name, url in (("PostgreSQL", database_url), ("Redis", redis_url)) if not url)
        if own:
            say(f"Starting {own} in {settings.data_dir}.")
        services = self._embedded.start()
        database_url = database_url or services.database_url
        application = settings.app_database_url
        return os.environ | {
            "DATABASE_URL": database_url,
            "APP_DATABASE_URL": application.get_secret_value() if application else app_database_url(database_url),
            "REDIS_URL": redis_url or services.redis_url,
            "DATA_DIR": str(settings.data_dir),
            "SECRET_KEYS": " ".join(key.get_secret_value() for key in settings.secret_keys)
            or own_key(settings.data_dir),
            "HOST": settings.host,
            "PORT": str(settings.port),
            processes.MARK: token,
        }

    def _migrate(self, environment: Mapping[str, str]) -> None:
        if self._stopping():
            return
        process = spawn((*self._command, "migrate"), environment, stdout=sys.stderr.fileno())
        self._finish(process)
        if process.returncode != 0 and not self._stopping():
            raise StartError(f"migrate {how_it_ended(process.returncode)}; what it said is above.")

    def _seed(self, environment: Mapping[str, str]) -> str:
        """How to sign in. The product works without the demo companies, so their failure is said and no more."""
        if self._stopping():
            return ""
        process = spawn((*self._command, "seed-demo"), environment, stdout=subprocess.PIPE)
        printed = self._finish(process)
        if process.returncode != 0 and not self._stopping():
            say(f"seed-demo {how_it_ended(process.returncode)}; what it said is above.")
            return ""
        return printed.decode("utf-8", "replace").strip("\n")

    def _finish(self, process: subprocess.Popen[bytes]) -> bytes:
        """Wait for the end of a command, or end it if we are to stop. What it printed, if that is captured."""
        while not self._stopping():
            try:
                printed, _ = process.communicate(timeout=TICK)
            except subprocess.TimeoutExpired:
                continue
            return printed or b""
        end_group(process, LONGEST_STOP)
        return b""

    def _wait_until_ready(self) -> bool:
        """Whether the web server answers that it is ready; False if we are to stop. Raises StartError."""
        reminder = time.monotonic() + STILL_WAITING
        while not self._stopping():
            self._keep_all()
            hopeless = next((child for child in self._children if child.failures >= FAILURES_BEFORE_READY), None)
            if hopeless:
                raise StartError(f"{hopeless.name} ended {hopeless.failures} times; what it said is above.")
            answer = self._readiness()
            if answer == "200":
                return True
            if time.monotonic() > reminder:
                say(f"Still waiting: {self.address}/readyz says {answer}.")
                reminder += STILL_WAITING
            time.sleep(TICK)
        return False

    def _readiness(self) -> str:
        connection = http.client.HTTPConnection(self._reached_at, self.settings.port, timeout=2)
        try:
            connection.request("GET", "/readyz")
            return str(connection.getresponse().status)
        except (OSError, http.client.HTTPException):
            return "nothing yet"
        finally:
            connection.close()

    def _watch(self) -> None:
        while not self._stopping():
            if self._handing_over:
                self._handing_over = False
                for child in self._children:
                    child.hand_over()
            self._keep_all()
            time.sleep(TICK)

    def _keep_all(self) -> None:
        try:
            for title in self._embedded.heal():
                say(f"{title} had stopped; it runs again.")
        except ServiceError as error:
            # Tried again at the next tick: the disk may have space by then.
            say(str(error))
            time.sleep(1.0)
        for child in self._children:
            child.keep()

    def _stop(self) -> None:
        """Stop the children, then Redis, then PostgreSQL. A second signal cuts the children's time short."""
        impatient = self._signals + 1
        if self._children:
            say("Stopping.")
        if self._listening is not None:
            self._listening.close()
        for child in self._children:
            child.ask_to_stop()
        processes.wait_until(
            lambda: self._signals >= impatient or all(child.stopped() for child in self._children), LONGEST_STOP
        )
        for child in self._children:
            child.end()
        self._embedded.stop()
