"""What Prometheus may read: requests, operations, sockets, and the state of the queue."""

import asyncio
import time

import psycopg
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import Response

from tenants import jobs
from tenants.database import Database

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)

REQUESTS = Counter("orderloom_http_requests", "HTTP requests.", ["method", "route", "status"], registry=REGISTRY)
SECONDS = Histogram(
    "orderloom_http_request_seconds",
    "Time from the request's headers to the end of its answer.",
    ["route"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15),
    registry=REGISTRY,
)
OPERATIONS = Counter(
    "orderloom_graphql_operations",
    "GraphQL operations by the code of their first error.",
    ["kind", "code"],
    registry=REGISTRY,
)
SOCKETS = Gauge("orderloom_sockets", "Open WebSocket connections.", registry=REGISTRY)
SUBSCRIPTIONS = Gauge("orderloom_subscriptions", "Running operations on sockets.", registry=REGISTRY)
DATABASE_UP = Gauge("orderloom_database_up", "Whether PostgreSQL answered.", registry=REGISTRY)
JOBS = Gauge("orderloom_jobs", "Jobs in the queue of record.", ["state"], registry=REGISTRY)
OLDEST_JOB = Gauge("orderloom_oldest_job_seconds", "How long the longest waiting job is overdue.", registry=REGISTRY)
POOL = Gauge("orderloom_database_pool", "Connections of this process to PostgreSQL.", ["state"], registry=REGISTRY)

LONGEST_LOOK = 1.0
ROUTES = frozenset({"/graphql", "/healthz", "/readyz", "/metrics"})


def route_of(path: str) -> str:
    """The label of a path: few values, whatever is asked for."""
    return (
        path
        if path in ROUTES
        else "/" + path.split("/", 2)[1]
        if path.startswith(("/explorer", "/mailbox"))
        else "other"
    )


def count_request(method: str, path: str, status: int, started: float) -> None:
    """Count a finished request. ``started`` is of ``time.perf_counter``."""
    route = route_of(path)
    # Anybody may send any method; each new one would be kept for ever.
    method = method if method in ("GET", "POST") else "other"
    REQUESTS.labels(method, route, status).inc()
    SECONDS.labels(route).observe(time.perf_counter() - started)


async def metrics(request: Request) -> Response:
    """The text that Prometheus reads."""
    await _look_at_jobs(request.app.state.house.database)
    return Response(generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _look_at_jobs(database: Database) -> None:
    stats = database.pool.get_stats()
    for state in ("pool_size", "pool_available", "requests_waiting"):
        POOL.labels(state).set(stats.get(state, 0))
    try:
        async with asyncio.timeout(LONGEST_LOOK):
            found = await jobs.look(database)
    except (psycopg.Error, PoolTimeout, OSError, TimeoutError):
        DATABASE_UP.set(0)
        return
    DATABASE_UP.set(1)
    for state in ("due", "leased", "parked"):
        JOBS.labels(state).set(found[state])
    OLDEST_JOB.set(found["overdue"])
