"""Where each microsecond of a request goes: ``python -m bench.profile W2 [--seconds 10]``.

Serves the product in this process, sends the requests of one work over one connection, and looks at the running code at each tick
of the processor time that it uses. Each look counts for the room of the house that the innermost known file belongs to.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

import psycopg
import uvicorn
import uvloop

from bench import data
from bench.load import Load, LoadError, Measured, require_wrk, run_wrk, write_requests
from bench.rounds import product_body
from bench.servers import product_environment
from bench.works import Asks, works
from server.app import create_app
from server.embedded import Embedded, Services
from server.embedded.processes import free_port
from server.protocol import configured
from server.settings import Settings

TICK = 0.001
WARM_SECONDS = 2
TOP = 15
ROOT = str(Path(__file__).resolve().parent.parent) + os.sep
# Room by the beginning of a file's place, the first that fits; what fits none belongs to whoever called it.
ROOMS = (
    ("limits", ("server/limits", "schema/costs", "schema/measures")),
    (
        "logs, metrics, traces",
        ("server/metrics", "server/logs", "server/traces", "structlog/", "prometheus_client/", "logging/"),
    ),
    ("http", ("server/", "starlette/", "uvicorn/")),
    ("caller", ("tenants/callers", "tenants/permissions")),
    ("encoding", ("schema/answers",)),
    (
        "plan and parameters",
        ("schema/reads", "schema/selections", "tenants/reading/", "tenants/records/", "tenants/conditions"),
    ),
    ("graphql", ("schema/", "graphql/", "strawberry/")),
    ("psycopg", ("tenants/database", "tenants/wire", "tenants/transaction", "psycopg")),
    ("commands", ("tenants/", "workers/")),
    ("event loop", ("asyncio/", "uvloop/")),
)
OTHER = "other"


class Sampler:
    """Counts, at each tick of processor time, the room and the function that run."""

    def __init__(self) -> None:
        self.rooms: Counter[str] = Counter()
        self.functions: Counter[str] = Counter()
        self._seconds = 0.0

    def start(self) -> None:
        signal.signal(signal.SIGPROF, self._look)
        self._seconds = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, TICK, TICK)

    def stop(self) -> float:
        """Ends the looking; returns the processor time that was used meanwhile, in seconds."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        return time.process_time() - self._seconds

    def _look(self, _number: int, frame: FrameType | None) -> None:
        if frame is not None:
            self.functions[f"{place_of(frame.f_code.co_filename)}:{frame.f_code.co_name}"] += 1
        while frame is not None:
            room = room_of(place_of(frame.f_code.co_filename))
            if room:
                self.rooms[room] += 1
                return
            frame = frame.f_back
        self.rooms[OTHER] += 1


def place_of(filename: str) -> str:
    """A file's place below our own root, the installed packages or the standard library."""
    for marker in ("site-packages" + os.sep, f"python{sys.version_info[0]}.{sys.version_info[1]}{os.sep}"):
        if marker in filename:
            return filename.rpartition(marker)[2]
    return filename.removeprefix(ROOT)


def room_of(place: str) -> str | None:
    """The room that a file belongs to; None for one that works for whoever calls it."""
    return next((room for room, beginnings in ROOMS if place.startswith(beginnings)), None)


async def _serve(load: Load, port: int, seconds: int) -> tuple[Sampler, float, Measured]:
    server = uvicorn.Server(configured(create_app(Settings.load()), "127.0.0.1", port))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  (uvicorn sets a flag, and no event)
        await asyncio.sleep(0.05)
    await asyncio.to_thread(run_wrk, load, connections=1, seconds=WARM_SECONDS)
    sampler = Sampler()
    sampler.start()
    measured = await asyncio.to_thread(run_wrk, load, connections=1, seconds=seconds)
    used = sampler.stop()
    server.should_exit = True
    await serving
    return sampler, used, measured


def _prepare(services: Services, folder: Path, key: str, size: data.Size) -> tuple[Load, int]:
    loaded = asyncio.run(data.load(services, size))
    port = free_port()
    os.environ.update(product_environment(services, port))
    work = next(work for work in works() if work.key == key)
    with psycopg.connect(services.superuser_url, autocommit=True) as connection:
        asks = Asks(connection, loaded.large).of(work)
    file = folder / key
    write_requests(file, [(loaded.large.token, product_body(work, ask)) for ask in asks])
    return Load(f"http://127.0.0.1:{port}/graphql", file, work.marker), port


def _print(key: str, sampler: Sampler, used: float, measured: Measured) -> None:
    looks = sum(sampler.rooms.values()) or 1
    each = used * 1e6 / max(1, measured.requests)
    print(f"{key}: {measured.requests} requests over one connection, errors: {measured.errors} {measured.example}")
    print(
        f"p50 {measured.p50 * 1000:.0f} us: {each:.0f} us of the server's processor, the rest waits for PostgreSQL and wrk\n"
    )
    for room, count in sampler.rooms.most_common():
        print(f"  {room:24} {count / looks * each:7.0f} us {count / looks:6.1%}")
    print(f"\nfunctions that ran most often ({looks} looks)")
    for function, count in sampler.functions.most_common(TOP):
        print(f"  {count / looks * each:7.0f} us  {function}")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", choices=[work.key for work in works()])
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--full", action="store_true", help="with all the data that `make bench` loads")
    options = parser.parse_args(arguments)
    try:
        require_wrk()
        with (
            tempfile.TemporaryDirectory(prefix="orderloom-profile-") as name,
            Embedded(Path(name) / "data") as embedded,
        ):
            size = data.FULL if options.full else data.QUICK
            load, port = _prepare(embedded.services, Path(name), options.work, size)
            _print(options.work, *uvloop.run(_serve(load, port, options.seconds)))
    except LoadError as error:
        sys.exit(f"bench: {error}")


if __name__ == "__main__":
    main()
