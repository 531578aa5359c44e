"""Passwords: argon2id, hashed in a thread, two at a time, because one hash takes 64 MiB and tens of milliseconds."""

import asyncio
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib import resources
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tenants.problems import InvalidInput

SHORTEST, LONGEST = 10, 200
# Words of a name or an address that are shorter say nothing of a password.
SHORTEST_WORD = 4
_HASHER = PasswordHasher()
_LIMIT = asyncio.Semaphore(2)

# Verified against when the account does not exist, so that the time of an answer does not tell.
_NOBODY = _HASHER.hash("there is no such account")
# What people write for letters.
_AS_LETTERS = str.maketrans("013457@$!|", "oleastasil")


async def hash_password(password: str, path: tuple[str | int, ...] = ("password",), about: Iterable[str] = ()) -> str:
    """Raises :class:`InvalidInput` at ``path`` for a weak one; ``about`` are names and addresses of whose it is."""
    _require_strong(password, path, about)
    async with _LIMIT:
        return await asyncio.to_thread(_HASHER.hash, _one_form(password))


async def verify_password(password: str, stored: str | None) -> bool:
    """Whether it is the password behind the stored hash; as slow for None as for a real one."""
    async with _LIMIT:
        matches = await asyncio.to_thread(_verify, password, stored or _NOBODY)
    return matches and stored is not None


def _require_strong(password: str, path: tuple[str | int, ...], about: Iterable[str]) -> None:
    """Raise :class:`InvalidInput` for a password that is too short or long, that many people use, that repeats itself or runs along the
    keyboard, or that is made of a word ``about`` whose it is. Source: NIST SP 800-63B, 3.1.1.2."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidInput.at(path, "limit.password")
    plain = password.casefold()
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain).translate(_AS_LETTERS)
    words = {word for text in about for word in re.split(r"[\W_]+", text.casefold()) if len(word) >= SHORTEST_WORD}
    if core in _common() or plain in _common() or core in words or _is_run(plain):
        raise InvalidInput.at(path, "limit.common_password")


def _is_run(text: str) -> bool:
    """Whether it is one short piece again and again, or goes up or down by one all the way."""
    repeats = any(text == (text[:size] * len(text))[: len(text)] for size in range(1, 5))
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return repeats or steps <= {1} or steps <= {-1} or text in "12345678901234567890" or text in "09876543210987654321"


@cache
def _common() -> frozenset[str]:
    """Passwords, and words that passwords are made of, which are tried first."""
    text = (resources.files("tenants") / "common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(line.strip() for line in text.splitlines() if line and not line.startswith("#"))


def _one_form(password: str) -> str:
    """The password as it is hashed, however a keyboard or a system composes its letters. Source: NIST SP 800-63B, 3.1.1.2."""
    return unicodedata.normalize("NFKC", password)


def _verify(password: str, stored: str) -> bool:
    # Hashes of before are of the password as it was typed.
    return any(_matches(form, stored) for form in dict.fromkeys((_one_form(password), password)))


def _matches(password: str, stored: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
