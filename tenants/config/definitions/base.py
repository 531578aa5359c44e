"""What every kind of definition has in common, and the registry of kinds."""

from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from tenants.languages import TAG_PATTERN, is_tag
from tenants.trees import has_huge_number, is_deeper

# Levels of mappings and lists in one definition.
DEEPEST = 60
# What a definition can be stored with; an exact decimal is written as a text.
LARGEST_NUMBER = 2**63 - 1
# Which of them a company writes in is checked among its settings.
Language = Annotated[str, StringConstraints(pattern=f"^{TAG_PATTERN}$")]

# Keys become GraphQL names and parts of SQL expressions, so they are checked once, here.
KEY_PATTERN = r"[a-zA-Z][a-zA-Z0-9_]{0,39}"
Key = Annotated[str, StringConstraints(pattern=f"^{KEY_PATTERN}$")]
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Texts = dict[Language, Sentence]
Label = Annotated[Texts, Field(min_length=1)]
# The way to a value from a record: "number", "customer.name", "custom.score".
FieldPath = Annotated[str, StringConstraints(pattern=rf"^{KEY_PATTERN}(\.{KEY_PATTERN}){{0,3}}$")]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]


def _by_language(value: Any) -> Any:
    """YAML reads a lone ``{{ x }}`` as a mapping; say so instead of a puzzling type error."""
    if isinstance(value, dict) and not all(is_tag(tag) for tag in value):
        raise ValueError("put quotes around a text that begins with '{{', or name the language of each text")
    return {"": value} if isinstance(value, str) else value


# A text with places to fill in: one for all readers, which is kept under no language, or one for each language.
Template = Annotated[
    dict[str, Annotated[str, StringConstraints(min_length=1, max_length=20_000)]],
    BeforeValidator(_by_language),
    Field(min_length=1),
]


class Definition(BaseModel):
    """Base of all kinds. Archived definitions keep their data but are offered no more.

    ``kind`` names the kind, ``section`` its part of a document, under a comment with the ``heading``; ``names`` are what people call
    one of it, in English and Chinese; ``key_pattern`` is the form of its keys. Properties are left out of documents where they are at
    their default, but for those that are ``spelled_out``: nobody would know what they are. One that ``is_told_whole`` is said with all its parts when it comes or goes, for
    whoever is to approve of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)
    kind: ClassVar[str]
    section: ClassVar[str]
    heading: ClassVar[str]
    names: ClassVar[tuple[str, str]]
    key_pattern: ClassVar[str] = KEY_PATTERN
    archives: ClassVar[bool] = False
    spelled_out: ClassVar[frozenset[str]] = frozenset()
    is_told_whole: ClassVar[bool] = False

    @model_validator(mode="before")
    @classmethod
    def _is_shallow(cls, body: Any) -> Any:
        """Far from the depth at which pydantic and YAML give up. Conditions have a nearer bound of their own."""
        if is_deeper(body, DEEPEST):
            raise PydanticCustomError("config.too_deep", "more than {most} levels deep", {"most": DEEPEST})
        if has_huge_number(body, LARGEST_NUMBER):
            raise PydanticCustomError("config.huge_number", "a number beyond {most}", {"most": LARGEST_NUMBER})
        return body


# By kind, in the order of the document.
KINDS: dict[str, type[Definition]] = {}
Kind = TypeVar("Kind", bound=type[Definition])


def register(kind: Kind) -> Kind:
    """Puts a kind of definition into the registry."""
    KINDS[kind.kind] = kind
    return kind
