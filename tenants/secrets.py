"""Secrets that the product must be able to read again: encrypted with keys that only its operator has.

What need only be recognised (passwords, tokens, recovery codes) is hashed instead.
"""

import re
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from functools import cached_property
from secrets import token_bytes
from typing import TYPE_CHECKING

from tenants.problems import Conflict

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

_KEY = re.compile(r"[A-Za-z0-9_-]{43}=")


class Secrets:
    """Encrypts with the first key and decrypts with any: a key is changed by putting a new one in front.

    A key is what :func:`new_key` gives: 32 random bytes, as URL-safe base64. Without any, nothing can be kept.
    """

    def __init__(self, keys: Sequence[str] = ()) -> None:
        """Raises ``ValueError`` for what is no key."""
        if not all(_KEY.fullmatch(key) for key in keys):
            raise ValueError("a key is 32 bytes as URL-safe base64")
        self._keys = tuple(keys)

    @cached_property
    def _fernet(self) -> "MultiFernet":
        """Raises :class:`Conflict` where there is no key."""
        # A process that serves is 8 MiB smaller until somebody sets up a second factor.
        from cryptography.fernet import Fernet, MultiFernet  # noqa: PLC0415  (memory: as said above)

        if not self._keys:
            raise Conflict("secrets.no_key")
        return MultiFernet([Fernet(key) for key in self._keys])

    def sealed(self, secret: str) -> bytes:
        """The secret as it may be stored. Raises :class:`Conflict` where the operator has set no key."""
        return self._fernet.encrypt(secret.encode())

    def opened(self, sealed: bytes) -> str:
        """The secret. Raises :class:`Conflict` where the key it was sealed with is gone."""
        from cryptography.fernet import InvalidToken  # noqa: PLC0415  (as in `_fernet`)

        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise Conflict("secrets.no_key") from None


def new_key() -> str:
    """A fresh random key."""
    return urlsafe_b64encode(token_bytes(32)).decode()
