"""Free-text search: what is put into ``search_text`` columns, and how a query is matched against them.

Both sides are folded the same way: compatibility forms unified, accents removed, lower case. Chinese names can also be found
by pinyin, whole or by initials; phone numbers by any run of their digits.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

LONGEST = 2_000
MOST_TERMS = 8
_HAN = re.compile(r"[㐀-鿿豈-﫿]")
_NOT_DIGIT = re.compile(r"\D")
_LIKE_SPECIAL = re.compile(r"[%_\\]")


def fold(text: str) -> str:
    """Lower case without accents; full-width forms become plain ones."""
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return unicodedata.normalize("NFC", plain).lower().replace("\x00", "")


def search_text(texts: Iterable[str | None], phones: Iterable[str] = ()) -> str:
    """What a row can be found by: its texts, their pinyin where they are Chinese, and the digits of its phone numbers."""
    parts = [part for text in texts if text for part in _spellings(text)]
    parts.extend(_NOT_DIGIT.sub("", phone) for phone in phones)
    return " ".join(dict.fromkeys(parts))[:LONGEST]


@lru_cache(maxsize=5_000)
def _spellings(text: str) -> tuple[str, ...]:
    """The text as it is searched for, and its pinyin: finding that takes longer than all else, and texts come again."""
    if not _HAN.search(text):
        return (fold(text),)
    whole = "".join(lazy_pinyin(text, errors="ignore"))
    initials = "".join(lazy_pinyin(text, style=Style.FIRST_LETTER, errors="ignore"))
    return fold(text), whole, initials


def patterns(query: str) -> list[str]:
    """LIKE patterns that must all match: one per word, digits of a phone-like query joined first."""
    folded = fold(query).strip()
    if re.fullmatch(r"[+\d][\d\s()./-]*", folded):
        folded = _NOT_DIGIT.sub("", folded)
    words = folded.split()[:MOST_TERMS]
    return [f"%{_LIKE_SPECIAL.sub(_escape, word)}%" for word in words]


def _escape(match: re.Match[str]) -> str:
    return "\\" + match.group()
