"""What the company is called, and which languages its people read."""

from typing import Annotated

from pydantic import Field, StringConstraints

from tenants.config.definitions.base import Definition, Language, register

SETTINGS_KEY = "company"
MOST_LANGUAGES = 20


@register
class Settings(Definition):
    """What is not given is as the company was founded.

    ``languages`` are tags of BCP 47, the company's own first: it is what texts are shown in where they are not in the reader's.
    Members read one of them; labels, messages and other texts are given in them, and in English and Chinese.
    """

    kind = "settings"
    section = "settings"
    heading = "The company itself: its name and its languages."
    names = ("settings", "设置")
    name: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    languages: Annotated[tuple[Language, ...], Field(max_length=MOST_LANGUAGES)] = ()
