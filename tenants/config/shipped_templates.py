"""The templates that ship with the product: documents in `templates/`, which a company begins with or adds later."""

from importlib import resources

from tenants.config.definitions import Definition
from tenants.config.documents import read_document
from tenants.languages import product_language
from tenants.messages.templates import DESCRIPTIONS, TITLES
from tenants.problems import InvalidInput

TEMPLATES = resources.files("tenants.config") / "templates"
DEFAULT_TEMPLATE = "minimal"


def template_names() -> list[str]:
    return sorted(entry.name.removesuffix(".yaml") for entry in TEMPLATES.iterdir() if entry.name.endswith(".yaml"))


def require_template(name: str) -> None:
    """Raise :class:`InvalidInput` for an unknown one."""
    if name not in template_names():
        raise InvalidInput.at(("template",), "value.not_option", value=name, options=", ".join(template_names()))


def read_template(name: str) -> dict[str, dict[str, Definition]]:
    """The definitions of a shipped template. Raises :class:`InvalidInput` for an unknown one."""
    require_template(name)
    return read_document((TEMPLATES / f"{name}.yaml").read_text(encoding="utf-8"))


def template_title(name: str, language: str) -> str:
    """What people call the template."""
    return TITLES[name][product_language(language) == "zh"]


def template_description(name: str, language: str) -> str:
    """What the template is for, in a sentence."""
    return DESCRIPTIONS[name][product_language(language) == "zh"]
