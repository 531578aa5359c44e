"""What every kind of definition has in common, and the registry of kinds."""

from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from tenants.trees import is_deeper

# Levels of mappings and lists in one definition.
DEEPEST = 60
LANGUAGES = ("en", "zh")
Language = Literal["en", "zh"]

# Keys become GraphQL names and parts of SQL expressions, so they are checked once, here.
KEY_PATTERN = r"[a-zA-Z][a-zA-Z0-9_]{0,39}"
Key = Annotated[str, StringConstraints(pattern=f"^{KEY_PATTERN}$")]
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Label = Annotated[dict[Language, Sentence], Field(min_length=1)]
# The way to a value from a record: "number", "customer.name", "custom.score".
FieldPath = Annotated[str, StringConstraints(pattern=rf"^{KEY_PATTERN}(\.{KEY_PATTERN}){{0,3}}$")]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]


def _whole_template(value: Any) -> Any:
    """YAML reads a lone ``{{ x }}`` as a mapping; say so instead of a puzzling type error."""
    if isinstance(value, dict):
        raise ValueError("put quotes around a text that begins with '{{'")  # noqa: TRY004  (to pydantic a TypeError is a bug)
    return value


Template = Annotated[str, BeforeValidator(_whole_template), StringConstraints(min_length=1, max_length=20_000)]


class Definition(BaseModel):
    """Base of all kinds. Archived definitions keep their data but are offered no more.

    ``kind`` names the kind, ``section`` its part of a document, under a comment with the ``heading``; ``names`` are what people call
    one of it, in English and Chinese; ``key_pattern`` is the form of its keys.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)
    kind: ClassVar[str]
    section: ClassVar[str]
    heading: ClassVar[str]
    names: ClassVar[tuple[str, str]]
    key_pattern: ClassVar[str] = KEY_PATTERN
    archives: ClassVar[bool] = False

    @model_validator(mode="before")
    @classmethod
    def _is_shallow(cls, body: Any) -> Any:
        """Far from the depth at which pydantic and YAML give up. Conditions have a nearer bound of their own."""
        if is_deeper(body, DEEPEST):
            raise PydanticCustomError("config.too_deep", "more than {most} levels deep", {"most": DEEPEST})
        return body


# By kind, in the order of the document.
KINDS: dict[str, type[Definition]] = {}
Kind = TypeVar("Kind", bound=type[Definition])


def register(kind: Kind) -> Kind:
    """Puts a kind of definition into the registry."""
    KINDS[kind.kind] = kind
    return kind


def label(labels: dict[Any, str], language: str, fallback: str = "") -> str:
    """The text in that language, else in any, else the fallback."""
    return labels.get(language) or next(iter(labels.values()), fallback)
