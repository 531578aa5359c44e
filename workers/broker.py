"""Redis as Dramatiq uses it here: one queue of wake-up messages, each naming a job in PostgreSQL.

Nothing is lost with Redis, so the broker repeats nothing by itself: no retries, no delayed messages, no results. What it
does do is to hand on, within seconds, the messages that a dead worker had fetched.
"""

from datetime import datetime
from uuid import UUID

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AsyncIO
from redis.backoff import NoBackoff
from redis.retry import Retry

from tenants.jobs import Job

QUEUE = "jobs"
ACTOR = "do_job"
NAMESPACE = "orderloom"
# By default Dramatiq gives a dead worker's messages back after a minute, and looks for them in one of a thousand commands.
HEARTBEAT_TIMEOUT_MS = 5_000
MAINTENANCE_CHANCE = 100_000


def connect(redis_url: str) -> RedisBroker:
    """The broker, made ours for all of Dramatiq. Redis need not answer yet."""
    client = redis.Redis.from_url(
        redis_url,
        socket_timeout=5,
        socket_connect_timeout=2,
        # A second try mends a connection that was closed while it was idle; whoever calls waits and repeats by itself.
        retry=Retry(NoBackoff(), 1),
    )
    broker = RedisBroker(  # type: ignore[no-untyped-call]  # Dramatiq's types end at its brokers
        client=client,
        namespace=NAMESPACE,
        middleware=[AsyncIO()],
        heartbeat_timeout=HEARTBEAT_TIMEOUT_MS,
        maintenance_chance=MAINTENANCE_CHANCE,
    )
    dramatiq.set_broker(broker)
    return broker


def wake_up(job: Job) -> "dramatiq.Message[None]":
    """The message for a job as it was handed out."""
    details = (str(job.id), str(job.tenant_id), job.kind, str(job.subject_id), job.attempts, job.due_at.isoformat())
    return dramatiq.Message(QUEUE, ACTOR, details, {}, {})


def handed_out(job_id: str, tenant_id: str, kind: str, subject_id: str, attempts: int, due_at: str) -> Job:
    """The job that a message is for."""
    return Job(UUID(job_id), UUID(tenant_id), kind, UUID(subject_id), attempts, datetime.fromisoformat(due_at))


def waiting(broker: RedisBroker) -> int:
    """How many messages wait to be fetched. Raises ``redis.RedisError``."""
    found = broker.client.llen(f"{NAMESPACE}:{QUEUE}")
    return found if isinstance(found, int) else 0
