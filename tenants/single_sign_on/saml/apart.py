"""Has what a provider has written read by a process of its own (``reading``).

A process serves with 14 MiB less than with the XML parser and the libraries of signatures in it, which few companies need; and what strangers
send is parsed where there is nothing to be had.
"""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import orjson

from tenants.problems import Problem

SECONDS = 10.0
MOST_AT_ONCE = 2
_ROOT = Path(__file__).parents[3]
_COMMAND = (sys.executable, "-m", "tenants.single_sign_on.saml.reading")


class CannotRead(Problem):
    """What somebody has written is refused. ``reason`` says why, in one word, and ``detail`` what was found."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__("single_sign_on.not_believed")
        self.reason = reason
        self.detail = detail


class Reader(Protocol):
    """Asks the process one question. Raises :class:`CannotRead`."""

    async def __call__(self, question: Mapping[str, Any]) -> Mapping[str, Any]: ...


class Apart:
    """A :class:`Reader` that starts a process for each question, a few at once."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(MOST_AT_ONCE)

    async def __call__(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        """Raises :class:`CannotRead`: for what is refused, and as ``reader`` where the process does not come to an answer."""
        async with self._turns:
            said = await _said(orjson.dumps(question))
        found: dict[str, Any] = orjson.loads(said)
        if "refused" in found:
            raise CannotRead(found["refused"], found["detail"])
        return found


async def _said(question: bytes) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *_COMMAND,
        cwd=_ROOT,
        env={},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(SECONDS):
            said, _ = await process.communicate(question)
    except TimeoutError:
        raise CannotRead("reader", "too slow") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise CannotRead("reader", f"ended with {process.returncode}")
    return said
