"""What the two embedded services have in common: to start, to be waited for, to be found again, to stop."""

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import psutil

from server.embedded import processes
from server.embedded.accounts import Account, becoming, cannot_become, service_account
from server.embedded.folder import DataFolder, ServiceError, disk_full

PORT_TRIES = 5
# A database that was killed replays its log before it answers, which takes long after heavy writing on a slow disk.
READY_SECONDS = 120.0
# PostgreSQL writes its log in pieces of this size, and says many things when it cannot.
LEAST_ROOM = 16 * 1024 * 1024
FULL = ("No space left on device", "Disk quota exceeded", "Check free disk space")
KILL = (signal.SIGKILL, 5.0)


class Service(ABC):
    """One server program with its folder, its log and its port, below a data folder that we hold."""

    title: ClassVar[str]
    directory: ClassVar[str]
    programs: ClassVar[frozenset[str]]
    variable: ClassVar[str]

    def __init__(self, folder: DataFolder, token: str, port: int = 0) -> None:
        self.folder = folder
        self.token = token
        self.port = port
        self.home = folder.path / self.directory
        self.log = folder.path / f"{self.directory}.log"
        self.account: Account | None = None
        self.process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def prepare(self) -> None:
        """Make `home` fit to be started on: files, settings, owner."""

    @abstractmethod
    def command(self) -> Sequence[str]:
        """The program and its arguments for `port`."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether the program answers with our password."""

    @abstractmethod
    def end_leftovers(self) -> bool:
        """Stop every process that runs for this folder. Whether all are gone."""

    def set_up(self) -> None:
        """What is to be done once the program answers."""
        return

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else 0

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start the program and return when it answers. Raises ServiceError."""
        try:
            self.account = service_account(self.home)
            if not self.end_leftovers():
                message = f"{self.title} of an earlier run in {self.home} does not stop: end it, then start again."
                raise ServiceError(message)
            self.prepare()
            self._launch_on_free_port()
        except OSError as error:
            self.stop()
            raise self.folder.failure(error) from error
        except ServiceError:
            self.stop()
            raise
        self.set_up()

    def stop(self) -> None:
        """Stop the program, giving it the time to write everything down."""
        self.end_leftovers()
        self._collect()

    def _collect(self) -> None:
        """Take note of our dead child, so that the system can forget it."""
        if self.process is not None:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=5)
            self.process = None

    def _launch_on_free_port(self) -> None:
        for _ in range(PORT_TRIES):
            # Between the look and the start, somebody else may take the port.
            self._collect()
            self.port = processes.free_port(self.port)
            self._launch()
            if self._wait():
                return
        raise ServiceError(f"{self.title} found no free port on 127.0.0.1 in {PORT_TRIES} tries: start again.")

    def _launch(self) -> None:
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))
        command = self.command()
        descriptor = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                env=environment(),
                cwd="/",
                # Its own session: Ctrl-C in the terminal is for the supervisor, which stops the services in order.
                start_new_session=True,
                preexec_fn=self.demotion(Path(command[0]), self.home),
            )
        except subprocess.SubprocessError as error:
            raise cannot_become(self.account) from error
        finally:
            os.close(descriptor)

    def _wait(self) -> bool:
        """Whether the program answers; False if its port was taken. Raises ServiceError if it died or is too slow."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if not self.alive():
                text = self.log.read_text("utf-8", "replace")
                if "Address already in use" in text:
                    return False
                raise ServiceError(self.complaint(text))
            if self.answers():
                return True
            time.sleep(0.02)
        raise ServiceError(f"{self.title} does not answer after {READY_SECONDS:.0f} s: see {self.log}.")

    def demotion(self, *needed: Path) -> Callable[[], None] | None:
        return becoming(self.account, needed) if self.account else None

    def complaint(self, text: str) -> str:
        """One line for why the program stopped, from what it wrote."""
        room = shutil.disk_usage(self.folder.path).free
        if room < LEAST_ROOM or any(words in text for words in FULL):
            return disk_full(self.folder.path)
        telling = [line for line in text.splitlines() if any(word in line for word in ("FATAL", "PANIC", "error:"))]
        last = telling or [line for line in text.splitlines() if line.strip()] or ["it said nothing"]
        return f"{self.title} did not start: {last[-1].strip()} (the whole log: {self.log})"

    def end_marked(self, signals: Iterable[tuple[signal.Signals, float]]) -> bool:
        return processes.end(self.marked(), signals)

    def marked(self) -> list[psutil.Process]:
        return processes.marked_by_title(self.token, self.programs)


def environment() -> dict[str, str]:
    """The least a server program needs: settings for other databases (PGDATA, PGPORT, ...) must not reach it."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}


def wheel_folder(package: str, variable: str) -> Path:
    """Where an installed package lies, without importing it. Raises ServiceError if it is not installed."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        message = (
            f"The package {package} is not installed, so that nothing can be started here:"
            f" set {variable}, or install Orderloom with its extra 'embedded'."
        )
        raise ServiceError(message)
    return Path(found.submodule_search_locations[0])
