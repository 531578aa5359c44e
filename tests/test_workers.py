"""What happens after a commit: jobs, automation runs, deliveries, the relay and chores (AUT, R1, R2, R7, R8).

The runs with real processes that are killed are in `tests/faults`.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import redis

from server.settings import Settings
from tenants import chores, jobs
from tenants.actions.set_field import SetField
from tenants.config import change_sets
from tenants.database import Database, Outdated
from tenants.jobs import Job
from tests.conftest import NewCompany
from tests.examples import create_orders
from tests.harness import Company, Drain, Outbox, Row
from workers import automations as automation_jobs
from workers import broker as queue
from workers.automations import run_automation
from workers.deliveries import send_delivery
from workers.relay import Relay
from workers.work import Room

TAG: Row = {"type": "set_field", "field": "tags", "value": ["seen"]}
MAIL: Row = {"type": "send_email", "to": "boss@example.com", "subject": "New", "body": "Order {{ order.number }}"}
NOWHERE = "redis://127.0.0.1:9/0"
RUNS = "SELECT id, automation, status, message, attempts, steps FROM automation_runs WHERE tenant_id = %(tenant)s"
JOBS = "SELECT * FROM jobs WHERE tenant_id = %(tenant)s ORDER BY id"


async def automate(company: Company, *actions: Row, key: str = "watch", **more: Any) -> None:
    """An automation that does the actions for every new order."""
    body = {"label": {"en": key}, "events": ["created"], "actions": list(actions), "role": "admin", **more}
    async with company.begin() as tx:
        await change_sets.apply(tx, [change_sets.define(tx.config, "automation", key, body)])


async def claimed(company: Company) -> list[Job]:
    return [job for job in await jobs.claim(company.database, 1_000) if job.tenant_id == company.id]


async def died(company: Company, job: Job, times: int) -> Job:
    """The job as it is handed out after so many workers died of it: each attempt was counted, and never ended."""
    for _ in range(times):
        assert await jobs.start(company.database, job) is not None
        await company.rows("UPDATE jobs SET due_at = now() WHERE id = %(id)s RETURNING id", id=job.id)
        (job,) = [found for found in await claimed(company) if found.id == job.id]
    return job


async def entries_per_order(company: Company) -> list[int]:
    rows = await company.rows(
        "SELECT count(*) AS n FROM events WHERE tenant_id = %(tenant)s AND record_type = 'order' GROUP BY record_id"
    )
    return [row["n"] for row in rows]


async def test_an_automation_works_once_however_often_its_message_comes(company: Company, work: Drain) -> None:
    await automate(company, TAG)
    await create_orders(company, [{}])
    (job,) = await claimed(company)
    # Messages come twice, at once and one after another.
    await asyncio.gather(*(run_automation(work.work, job) for _ in range(5)))
    await run_automation(work.work, job)
    (run,) = await company.rows(RUNS)
    assert (run["status"], run["attempts"], run["message"]) == ("succeeded", 1, "")
    assert run["steps"] == [{"action": "set_field", "outcome": "tags = ['seen']"}]
    assert await entries_per_order(company) == [2]
    assert await company.rows(JOBS) == []


async def test_a_refusal_ends_the_run_with_its_reason_and_without_half_of_it(
    company: Company, work: Drain, outbox: Outbox
) -> None:
    await automate(company, TAG, MAIL, {"type": "change_status", "to": "completed"})
    await create_orders(company, [{}])
    await work()
    (run,) = await company.rows(RUNS)
    assert run["status"] == "failed"
    assert "cannot go from 'Draft' to 'Completed'" in run["message"]
    assert await entries_per_order(company) == [1]
    assert outbox.sent == []
    assert await company.rows(JOBS) == []


async def test_a_role_that_lacks_the_right_is_refused(company: Company, work: Drain) -> None:
    await automate(company, TAG, role="read_only")
    await create_orders(company, [{}])
    await work()
    (run,) = await company.rows(RUNS)
    assert run["status"] == "failed"
    assert "order.update" in run["message"]


async def test_what_kills_its_worker_is_parked_and_the_rest_goes_on(company: Company, work: Drain) -> None:
    await automate(company, TAG)
    await create_orders(company, [{}, {}])
    poison, sound = await claimed(company)
    poison = await died(company, poison, jobs.MOST_DEATHS)
    await run_automation(work.work, poison)
    await run_automation(work.work, sound)
    runs = {row["id"]: row for row in await company.rows(RUNS)}
    assert runs[sound.subject_id]["status"] == "succeeded"
    parked = runs[poison.subject_id]
    assert (parked["status"], parked["attempts"]) == ("parked", 3)
    assert "Parked after 3 attempts" in parked["message"]
    assert "worker died" in parked["message"]
    (left,) = await company.rows(JOBS)
    assert left["parked_at"] is not None
    assert await work(overdue=True) == 0


async def test_what_may_kill_its_worker_is_done_alone() -> None:
    room, order = Room(), []

    async def job(name: str, *, suspect: bool = False) -> None:
        async with room.alone() if suspect else room.together():
            order.append(name)
            await asyncio.sleep(0.02)
            order.append(name)

    await asyncio.gather(job("a"), job("b"), job("X", suspect=True), job("c"), job("Y", suspect=True), job("d"))
    assert order[:4] == ["a", "b", "a", "b"]
    assert [name for name in order if name in "XY"] == ["X", "X", "Y", "Y"]
    assert order[order.index("X") + 1] == "X"
    assert order[order.index("Y") + 1] == "Y"
    assert set(order[-4:]) == {"c", "d"}


async def test_a_bug_is_tried_again_and_then_parked_with_its_name(
    company: Company, work: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> str:
        raise ZeroDivisionError("a secret may be in here")

    await automate(company, TAG)
    await create_orders(company, [{}])
    monkeypatch.setattr(SetField, "perform", broken)
    await work()
    (run,) = await company.rows(RUNS)
    assert (run["status"], run["attempts"], run["message"]) == ("pending", 1, "ZeroDivisionError")
    for _ in range(jobs.MOST_DEATHS):
        await work(overdue=True)
    (run,) = await company.rows(RUNS)
    assert (run["status"], run["attempts"]) == ("parked", 3)
    assert run["message"].endswith("Last error: ZeroDivisionError")


async def test_a_run_that_is_prepared_while_the_configuration_changes_is_prepared_again(
    company: Company, work: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    await automate(company, TAG)
    await create_orders(company, [{}])
    attempt, failures = automation_jobs._attempt, [Outdated(), Outdated()]

    async def outdated_twice(*arguments: Any) -> None:
        if failures:
            raise failures.pop()
        await attempt(*arguments)

    monkeypatch.setattr(automation_jobs, "_attempt", outdated_twice)
    await work()
    (run,) = await company.rows(RUNS)
    assert (run["status"], run["attempts"]) == ("succeeded", 1)


async def test_a_message_of_an_earlier_hand_out_is_void(company: Company, work: Drain) -> None:
    await automate(company, TAG)
    await create_orders(company, [{}])
    (first,) = await claimed(company)
    await company.rows("UPDATE jobs SET due_at = now() WHERE tenant_id = %(tenant)s RETURNING id")
    (second,) = await claimed(company)
    await run_automation(work.work, first)
    assert [row["status"] for row in await company.rows(RUNS)] == ["pending"]
    await run_automation(work.work, second)
    assert [row["status"] for row in await company.rows(RUNS)] == ["succeeded"]


async def test_waiting_in_line_is_no_attempt(company: Company, work: Drain) -> None:
    await automate(company, TAG)
    await create_orders(company, [{}])
    for _ in range(20):
        # Handed out again and again while all workers are down.
        await company.rows("UPDATE jobs SET due_at = now() WHERE tenant_id = %(tenant)s RETURNING id")
        assert [job.attempts for job in await claimed(company)] == [0]
    await work(overdue=True)
    (run,) = await company.rows(RUNS)
    assert run["status"] == "succeeded"


async def test_a_claimed_job_is_leased_and_a_released_one_is_due_at_once(company: Company) -> None:
    await automate(company, TAG)
    await create_orders(company, [{}])
    (job,) = await claimed(company)
    assert await claimed(company) == []
    await jobs.release(company.database, [job.id])
    assert [found.id for found in await claimed(company)] == [job.id]


async def test_a_company_with_many_jobs_does_not_keep_the_others_waiting(
    company: Company, new_company: NewCompany
) -> None:
    other = await new_company()
    await automate(company, TAG)
    await automate(other, TAG)
    await create_orders(company, [{}] * 30)
    await create_orders(other, [{}])
    assert {job.tenant_id for job in await jobs.claim(company.database, 2)} == {company.id, other.id}


async def test_a_message_goes_out_once(company: Company, work: Drain, outbox: Outbox) -> None:
    await automate(company, MAIL)
    await create_orders(company, [{}])
    (run,) = await claimed(company)
    await run_automation(work.work, run)
    (job,) = await claimed(company)
    assert job.kind == jobs.DELIVERY
    await asyncio.gather(*(send_delivery(work.work, job) for _ in range(5)))
    (sent,) = outbox.sent
    assert sent["recipient"] == "boss@example.com"
    assert sent["body"].startswith("Order SO-")
    (delivery,) = await company.rows("SELECT * FROM deliveries WHERE tenant_id = %(tenant)s")
    assert (delivery["status"], delivery["attempts"], delivery["last_error"]) == ("sent", 1, "")


async def test_a_refused_message_is_tried_again_later_and_at_last_given_up(
    company: Company, work: Drain, outbox: Outbox
) -> None:
    outbox.refusal = OSError("mail server says no")
    await automate(company, MAIL)
    await create_orders(company, [{}])
    await work()
    read = "SELECT status, attempts, last_error FROM deliveries WHERE tenant_id = %(tenant)s"
    assert await company.rows(read) == [{"status": "pending", "attempts": 1, "last_error": "mail server says no"}]
    (job,) = await company.rows(JOBS)
    # Not at once: it is due again when its lease ends.
    assert await work() == 0
    for _ in range(jobs.MOST_ATTEMPTS):
        await work(overdue=True)
    assert await company.rows(read) == [
        {"status": "failed", "attempts": jobs.MOST_ATTEMPTS, "last_error": "mail server says no"}
    ]
    (job,) = await company.rows(JOBS)
    assert job["parked_at"] is not None


async def test_a_message_that_kills_its_worker_is_given_up(company: Company, work: Drain, outbox: Outbox) -> None:
    await automate(company, MAIL)
    await create_orders(company, [{}])
    (run,) = await claimed(company)
    await run_automation(work.work, run)
    (job,) = await claimed(company)
    job = await died(company, job, jobs.MOST_ATTEMPTS)
    await send_delivery(work.work, job)
    assert outbox.sent == []
    (delivery,) = await company.rows("SELECT status, last_error FROM deliveries WHERE tenant_id = %(tenant)s")
    assert delivery == {"status": "failed", "last_error": "The worker died while running it."}


async def test_nobody_does_a_job_under_another_tenant(company: Company, new_company: NewCompany, work: Drain) -> None:
    other = await new_company()
    await automate(company, TAG)
    await create_orders(company, [{}])
    (job,) = await claimed(company)
    await run_automation(work.work, replace(job, tenant_id=other.id))
    (run,) = await company.rows(RUNS)
    assert (run["status"], run["attempts"]) == ("pending", 0)


async def test_the_relay_hands_each_due_job_to_redis(company: Company, settings: Settings) -> None:
    await automate(company, TAG)
    await create_orders(company, [{}, {}, {}])
    broker = queue.connect(settings.redis_address())
    broker.flush_all()
    relay = Relay(company.database, broker, settings.redis_address())
    try:
        assert await relay.hand_out() == 3
        assert await relay.hand_out() == 0
        assert queue.waiting(broker) == 3
        consumer = broker.consume(queue.QUEUE, prefetch=10)
        found = [message.args for message in (next(consumer) for _ in range(3)) if message is not None]
        waiting = [Job(**{name: row[name] for name in Job.__slots__}) for row in await company.rows(JOBS)]
        assert [queue.handed_out(*message) for message in found] == waiting
    finally:
        broker.flush_all()
        broker.client.close()


async def test_without_redis_jobs_stay_due(company: Company) -> None:
    await automate(company, TAG)
    await create_orders(company, [{}])
    broker = queue.connect(NOWHERE)
    with pytest.raises(redis.ConnectionError):
        await Relay(company.database, broker, NOWHERE).hand_out()
    assert len(await claimed(company)) == 1


async def test_jobs_claimed_in_vain_are_due_again_at_once(
    company: Company, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await automate(company, TAG)
    await create_orders(company, [{}, {}])
    broker = queue.connect(settings.redis_address())
    monkeypatch.setattr(broker, "enqueue", _out_of_memory)
    with pytest.raises(redis.RedisError):
        await Relay(company.database, broker, settings.redis_address()).hand_out()
    assert len(await claimed(company)) == 2
    broker.client.close()


def _out_of_memory(_: Any) -> None:
    raise redis.ResponseError("OOM command not allowed")


async def test_the_relay_hands_out_no_more_than_the_workers_can_soon_do(company: Company, settings: Settings) -> None:
    await automate(company, TAG)
    await create_orders(company, [{}, {}])
    broker = queue.connect(settings.redis_address())
    relay = Relay(company.database, broker, settings.redis_address())
    relay.most_waiting = 1
    try:
        assert await relay.hand_out() == 1
        assert await relay.hand_out() == 0
    finally:
        broker.flush_all()
        broker.client.close()


async def test_old_idempotency_keys_and_sessions_are_forgotten(company: Company, database: Database) -> None:
    actor = company.owner.id
    for key, age in (("old", timedelta(hours=25)), ("young", timedelta(hours=23))):
        await company.rows(
            "INSERT INTO idempotency_keys (tenant_id, actor_id, key, request_hash, created_at)"
            " VALUES (%(tenant)s, %(actor)s, %(key)s, '', now() - %(age)s) RETURNING key",
            actor=actor,
            key=key,
            age=age,
        )
    await company.rows(
        "UPDATE sessions SET expires_at = now() - interval '1 s' WHERE member_id = %(member)s RETURNING member_id",
        member=company.read_only.id,
    )
    await chores.forget_idempotency_keys(database)
    await chores.forget_sessions(database)
    assert await company.rows("SELECT key FROM idempotency_keys WHERE tenant_id = %(tenant)s") == [{"key": "young"}]
    left = await company.rows("SELECT member_id FROM sessions WHERE tenant_id = %(tenant)s")
    assert {row["member_id"] for row in left} == {company.owner.id, company.member.id}


def test_the_broker_hands_on_the_messages_of_a_dead_worker_within_seconds() -> None:
    broker = queue.connect(NOWHERE)
    assert broker.heartbeat_timeout <= 5_000
    assert broker.maintenance_chance >= 100_000
    assert [type(part).__name__ for part in broker.middleware] == ["AsyncIO"]
