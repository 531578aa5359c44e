"""What is passed on the way of a sign-in: random, of use to one browser, and kept as hashes alone."""

import hashlib
import re
import secrets as randomness
from base64 import urlsafe_b64encode
from dataclasses import dataclass

# 32 bytes as base64, without the padding.
_RANDOM = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Visit:
    """A sign-in under way: its ``state``, which the provider hands back, and the ``browser`` that is at it, by its cookie."""

    state: str
    browser: str

    def derived(self, purpose: str) -> str:
        """What the provider is told for one purpose: it follows from both, so that neither need be kept, and tells nothing of them."""
        return sha256_of(f"{purpose}:{self.state}:{self.browser}")


def new_secret() -> str:
    """Something that nobody can guess."""
    return randomness.token_urlsafe(32)


def is_secret(text: str) -> bool:
    """Whether it has the shape of what :func:`new_secret` gives."""
    return _RANDOM.fullmatch(text) is not None


def sha256_of(text: str) -> str:
    """The SHA-256 as URL-safe base64, without padding: the method S256 of RFC 7636."""
    return urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
