"""Passwords: argon2id, hashed in a thread, two at a time, because one hash takes 64 MiB and tens of milliseconds."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tenants.problems import InvalidInput

SHORTEST, LONGEST = 10, 200
_HASHER = PasswordHasher()
_LIMIT = asyncio.Semaphore(2)

# Verified against when the account does not exist, so that the time of an answer does not tell.
_NOBODY = _HASHER.hash("there is no such account")


async def hash_password(password: str) -> str:
    """Raises :class:`InvalidInput` for one that is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidInput.at(("password",), "limit.password")
    async with _LIMIT:
        return await asyncio.to_thread(_HASHER.hash, password)


async def verify_password(password: str, stored: str | None) -> bool:
    """Whether it is the password behind the stored hash; as slow for None as for a real one."""
    async with _LIMIT:
        matches = await asyncio.to_thread(_verify, password, stored or _NOBODY)
    return matches and stored is not None


def _verify(password: str, stored: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
