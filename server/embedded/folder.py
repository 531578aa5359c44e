"""The data folder of the embedded services: who holds it, its secrets, and what runs for it now."""

import errno
import fcntl
import hashlib
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

SECRETS = "secrets.json"
STATE = "services.json"
LOCK = "lock"


class ServiceError(Exception):
    """An embedded service cannot run here. The text is one line for the operator: what failed, where, what to do."""


@dataclass(frozen=True)
class Services:
    """Where the embedded services answer. A service that was not asked for has an empty URL.

    `database_url` signs in as the owner of the database `orderloom`; `superuser_url` is for set-up and tests alone.
    """

    database_url: str = ""
    redis_url: str = ""
    superuser_url: str = ""


@dataclass(frozen=True)
class Secrets:
    """Made once per data folder; without them an existing database cannot be opened again."""

    instance: str
    superuser_password: str
    owner_password: str
    redis_password: str

    @classmethod
    def new(cls) -> "Secrets":
        return cls(secrets.token_hex(8), secrets.token_hex(24), secrets.token_hex(24), secrets.token_hex(24))


@dataclass(frozen=True)
class State:
    """What `services.json` tells other commands: the services' URLs and the processes behind them."""

    services: Services
    pids: dict[str, int]
    token: str


class DataFolder:
    """A folder that one supervisor holds at a time (by a file lock, which the kernel lets go when its holder dies)."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()
        self._lock: IO[str] | None = None

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def held(self) -> bool:
        return self._lock is not None

    def open(self) -> None:
        """Make the folder if need be and take its lock. Raises ServiceError."""
        if self.held:
            return
        self._make()
        try:
            lock = (self.path / LOCK).open("a+")
        except OSError as error:
            raise self.failure(error) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            holder = lock.read().strip()
            lock.close()
            who = f" (process {holder})" if holder.isdigit() else ""
            message = (
                f"Orderloom already runs in {self.path}{who}: stop it first, or set DATA_DIR and PORT for a second one."
            )
            raise ServiceError(message) from error
        except OSError as error:
            lock.close()
            raise self.failure(error) from error
        self._lock = lock
        try:
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
        except OSError as error:
            self.close()
            raise self.failure(error) from error

    def close(self) -> None:
        """Let the lock go."""
        if self._lock is not None:
            lock, self._lock = self._lock, None
            # A full disk lets the buffered process number fail once more; the lock goes all the same.
            try:
                lock.close()
            except OSError:
                return

    def _make(self) -> None:
        try:
            self.path.mkdir(mode=0o711, exist_ok=True)
        except FileNotFoundError as error:
            if self.path.parent.exists():
                raise self.failure(error) from error
            message = f"DATA_DIR is {self.path}, but the folder {self.path.parent} does not exist: make it first."
            raise ServiceError(message) from error
        except FileExistsError as error:
            message = f"DATA_DIR is {self.path}, which is a file: set it to a folder."
            raise ServiceError(message) from error
        except OSError as error:
            raise self.failure(error) from error
        if not os.access(self.path, os.R_OK | os.W_OK | os.X_OK):
            raise ServiceError(f"DATA_DIR is {self.path}, which this account may not write: set it to another folder.")

    def failure(self, error: OSError) -> ServiceError:
        """The one line for what the system refused in this folder."""
        return refusal(error, self.path)

    def secrets(self) -> Secrets:
        """The folder's secrets, made at the first call. Raises ServiceError if they are gone or unreadable."""
        path = self.path / SECRETS
        try:
            if path.exists():
                return Secrets(**_text_fields(json.loads(path.read_text("utf-8"))))
            if (self.path / "postgres").exists():
                message = (
                    f"{path} is missing, and without it the database beside it cannot be opened:"
                    f" put it back, or remove {self.path} to begin anew."
                )
                raise ServiceError(message)
            made = Secrets.new()
            write_private(path, json.dumps(asdict(made), indent=1))
        except OSError as error:
            raise self.failure(error) from error
        except (ValueError, TypeError) as error:
            message = f"{path} is damaged ({error}): put it back, or remove {self.path} to begin anew."
            raise ServiceError(message) from error
        return made

    def token(self) -> str:
        """The mark on everything that runs for this folder.

        Made of the path too: a copy of the folder carries the same secrets, and must not be taken for the original.
        """
        text = f"{self.secrets().instance} {self.path.resolve()}"
        return "orderloom-" + hashlib.sha256(text.encode()).hexdigest()[:16]

    def write_state(self, state: State) -> None:
        try:
            write_private(self.path / STATE, json.dumps(asdict(state), indent=1))
        except OSError as error:
            raise self.failure(error) from error

    def clear_state(self) -> None:
        try:
            (self.path / STATE).unlink(missing_ok=True)
        except OSError as error:
            raise self.failure(error) from error

    def read_state(self) -> State | None:
        """What was written last, or None. Raises ServiceError if it belongs to another account."""
        path = self.path / STATE
        try:
            stored = json.loads(path.read_text("utf-8"))
            services = Services(**_text_fields(stored["services"]))
            pids = {str(name): int(pid) for name, pid in stored["pids"].items()}
            return State(services, pids, str(stored["token"]))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except PermissionError as error:
            message = f"{path} belongs to another account: run this as the account that started Orderloom."
            raise ServiceError(message) from error
        except OSError as error:
            raise self.failure(error) from error
        except (ValueError, TypeError, KeyError, AttributeError):
            # Only ever written whole; whatever else lies there tells of no running service.
            return None


def refusal(error: OSError, path: Path) -> ServiceError:
    """One line for an error of the operating system below `path`."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return ServiceError(disk_full(path))
    what = error.strerror or str(error)
    at = f" ({error.filename})" if error.filename and Path(error.filename) != path else ""
    return ServiceError(f"DATA_DIR is {path}, which cannot be used: {what}{at}. Set it to a folder you may write.")


def disk_full(path: Path) -> str:
    return f"The disk that holds {path} is full: free some space, or set DATA_DIR to a folder on another disk."


def write_private(path: Path, text: str) -> None:
    """Write a whole file that only this account may read, or leave the old one as it was."""
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _text_fields(stored: Any) -> dict[str, str]:
    if not isinstance(stored, dict):
        raise TypeError("not an object")
    if not all(isinstance(value, str) for value in stored.values()):
        raise TypeError("not all texts")
    return stored
