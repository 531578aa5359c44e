"""Ending background tasks for certain."""

import asyncio
from typing import Any

PATIENCE = 1.0


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks until they have ended; raises what one of them failed with.

    Once is not always enough: a library may take the cancellation for a time-out of its own, and go on.
    """
    for task in tasks:
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=PATIENCE)
        if not task.cancelled():
            task.result()
