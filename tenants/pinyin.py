"""How Chinese names are read, in Latin letters without tones.

``pinyin.txt`` holds the usual reading of each character, and the phrases in which one is read otherwise, such as 重庆. It is
made from the dictionaries of pypinyin (MIT licence), which would take fifty megabytes of every process for the same answers.
"""

import re
from array import array
from collections.abc import Iterator
from pathlib import Path

# Characters, extension A and compatibility forms.
HAN = re.compile(r"[㐀-鿿豈-﫿]")
_FIRST = 0x3400
_SYLLABLES: list[str] = [""]
# The place of a character's reading among the syllables, by its code.
_READINGS = array("H", bytes(2 * (0xFB00 - _FIRST)))
_PHRASES: dict[str, tuple[str, ...]] = {}


def _load() -> None:
    singles, _, phrases = (Path(__file__).with_suffix(".txt").read_text("utf-8")).partition("\n\n")
    for line in singles.splitlines():
        syllable, _, chars = line.partition(" ")
        for char in chars:
            _READINGS[ord(char) - _FIRST] = len(_SYLLABLES)
        _SYLLABLES.append(syllable)
    shared = {syllable: syllable for syllable in _SYLLABLES}
    for line in phrases.splitlines():
        phrase, *found = line.split(" ")
        _PHRASES[phrase] = tuple(shared.setdefault(syllable, syllable) for syllable in found)


_load()
_LONGEST = max(map(len, _PHRASES))
# Most characters begin no such phrase.
_BEGINNINGS = frozenset(phrase[0] for phrase in _PHRASES)


def syllables(text: str) -> list[str]:
    """The readings of the Chinese characters in a text, one after another; everything else is left out."""
    return [syllable for run in re.findall(rf"{HAN.pattern}+", text) for syllable in _read(run)]


def _read(run: str) -> Iterator[str]:
    place = 0
    while place < len(run):
        phrase = _phrase_at(run, place)
        if phrase:
            yield from _PHRASES[phrase]
        elif reading := _READINGS[ord(run[place]) - _FIRST]:
            yield _SYLLABLES[reading]
        place += len(phrase) or 1


def _phrase_at(run: str, place: int) -> str:
    if run[place] in _BEGINNINGS:
        for end in range(min(place + _LONGEST, len(run)), place + 1, -1):
            if run[place:end] in _PHRASES:
                return run[place:end]
    return ""
