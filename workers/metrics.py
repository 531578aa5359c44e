"""What Prometheus may read of a worker, at a port of its own: jobs, and how long after their event automations are done."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Thread
from time import perf_counter
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.process_collector import ProcessCollector

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

JOBS_BEGUN = Counter("orderloom_jobs_begun", "Jobs that were begun, by kind.", ["kind"], registry=REGISTRY)
JOBS_BROKEN = Counter(
    "orderloom_jobs_broken", "Jobs whose attempt broke off, and will be begun again.", ["kind"], registry=REGISTRY
)
JOBS_PARKED = Counter("orderloom_jobs_parked", "Jobs that were given up.", ["kind"], registry=REGISTRY)
JOB_SECONDS = Histogram(
    "orderloom_job_seconds",
    "Time that a job took.",
    ["kind"],
    buckets=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 25),
    registry=REGISTRY,
)
AUTOMATION_LAG = Histogram(
    "orderloom_automation_lag_seconds",
    "Time from an event to the end of a run that it set off.",
    buckets=(0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 3_600),
    registry=REGISTRY,
)


@contextmanager
def job(kind: str) -> Iterator[None]:
    """Around one attempt at a job."""
    JOBS_BEGUN.labels(kind).inc()
    started = perf_counter()
    try:
        yield
    except BaseException:
        JOBS_BROKEN.labels(kind).inc()
        raise
    finally:
        JOB_SECONDS.labels(kind).observe(perf_counter() - started)


def run_ended(event_at: datetime) -> None:
    """A run of an automation has ended, well or not; ``event_at`` is when what set it off happened."""
    AUTOMATION_LAG.observe(max((datetime.now(UTC) - event_at).total_seconds(), 0.0))


def serve(host: str, port: int) -> tuple[WSGIServer, Thread]:
    """Answer ``/metrics`` from a thread. Raises ``OSError`` when the port is taken."""
    return start_http_server(port, host, REGISTRY)
