"""Secrets that the product must be able to read again: encrypted with keys that only its operator has.

What need only be recognised (passwords, tokens, recovery codes) is hashed instead.
"""

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from tenants.problems import Conflict


class Secrets:
    """Encrypts with the first key and decrypts with any: a key is changed by putting a new one in front.

    A key is what :func:`new_key` gives: 32 random bytes, as URL-safe base64. Without any, nothing can be kept.
    """

    def __init__(self, keys: Sequence[str] = ()) -> None:
        """Raises ``ValueError`` for what is no key."""
        self._fernet = MultiFernet([Fernet(key) for key in keys]) if keys else None

    def sealed(self, secret: str) -> bytes:
        """The secret as it may be stored. Raises :class:`Conflict` where the operator has set no key."""
        if self._fernet is None:
            raise Conflict("secrets.no_key")
        return self._fernet.encrypt(secret.encode())

    def opened(self, sealed: bytes) -> str:
        """The secret. Raises :class:`Conflict` where the key it was sealed with is gone."""
        try:
            if self._fernet is not None:
                return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            pass
        raise Conflict("secrets.no_key")


def new_key() -> str:
    """A fresh random key."""
    return Fernet.generate_key().decode()
