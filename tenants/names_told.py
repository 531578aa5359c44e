"""Names that people give themselves and their companies, and that messages to others tell: one line, of characters that can be seen.

A message that the instance sends must not say what a stranger wants it to: a name that goes to people who did not ask for it holds no address
of mail or of a web page.
"""

import re
import unicodedata

from tenants.field_types import BadValue
from tenants.field_types.text import clean_text

# Breaks of lines and paragraphs, control characters, and marks that turn the order of letters round.
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp"})
# Without these some scripts, and pictures of several people, are not written right.
_JOINERS = "\u200c\u200d"
# What programs for mail make a link of: a scheme, an "@", or a name of a host, whose end is in small letters.
_ADDRESS = re.compile(r"://|@|\bwww\.|\b[\w-]{2,}\.[a-z]{2,}\b|\b\d{1,3}(?:\.\d{1,3}){3}\b")


def name_of(value: object, longest: int, *, to_strangers: bool = False) -> str:
    """A name, trimmed. Raises :class:`BadValue` for what is none; ``to_strangers`` says that one with an address is none either."""
    text = clean_text(value, longest)
    if any(unicodedata.category(char) in _UNSEEN and char not in _JOINERS for char in text):
        raise BadValue("value.not_a_name")
    if to_strangers and holds_address(text):
        raise BadValue("people.name_is_address", name=text)
    return text


def holds_address(name: str) -> bool:
    """Whether a name would be read as an address of mail or of a web page."""
    return _ADDRESS.search(name) is not None
