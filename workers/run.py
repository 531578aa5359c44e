"""One worker process: takes wake-up messages from Redis and does the jobs they name, several at once."""

import asyncio
import logging
import signal
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import dramatiq
import psycopg
from dramatiq.asyncio import EventLoopThread, get_event_loop_thread
from dramatiq.middleware import Middleware, MiddlewareError
from psycopg_pool import PoolTimeout
from redis import RedisError

from tenants import jobs, spellings
from tenants.callers import Callers
from tenants.calls import Call, under_way
from tenants.database import Database
from tenants.deliveries import Send
from tenants.jobs import Job
from workers import broker as queue
from workers import metrics
from workers.announcements import Announcer
from workers.automations import run_automation
from workers.backfills import go_on_with_backfill
from workers.conversions import convert_field
from workers.deliveries import send_delivery
from workers.drafts import apply_scheduled_draft
from workers.ending import end
from workers.exports import go_on_with_export
from workers.field_indexes import build_field_index
from workers.hand_overs import go_on_with_hand_over
from workers.life_cycles import migrate_life_cycle
from workers.proofs import ProofMailer
from workers.work import Work

THREADS = 8
# How long an idle worker may take to notice a message.
POLL_MS = 200
# A supervisor that asked us to stop waits a little longer.
LAST_JOBS_MS = 10_000
MOST_TRIES = 3

DO: dict[str, Callable[[Work, Job], Coroutine[Any, Any, None]]] = {
    jobs.AUTOMATION: run_automation,
    jobs.DELIVERY: send_delivery,
    jobs.FIELD_INDEX: build_field_index,
    jobs.BACKFILL: go_on_with_backfill,
    jobs.LIFE_CYCLE: migrate_life_cycle,
    jobs.CONVERSION: convert_field,
    jobs.DRAFT: apply_scheduled_draft,
    jobs.HAND_OVER: go_on_with_hand_over,
    jobs.EXPORT: go_on_with_export,
}

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WorkerSettings:
    """Where the worker finds the database (as the application role) and Redis, how it sends messages, on which address
    and port it tells of itself, and where the links of messages lead."""

    database_url: str
    redis_url: str
    send: Send
    metrics_at: tuple[str, int] | None = None
    frontend_url: str = ""


def run(settings: WorkerSettings) -> None:
    """Work until SIGINT or SIGTERM; then finish what has begun, and give the rest back.

    Raises ``PoolTimeout`` and the like when there is no database. Redis may come later.
    """
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stopping.set())
    broker = queue.connect(settings.redis_url)
    house = _House(settings)
    broker.add_middleware(house)
    dramatiq.actor(actor_name=queue.ACTOR, queue_name=queue.QUEUE, broker=broker)(house.do)
    worker = dramatiq.Worker(broker, worker_timeout=POLL_MS, worker_threads=THREADS)
    telling = metrics.serve(*settings.metrics_at)[0] if settings.metrics_at else None
    try:
        worker.start()
        log.info("The worker is ready.")
        stopping.wait()
        worker.stop(timeout=LAST_JOBS_MS)
    except MiddlewareError as error:
        raise error.__cause__ or error from None
    except RedisError as error:
        log.warning("Redis is away, so what was fetched is not given back; it comes again by itself: %s", error)
    finally:
        if get_event_loop_thread() is not None:
            # Dramatiq leaves its event loop running when it cannot start, or stop, in good order.
            broker.emit_after("worker_shutdown", worker)
        broker.client.close()
        if telling is not None:
            telling.shutdown()


class _House(Middleware):
    """Opens the house in Dramatiq's event loop before the first message, and closes it after the last."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._announcer = Announcer(settings.redis_url)
        self._work: Work | None = None
        self._mailing: asyncio.Task[None] | None = None

    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        try:
            self._work = _loop().run_coroutine(self._open())
        except Exception as error:
            # Dramatiq lets no other exception through.
            raise MiddlewareError from error

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        if self._work is not None:
            _loop().run_coroutine(self._close(self._work))
            self._work = None

    async def do(self, *message: Any) -> None:
        """Do one job. Whatever goes wrong is left to the job's lease."""
        assert self._work is not None
        job = queue.handed_out(*message)
        for _ in range(MOST_TRIES):
            try:
                with metrics.job(job.kind), under_way(Call(str(job.id), job.tenant_id, kind=job.kind)):
                    await DO[job.kind](self._work, job)
            except psycopg.OperationalError as error:
                log.warning("Job %s has lost the database: %s", job.id, error)
                # A job that had begun is left to its lease; one that only met a dead connection is done after all.
                await self._work.database.mend()
                continue
            except PoolTimeout:
                log.warning("Job %s waits for the database.", job.id)
            except Exception:
                log.exception("Job %s (%s) failed; it will be begun again.", job.id, job.kind)
            return

    async def _open(self) -> Work:
        database = await Database.open(self._settings.database_url, size=THREADS + 1)
        self._announcer.start()
        database.on_commit.append(self._announcer)
        mailer = ProofMailer(database, self._settings.send, self._settings.frontend_url)
        self._mailing = asyncio.create_task(mailer.run())
        return Work(database, Callers(database), self._settings.send)

    async def _close(self, work: Work) -> None:
        if self._mailing is not None:
            await end(self._mailing)
        await self._announcer.close()
        await spellings.finish()
        await work.database.close()


def _loop() -> EventLoopThread:
    found = get_event_loop_thread()
    assert found is not None, "Dramatiq's AsyncIO middleware comes first"
    return found
