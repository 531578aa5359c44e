"""What a worker needs to do a job: the house, a way to the outside, and room."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tenants.callers import Callers
from tenants.database import Database
from tenants.deliveries import Send


class Room:
    """Where jobs are done together, unless one has to be alone in its process."""

    def __init__(self) -> None:
        self._changed = asyncio.Condition()
        self._inside = 0
        self._waiting_alone = 0

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        """With any number of others; waits for whoever is alone, or waits to be."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._waiting_alone == 0)
            self._inside += 1
        try:
            yield
        finally:
            async with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Once all others have left, and before any more come in."""
        async with self._changed:
            self._waiting_alone += 1
            try:
                # Keeping the condition's lock for the whole time is what keeps the others out.
                await self._changed.wait_for(lambda: self._inside == 0)
                yield
            finally:
                self._waiting_alone -= 1
                self._changed.notify_all()


@dataclass(frozen=True)
class Work:
    """One process's share of the work: its connections, its known callers, how it sends messages, and its room."""

    database: Database
    callers: Callers
    send: Send
    room: Room = field(default_factory=Room)
