"""Background tasks end when they are told to, whatever a library makes of it."""

import asyncio

import pytest

from workers import ending


async def test_a_task_that_takes_a_cancellation_for_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "PATIENCE", 0.01)
    refused = 0

    async def stubborn() -> None:
        nonlocal refused
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                refused += 1
                if refused == 3:
                    raise

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await ending.end(task)
    assert (task.cancelled(), refused) == (True, 3)


async def test_what_a_task_failed_with_is_not_lost() -> None:
    async def failing() -> None:
        raise ValueError("this")

    task = asyncio.create_task(failing())
    await asyncio.sleep(0)
    with pytest.raises(ValueError, match="this"):
        await ending.end(task)
