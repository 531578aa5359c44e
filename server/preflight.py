"""What `orderloom run` looks at before it starts: is the port free, do the services behind the given URLs answer?"""

import socket
import threading
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import unquote, urlsplit

import psutil
import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from server.settings import SettingsError, redacted

SECONDS = 5
OLDEST_POSTGRES = 16

T = TypeVar("T")


class PortTakenError(Exception):
    """Somebody else listens where we would. The text says who, if we may know, and what to do."""


def check_port(host: str, port: int) -> None:
    """Raises PortTakenError if nobody could listen there now, and SettingsError if the address is none of ours."""
    with bound(host, port) as probe:
        try:
            probe.listen(1)
        except OSError as error:
            raise _refusal(error, host, port) from error


def bound(host: str, port: int) -> socket.socket:
    """A socket that holds the address, for whoever is to listen on it. Raises as :func:`check_port` does."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError as error:
        raise SettingsError(f"HOST is '{host}', which is no address: set it to one like 127.0.0.1.") from error
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind(address)
    except OSError as error:
        found.close()
        raise _refusal(error, host, port) from error
    return found


def _refusal(error: OSError, host: str, port: int) -> Exception:
    if isinstance(error, PermissionError):
        return SettingsError(f"PORT is {port}, which this account may not use: set PORT to one from 1024 on.")
    if _in_use(error):
        message = f"Port {port} on {host} is in use{_holder(port)}: stop that program, or set PORT to another."
        return PortTakenError(message)
    return SettingsError(f"HOST is '{host}', where this machine cannot listen ({error.strerror}): set it to 127.0.0.1.")


def _in_use(error: OSError) -> bool:
    return error.errno is not None and "in use" in (error.strerror or "")


def _holder(port: int) -> str:
    """By whom, as far as the system tells this account."""
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.Error:
        return ""
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port:
            if not connection.pid:
                break
            try:
                return f" by process {connection.pid} ({psutil.Process(connection.pid).name()})"
            except psutil.Error:
                break
    return ""


def check_database(url: str) -> None:
    """Raises SettingsError if DATABASE_URL leads to no PostgreSQL that we can use."""
    try:
        version = within(SECONDS + 1, lambda: _server_version(url))
    except (psycopg.Error, OSError, UnicodeError) as error:
        raise _unreachable("DATABASE_URL", url, str(error)) from None
    if version // 10000 < OLDEST_POSTGRES:
        message = (
            f"DATABASE_URL ({redacted(url)}) is PostgreSQL {version // 10000}: {OLDEST_POSTGRES} or newer is needed."
        )
        raise SettingsError(message)


def _server_version(url: str) -> int:
    with psycopg.connect(url, connect_timeout=SECONDS) as connection:
        return connection.info.server_version


def check_redis(url: str) -> None:
    """Raises SettingsError if REDIS_URL leads to no Redis that answers."""
    try:
        within(SECONDS + 1, lambda: _ping(url))
    except (redis.RedisError, OSError, ValueError) as error:
        raise _unreachable("REDIS_URL", url, str(error)) from None


def _ping(url: str) -> None:
    # One try: by default the client would repeat for a minute.
    client = redis.Redis.from_url(
        url, socket_connect_timeout=SECONDS, socket_timeout=SECONDS, retry=Retry(NoBackoff(), 0)
    )
    with client:
        client.ping()


def within(seconds: float, work: Callable[[], T]) -> T:
    """The work's answer, or TimeoutError. Looking up a host's name heeds no time limit of the client's."""
    answers: list[T] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            answers.append(work())
        except Exception as error:  # noqa: BLE001 - handed to the caller below
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not answers:
        raise TimeoutError(f"no answer within {seconds:.0f} s")
    return answers[0]


def _unreachable(variable: str, url: str, what: str) -> SettingsError:
    # The first line tells; libpq adds advice and repeats each address below it.
    text = what.strip().partition("\n")[0].strip().removeprefix("connection failed: ") or "no answer"
    secret = urlsplit(url).password
    for hidden in {secret, unquote(secret or "")} - {None, ""}:
        text = text.replace(str(hidden), "***")
    return SettingsError(f"{variable} ({redacted(url)}) cannot be used: {text.rstrip('.')}. Correct it, or unset it.")
