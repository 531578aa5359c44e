"""What Prometheus may read: requests, operations, sockets, and the state of the queue.

Label values come from our routes and our schema, never from what a client sends: each new one would be kept for ever.
"""

import asyncio
from functools import lru_cache

import psycopg
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import Response

from schema.execution import DOCUMENTS
from schema.lens import CLEAR
from server.tallies import Count, Counter, Histogram, Spread
from server.tenant_classes import TenantClasses
from tenants import isolation, jobs
from tenants.callers import CALLER, Callers
from tenants.calls import Call
from tenants.database import Database

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)

SECONDS_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15)
REQUESTS = Counter("orderloom_http_requests", "HTTP requests.", ["method", "route", "status"], registry=REGISTRY)
SECONDS = Histogram(
    "orderloom_http_request_seconds",
    "Time from the request's headers to the end of its answer.",
    ["route"],
    buckets=SECONDS_BUCKETS,
    registry=REGISTRY,
)
OPERATIONS = Counter(
    "orderloom_graphql_operations",
    "GraphQL operations by kind, root field, class of the tenant, and code of the first error.",
    ["kind", "field", "tenant_class", "code"],
    registry=REGISTRY,
)
OPERATION_SECONDS = Histogram(
    "orderloom_graphql_operation_seconds",
    "Time to answer a query or mutation, by class of the tenant.",
    ["kind", "tenant_class"],
    buckets=SECONDS_BUCKETS,
    registry=REGISTRY,
)
COST = Histogram(
    "orderloom_graphql_cost",
    "Points that an operation cost.",
    ["kind"],
    buckets=(10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000),
    registry=REGISTRY,
)
STATEMENTS = Histogram(
    "orderloom_graphql_statements",
    "SQL statements that an operation sent.",
    ["kind"],
    buckets=(1, 2, 3, 5, 8, 13, 21, 50),
    registry=REGISTRY,
)
SOCKETS = Gauge("orderloom_sockets", "Open WebSocket connections.", registry=REGISTRY)
SUBSCRIPTIONS = Gauge("orderloom_subscriptions", "Running operations on sockets.", registry=REGISTRY)
SLOW_CLIENTS = Counter(
    "orderloom_slow_clients",
    "Connections that were ended because their client did not take what was sent to it.",
    ["protocol"],
    registry=REGISTRY,
)
DATABASE_UP = Gauge("orderloom_database_up", "Whether PostgreSQL answered.", registry=REGISTRY)
REDIS_UP = Gauge("orderloom_redis_up", "Whether this process hears the news of the others.", registry=REGISTRY)
JOBS = Gauge("orderloom_jobs", "Jobs in the queue of record.", ["state"], registry=REGISTRY)
OLDEST_JOB = Gauge("orderloom_oldest_job_seconds", "How long the longest waiting job is overdue.", registry=REGISTRY)
POOL = Gauge("orderloom_database_pool", "Connections of this process to PostgreSQL.", ["state"], registry=REGISTRY)

REMEMBERED = Gauge("orderloom_remembered", "What this process has in memory, by number.", ["kind"], registry=REGISTRY)
REMEMBERED_BYTES = Gauge("orderloom_remembered_bytes", "What that weighs, as estimated.", ["kind"], registry=REGISTRY)
FORGOTTEN = Gauge(
    "orderloom_configurations_forgotten",
    "How many configurations had to go since the process began, to make room for others that are in use.",
    registry=REGISTRY,
)

PROVED = Gauge(
    "orderloom_isolation_proved_timestamp",
    "When the last proof of isolation ended, in seconds since 1970; 0 before the first.",
    registry=REGISTRY,
)
ISOLATION_FINDINGS = Gauge(
    "orderloom_isolation_findings", "What the last proof of isolation has found.", registry=REGISTRY
)

CLASSES = TenantClasses()
LONGEST_LOOK = 1.0
ROUTES = frozenset({"/graphql", "/healthz", "/readyz", "/metrics"})


def route_of(path: str) -> str:
    """The label of a path: few values, whatever is asked for."""
    return (
        path
        if path in ROUTES
        else "/" + path.split("/", 2)[1]
        if path.startswith(("/explorer", "/files", "/mailbox"))
        else "other"
    )


def count_request(method: str, path: str, status: int, seconds: float) -> None:
    """Count a finished request."""
    requests, durations = _of_requests(method if method in ("GET", "POST") else "other", route_of(path), status)
    requests.inc()
    durations.observe(seconds)


@lru_cache(maxsize=1_000)
def _of_requests(method: str, route: str, status: int) -> tuple[Count, Spread]:
    return REQUESTS.labels(method, route, str(status)), SECONDS.labels(route)


def count_operation(call: Call, code: str | None, seconds: float | None = None) -> None:
    """Count an operation that was answered, or refused with a code; ``seconds`` None is for one that only begins, a subscription."""
    kind = call.kind or "none"
    tenant_class = CLASSES.of(call.tenant_id) if call.tenant_id else "none"
    operations, durations, costs, statements = _of_operations(kind, call.field or "none", tenant_class, code or "OK")
    operations.inc()
    if seconds is not None:
        durations.observe(seconds)
        costs.observe(call.cost)
        statements.observe(call.statements)


@lru_cache(maxsize=5_000)
def _of_operations(kind: str, field: str, tenant_class: str, code: str) -> tuple[Count, Spread, Spread, Spread]:
    return (
        OPERATIONS.labels(kind, field, tenant_class, code),
        OPERATION_SECONDS.labels(kind, tenant_class),
        COST.labels(kind),
        STATEMENTS.labels(kind),
    )


async def metrics(request: Request) -> Response:
    """The text that Prometheus reads."""
    house = request.app.state.house
    REDIS_UP.set(house.live.connected)
    _look_at_memory(house.callers)
    await _look_at_database(house.database)
    return Response(generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _look_at_memory(callers: Callers) -> None:
    entries = callers.entries
    documents = (DOCUMENTS.parsed, CLEAR.documents)
    for kind, number in (*entries.items(), ("documents", sum(map(len, documents)))):
        REMEMBERED.labels(kind).set(number)
    for kind, weight in (
        ("callers", CALLER * entries["callers"]),
        ("configurations", callers.weight.bytes),
        ("documents", sum(remembered.weight.bytes for remembered in documents)),
    ):
        REMEMBERED_BYTES.labels(kind).set(weight)
    FORGOTTEN.set(callers.forgotten)


async def _look_at_database(database: Database) -> None:
    stats = database.pool.get_stats()
    for state in ("pool_size", "pool_available"):
        POOL.labels(state).set(stats.get(state, 0))
    POOL.labels("requests_waiting").set(database.waiting)
    try:
        async with asyncio.timeout(LONGEST_LOOK):
            found, proof = await jobs.look(database), await isolation.latest(database)
    except (psycopg.Error, PoolTimeout, OSError, TimeoutError):
        DATABASE_UP.set(0)
        return
    DATABASE_UP.set(1)
    for state in ("due", "leased", "parked"):
        JOBS.labels(state).set(found[state])
    OLDEST_JOB.set(found["overdue"])
    if proof is not None:
        PROVED.set(proof["at"])
        ISOLATION_FINDINGS.set(proof["findings"])
