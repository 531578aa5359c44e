"""Has a proof made every so often, by a process of its own that gives way to all others."""

import asyncio
import logging
import os
import signal
import sys
from datetime import timedelta

import psycopg
from psycopg_pool import PoolTimeout

from tenants import isolation
from tenants.database import Database

BETWEEN_LOOKS = 300.0
# For a process: nothing else waits for it.
NICE = 15
# SQL statements a minute.
PACE = 300
COMMAND = (sys.executable, "-m", "server.isolation")
EVERY_KIND = "every-kind"
# The exit code where another proof is being made.
UNDER_WAY = 3

log = logging.getLogger("orderloom.isolation")


async def keep_proving(database: Database, every: timedelta) -> None:
    """Look now and then whether a proof is due, have it made, and say what it found. Never returns; cancel it."""
    while True:
        try:
            if await isolation.is_due(database, every):
                await _made_by_child()
                await tell(database)
        except (psycopg.Error, PoolTimeout, OSError) as error:
            log.warning("No proof of isolation was made in this round: %s", error)
        await asyncio.sleep(BETWEEN_LOOKS)


async def tell(database: Database) -> None:
    """Say in the log what the last proof found: each finding is an error."""
    for proof in await isolation.proofs(database, 1):
        for sentence in proof.sentences("en"):
            log.error("Isolation: %s", sentence, extra={"proof": str(proof.id)})
        log.info("Isolation was tried: %d findings.", len(proof.findings), extra=dict(proof.counts))


async def _made_by_child() -> None:
    """Wait for the process that makes it; it ends with this one."""
    child = await asyncio.create_subprocess_exec(
        *COMMAND,
        str(PACE),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        preexec_fn=_give_way,
    )
    try:
        await child.wait()
    finally:
        if child.returncode is None:
            # As Ctrl-C does: the proof is given up, and nothing is left of it.
            child.send_signal(signal.SIGINT)
            await child.wait()


def _give_way() -> None:
    os.nice(NICE)
