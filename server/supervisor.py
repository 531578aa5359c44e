"""`orderloom run`: everything the product needs, from one command, until Ctrl-C.

The supervisor holds the data folder, starts the embedded services where no URL is given, migrates, seeds the demo
companies, and keeps the web server, the workers and the clock alive. What dies is started again; what was left behind
by a supervisor that was killed is found by its mark and ended first. Standard output carries the ready line and the
sign-ins alone; whatever else is said, by us or by a child, goes to standard error.
"""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import FrameType

from server.embedded import Embedded, ServiceError, processes
from server.preflight import PortTakenError, check_database, check_port, check_redis
from server.settings import Settings, SettingsError, app_database_url

COMMAND = (sys.executable, "-m", "server.cli")
CHILDREN = ("serve", "worker", "clock")
LONGEST_STOP = 15.0
# Doubled after each failure, and forgotten once a child has lived long enough to count as well.
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
WELL_AFTER = 60.0
FAILURES_BEFORE_READY = 5
STILL_WAITING = 15.0
TICK = 0.1


class StartError(Exception):
    """Orderloom cannot start. The text is one line for the operator."""


class Child:
    """One of our own long-running commands, in a session of its own, started again whenever it ends."""

    def __init__(self, name: str, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        self.name = name
        self.failures = 0
        self._argv = argv
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._not_before = 0.0

    def keep(self) -> None:
        """Start the child if it is not running and its pause is over."""
        now = time.monotonic()
        if self._process is not None:
            code = self._process.poll()
            if code is None:
                return
            self._died(code, now)
        if now >= self._not_before:
            self._process = spawn(self._argv, self._environment, stdout=sys.stderr.fileno())
            self._started = now

    def _died(self, code: int, now: float) -> None:
        self.end_group()
        self._process = None
        if now - self._started > WELL_AFTER:
            self.failures = 0
        pause = min(FIRST_PAUSE * 2**self.failures, LONGEST_PAUSE)
        self.failures += 1
        self._not_before = now + pause
        say(f"{self.name} {how_it_ended(code)}; starting it again in {pause:g} s.")

    def ask_to_stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def stopped(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def end_group(self) -> None:
        """Kill what is left of the child and of what it started itself."""
        if self._process is not None:
            end_group(self._process, 0.0)


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
        self._embedded = Embedded(
            settings.data_dir, postgres=settings.database_url is None, redis=settings.redis_url is None
        )

    def run(self) -> int:
        caught = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self._on_signal) for number in caught}
        try:
            self._run()
        finally:
            self._stop()
            for number, handler in before.items():
                signal.signal(number, handler)
        return 0

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._signals += 1

    def _stopping(self) -> bool:
        return self._signals > 0

    def _run(self) -> None:
        self._check_settings()
        self._embedded.lock()
        token = self._embedded.token
        if processes.end(processes.marked_by_environment(token), [(signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)]):
            check_port(self.settings.host, self.settings.port)
        else:
            raise StartError(f"Processes of an earlier run in {self.settings.data_dir} do not stop: end them first.")
        environment = self._start_services(token)
        self._migrate(environment)
        if self._stopping():
            return
        for name in CHILDREN:
            self._children.append(Child(name, (*self._command, name), environment))
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
        for child in self._children:
            child.ask_to_stop()
        processes.wait_until(
            lambda: self._signals >= impatient or all(child.stopped() for child in self._children), LONGEST_STOP
        )
        for child in self._children:
            child.end_group()
        self._embedded.stop()


def spawn(argv: Sequence[str], environment: Mapping[str, str], *, stdout: int) -> subprocess.Popen[bytes]:
    """Start a child that Ctrl-C in our terminal does not reach and that does not outlive us."""
    sys.stderr.flush()
    return subprocess.Popen(
        argv,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        start_new_session=True,
        preexec_fn=processes.tied_to_parent(),
    )


def end_group(process: subprocess.Popen[bytes], patience: float) -> None:
    """Ask the child to stop, and after these seconds kill it and what it started itself."""
    if patience:
        process.terminate()
        processes.wait_until(lambda: process.poll() is not None, patience)
    # Nothing may be left to kill; macOS says so with the second error.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def how_it_ended(code: int) -> str:
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


def say(text: str) -> None:
    print(f"orderloom: {text}", file=sys.stderr, flush=True)
