"""Texts of definitions that people can see: what looks like nothing, or like another text, is refused where it is written.

It is asked of what changes alone: what a company has stays as it is until somebody writes it anew.
"""

import re
from collections.abc import Iterator

from tenants.config.checks.base import Proposal
from tenants.config.texts import texts_of
from tenants.problems import FieldError

# Controls but for line ends, blanks without width, and what turns the direction of what follows. The joiners that scripts and emoji
# need are left.
_INVISIBLE = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]")


def invisible_texts(proposal: Proposal) -> Iterator[FieldError]:
    """The new texts that hold a sign which cannot be seen."""
    for kind, found in proposal.definitions.items():
        before = proposal.config.definitions.get(kind, {})
        for key, definition in found.items():
            if definition is before.get(key):
                continue
            for path, texts in texts_of(definition):
                for language, text in texts.items():
                    if sign := _INVISIBLE.search(text):
                        data = {"sign": f"U+{ord(sign[0]):04X}"}
                        yield FieldError((kind, key, *path, language), "config.invisible", data)
