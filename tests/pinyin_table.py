"""Makes the table behind `tenants/pinyin.py` from pypinyin's dictionaries: `python -m tests.pinyin_table > tenants/pinyin.txt`."""

from pypinyin import lazy_pinyin
from pypinyin.constants import PHRASES_DICT, PINYIN_DICT

from tenants.pinyin import HAN


def single(char: str) -> str:
    """The usual reading of a character, without its tone."""
    reading: str = lazy_pinyin(char)[0]
    return reading


def lines() -> list[str]:
    """One line for each syllable with the characters read so, then one for each phrase that needs one."""
    read: dict[str, list[str]] = {}
    for code in sorted(PINYIN_DICT):
        if HAN.fullmatch(chr(code)) and single(chr(code)) != chr(code):
            read.setdefault(single(chr(code)), []).append(chr(code))
    singles = [f"{syllable} {''.join(chars)}" for syllable, chars in sorted(read.items())]
    known = {phrase: lazy_pinyin(phrase) for phrase in PHRASES_DICT if all(map(HAN.fullmatch, phrase))}
    otherwise = {phrase for phrase, found in known.items() if found != [single(char) for char in phrase]}
    # A phrase with usual readings that holds one with others, as 朝阳区 holds 朝阳, would be misread without its own line.
    holding = {phrase for phrase in known if any(part in otherwise for part in _parts(phrase))}
    phrases = [f"{phrase} {' '.join(known[phrase])}" for phrase in sorted(otherwise | holding)]
    return [*singles, "", *phrases]


def _parts(phrase: str) -> list[str]:
    return [phrase[start:end] for start in range(len(phrase)) for end in range(start + 2, len(phrase) + 1)]


if __name__ == "__main__":
    print("\n".join(lines()))  # noqa: T201  (what it is for)
