"""Free-text search: what a record is found by, and how a query is read.

Both sides are folded the same way: compatibility forms unified, accents removed, lower case. A query is split at blanks, and
every word must be found somewhere in the record:

* a word stands for itself anywhere, also inside a longer one;
* one or two letters or digits stand for the beginning of a word or of a part of one ("42" finds SO-2026-00042);
* Chinese characters stand for themselves, one and two of them too; names are also found by pinyin, whole or by initials;
* a number is found by its digits, however it is written: a phone number, a date, the figures of an order number;
* signs and emoji stand for themselves.

The trigram index that serves this (`migrations/versions/0004_search.py`) knows nothing but letters and digits, three of them at
a time. So a search text also holds, after the words themselves, what makes the rest of these promises three characters long:
pairs of Chinese characters, the parts of composite words, the digits of numbers, and a letter for each sign.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from tenants.pinyin import syllables
from tenants.problems import FieldError, InvalidInput

# Characters of a record's texts that are kept; whatever comes first is surely found.
LONGEST = 20_000
LONGEST_QUERY = 1_000
MOST_WORDS = 16
_HAN = re.compile(r"[㐀-鿿豈-﫿]")
_NOT_DIGIT = re.compile(r"\D")
_NUMBER = re.compile(r"[+\d][\d\s()./-]*")
_WRITTEN_NUMBER = re.compile(r"\d[\d./()-]*[./()-][\d./()-]*\d")
_PART = re.compile(r"[^\W_]+")
_SIGN = re.compile(r"[^\w\s]|_")
_LIKE_SPECIAL = re.compile(r"[%_\\]")
# Words that a slip of the finger can be in; shorter ones and numbers are too close to one another.
_SPELLED = re.compile(r"[^\W\d_㐀-鿿豈-﫿]{4,40}")
# Letters that Unicode does not take apart.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
# A block of letters that no text of an order book is written in (Yi): each sign is kept as one of them.
_SIGN_LETTERS, _HOW_MANY_LETTERS = 0xA000, 1_165
_LETTERS = re.compile(f"[{chr(_SIGN_LETTERS)}-{chr(_SIGN_LETTERS + _HOW_MANY_LETTERS)}]")


def fold(text: str) -> str:
    """Lower case without accents; full-width forms become plain ones, what cannot be seen is left out."""
    if text.isascii():
        return text.lower().replace("\x00", "")
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in decomposed if not unicodedata.combining(c) and unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFC", plain.casefold()).translate(_PLAIN).replace("\x00", "")


def search_text(names: Iterable[str | None], phones: Iterable[str] = (), prose: Iterable[str | None] = ()) -> str:
    """What a record can be found by, each word after a blank.

    ``names`` are found by pinyin too; ``prose`` is whatever else was written.
    """
    texts = [part for name in names if name for part in _spellings(name)]
    texts += [_NOT_DIGIT.sub("", phone) for phone in phones]
    texts += [fold(text) for text in prose if text]
    whole = " ".join(" ".join(dict.fromkeys(texts)).split())[:LONGEST]
    words = dict.fromkeys(whole.split())
    aids = dict.fromkeys(aid for word in words for aid in _aids(word) if aid not in words)
    return "".join(f" {part}" for part in (whole, *aids) if part)


@lru_cache(maxsize=5_000)
def _spellings(text: str) -> tuple[str, ...]:
    """The text as it is searched for, and its pinyin: finding that takes longer than all else, and texts come again."""
    if not _HAN.search(text):
        return (fold(text),)
    found = syllables(text)
    return fold(text), "".join(found), "".join(syllable[0] for syllable in found)


@lru_cache(maxsize=20_000)
def _aids(word: str) -> tuple[str, ...]:
    if word.isascii() and word.isalpha():
        return ()
    pairs = [pair for place in range(len(word)) if _HAN.search(pair := word[place : place + 2])]
    parts = _PART.findall(word)
    counted = [part.lstrip("0") for part in parts if part.isdecimal() and part.startswith("0")]
    digits = [_NOT_DIGIT.sub("", number) for number in _WRITTEN_NUMBER.findall(word)]
    return (*pairs, *(part for part in parts if part != word), *counted, *digits, *map(_letter, _SIGN.findall(word)))


def _letter(sign: str) -> str:
    return chr(_SIGN_LETTERS + ord(sign) % _HOW_MANY_LETTERS)


@dataclass(frozen=True, slots=True)
class Query:
    """A query: LIKE patterns that must all match, and for each the word that may be misspelt in it, or an empty text.

    Patterns of nothing but letters and digits, after a blank or not, are those that the index is asked for.
    """

    patterns: list[str]
    words: list[str]

    @property
    def literal_patterns(self) -> list[str]:
        """The patterns without those that stand for a sign by a letter that only search texts have."""
        return [pattern for pattern in self.patterns if not _LETTERS.search(pattern)]


@lru_cache(maxsize=1_000)
def parse_query(text: str) -> Query:
    """Raises :class:`InvalidInput` for a query that is too long to be one."""
    if len(text) > LONGEST_QUERY:
        raise InvalidInput([FieldError(("search",), "value.too_long", {"length": len(text), "longest": LONGEST_QUERY})])
    folded = fold(text).strip()
    if _NUMBER.fullmatch(folded):
        digits = _NOT_DIGIT.sub("", folded)
        # A short number with a point in it, such as a size, is found as it stands.
        folded = digits if len(digits) > 4 or " " in folded else folded
    words = list(dict.fromkeys(folded.split()))
    if len(words) > MOST_WORDS:
        raise InvalidInput([FieldError(("search",), "value.too_many", {"count": len(words), "most": MOST_WORDS})])
    # The index is asked for three at most: the longest word is the rarest.
    words.sort(key=len, reverse=True)
    found = [(pattern, word) for word in words for pattern in _patterns(word)]
    spelled = [word if _SPELLED.fullmatch(word) else "" for _, word in found]
    return Query([pattern for pattern, _ in found], spelled)


def _patterns(word: str) -> list[str]:
    """The pattern of a word, after one for the index where the word's own has nothing for it, or too much."""
    literal = _LIKE_SPECIAL.sub(lambda match: "\\" + match.group(), word)
    parts = _PART.findall(word)
    if not parts:
        return [f"% {_letter(word[0])}%", f"%{literal}%"]
    if parts == [word]:
        return [f"% {word}%" if len(word) < 3 else f"%{word}%"]
    longest = max(parts, key=len)
    if len(longest) > 2:
        return [f"%{longest}%", f"%{literal}%"]
    if len(parts) > 1 or not word.startswith(parts[0]):
        # What follows a sign is the beginning of a part, in the text as well.
        return [f"% {parts[-1]}%", f"%{literal}%"]
    return [f"% {literal}%"]


def spelled_words(text: str) -> set[str]:
    """The words of a search text that a query may misspell."""
    return {part for part in _PART.findall(text) if _SPELLED.fullmatch(part)}


def forms(word: str) -> set[str]:
    """The word and what is left of it without one of its letters. Two words that are one slip apart (a letter missing, added,
    wrong, or two in each other's place) have a form in common."""
    return {word, *(word[:place] + word[place + 1 :] for place in range(len(word)))}
