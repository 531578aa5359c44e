"""What one process tells the others after a commit: in order, at best, and never at the cost of the commit (T5, R12, R13)."""

import asyncio
import time
from typing import Any
from uuid import UUID

import pytest

from server.live import LostTouch, RedisLive
from server.settings import Settings
from tenants.database import Announcement
from workers.announcements import Announcer

NOWHERE = "redis://127.0.0.1:9/0"


async def test_news_reach_the_listeners_of_their_tenant_alone(settings: Settings) -> None:
    live, announcer = RedisLive(settings.redis_address()), Announcer(settings.redis_address())
    live.start()
    announcer.start()
    ours, theirs = UUID(int=1), UUID(int=2)
    try:
        await until(lambda: live.connected)
        async with live.listen(ours) as news, live.listen(theirs) as other_news:
            for version in range(1, 4):
                await announcer(news_of(ours, version))
            assert [(await anext(news))["record_version"] for _ in range(3)] == [1, 2, 3]
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(anext(other_news), 0.2)
    finally:
        await announcer.close()
        await live.close()


async def test_who_listens_too_slowly_is_told(settings: Settings) -> None:
    live, announcer = RedisLive(settings.redis_address()), Announcer(settings.redis_address())
    live.start()
    announcer.start()
    tenant = UUID(int=3)
    try:
        await until(lambda: live.connected)
        async with live.listen(tenant) as news:
            await announcer(news_of(tenant, *range(1, 1_100)))
            await asyncio.sleep(0.3)
            with pytest.raises(LostTouch):
                async for _ in news:
                    pass
    finally:
        await announcer.close()
        await live.close()


async def test_announcing_never_waits_for_redis() -> None:
    announcer = Announcer(NOWHERE)
    announcer.start()
    began = time.perf_counter()
    for _ in range(20_000):
        await announcer(news_of(UUID(int=4), 1))
    assert time.perf_counter() - began < 1.0
    await announcer.close()


def news_of(tenant_id: UUID, *versions: int) -> Announcement:
    events = tuple(
        {"record_type": "order", "record_id": UUID(int=9), "record_version": version, "kind": "updated"}
        for version in versions
    )
    return Announcement(tenant_id, events)


async def until(condition: Any, seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)
