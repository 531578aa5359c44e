"""What a program sends as its token: ``olk_``, 43 letters and digits by chance, and six that follow from them.

Scanners of source code find it by its beginning and know by its end that it is one, without asking anybody; so does the house, which
looks up nothing for a mistyped one.
"""

import secrets
import string
from zlib import crc32

PREFIX = "olk_"
# 62 ** 43 is more than 2 ** 256.
_LENGTH, _CHECK_LENGTH = 43, 6
_DIGITS = string.digits + string.ascii_letters
# How much of it is shown to recognise it by.
_SHOWN = 10


def new_secret() -> str:
    """A fresh secret."""
    random = "".join(secrets.choice(_DIGITS) for _ in range(_LENGTH))
    return f"{PREFIX}{random}{_check(random)}"


def is_wrong(token: str) -> bool:
    """Whether a token says that it is a key's and cannot be."""
    if not token.startswith(PREFIX):
        return False
    random, check = token[len(PREFIX) : -_CHECK_LENGTH], token[-_CHECK_LENGTH:]
    return len(random) != _LENGTH or not random.isascii() or _check(random) != check


def hint(secret: str) -> str:
    """Its beginning: too little to guess the rest, enough to recognise it."""
    return secret[:_SHOWN]


def _check(random: str) -> str:
    value, digits = crc32(random.encode()), ""
    for _ in range(_CHECK_LENGTH):
        value, digit = divmod(value, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits
