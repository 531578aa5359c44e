"""Languages: those that the product speaks itself, and which of the texts that a company has written a reader is shown."""

import re
from collections.abc import Mapping
from typing import Any

# Every sentence of the product is in these. What a company writes may be in them and in the company's own.
LANGUAGES = ("en", "zh")
# Language, script and region of BCP 47 (RFC 5646), in their usual case: zh, pt-BR, zh-Hant-TW.
TAG_PATTERN = r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?"
_TAG = re.compile(TAG_PATTERN)


class Reading(str):
    """The language that somebody reads, and the one that they are shown where a text is not in it."""

    __slots__ = ("otherwise",)
    otherwise: str

    def __new__(cls, tag: str, otherwise: str) -> "Reading":
        found = super().__new__(cls, tag)
        found.otherwise = otherwise
        return found


def is_tag(value: Any) -> bool:
    """Whether it is the tag of a language."""
    return isinstance(value, str) and _TAG.fullmatch(value) is not None


def product_language(language: str) -> str:
    """The language in which the product speaks to who reads that one."""
    return "zh" if language.startswith("zh") else "en"


def label(labels: Mapping[Any, str], language: str, fallback: str = "") -> str:
    """The text in that language, or a wider one (of ``pt-BR``, ``pt``), else in the one that its reader is shown otherwise, else in any,
    else the fallback."""
    for tag in (language, getattr(language, "otherwise", "")):
        found = labels.get(tag) or labels.get(tag.partition("-")[0])
        if found:
            return found
    return next(iter(labels.values()), fallback)
