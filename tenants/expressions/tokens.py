"""The words of an expression, each with its place in the text."""

import re
from dataclasses import dataclass
from typing import Any

from tenants.problems import InvalidInput

LONGEST = 2_000
NUMBER, TEXT, NAME, SYMBOL, END = "number", "text", "name", "symbol", "end"
_TOKEN = re.compile(
    r"(?P<number>\d+(?:\.\d+)?)"
    r'|(?P<text>"[^"\\]*(?:\\.[^"\\]*)*")'
    r"|(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)"
    r"|(?P<symbol><=|>=|!=|[-+*/=<>(),\[\]])",
    re.ASCII | re.DOTALL,
)
_SPACE = re.compile(r"\s*")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Token:
    """``shown`` is the token as it is written, ``text`` what it means; ``start`` and ``end`` are its place."""

    kind: str
    text: str
    shown: str
    start: int
    end: int


def read_tokens(text: str) -> list[Token]:
    """The words, and the end. Raises :class:`InvalidInput` for a text that is too long or holds what is no word."""
    if len(text) > LONGEST:
        raise InvalidInput.at((), "expression.too_long", length=len(text), longest=LONGEST)
    found = []
    place = _after_space(text, 0)
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            code = "expression.open_text" if text[place] == '"' else "expression.bad_character"
            raise InvalidInput.at((), code, **position(text, place), found=text[place])
        kind, shown = str(match.lastgroup), match.group()
        meaning = _ESCAPED.sub(r"\1", shown[1:-1]) if kind == TEXT else shown
        if "\x00" in meaning or any("\ud800" <= char <= "\udfff" for char in meaning):
            raise InvalidInput.at((), "value.unprintable")
        found.append(Token(kind, meaning, shown, place, match.end()))
        place = _after_space(text, match.end())
    return [*found, Token(END, "", "", place, place)]


def _after_space(text: str, place: int) -> int:
    match = _SPACE.match(text, place)
    return match.end() if match else place


def position(text: str, place: int) -> dict[str, Any]:
    """Line and column of a place in the text, counted from 1."""
    before = text[:place]
    return {"line": before.count("\n") + 1, "column": place - (before.rfind("\n") + 1) + 1}
