"""The kinds of definition, one file a kind, each a frozen pydantic model; together they are a tenant's whole configuration.

A definition is stored as one row (kind, key, body). Texts that users see are given per language. The order of the imports is the
order of the sections in a document.
"""

# isort: off
from tenants.config.definitions.base import (
    KEY_PATTERN,
    KINDS,
    Colour,
    Definition,
    FieldPath,
    Key,
    Label,
    Language,
    Sentence,
    Template,
    Texts,
    register,
)
from tenants.config.definitions.settings import SETTINGS_KEY, Settings
from tenants.config.definitions.numbering import NUMBERING_KEY, Numbering
from tenants.config.definitions.fields import FIELD_KEY, CustomField, Option, Rollup, split_field_key
from tenants.config.definitions.life_cycles import Category, Gate, LifeCycle, OrderType, Status, Transition
from tenants.config.definitions.void_reasons import VoidReason
from tenants.config.definitions.rules import Effect, Rule
from tenants.config.definitions.roles import Grant, Role, RowScope, RowsWhere
from tenants.config.definitions.sign_in import EVERYBODY, SIGN_IN_KEY, SignIn
from tenants.config.definitions.automations import Automation, Trigger
from tenants.config.definitions.views import View, ViewColumn
from tenants.config.definitions.review import REVIEW_KEY, Review
from tenants.languages import LANGUAGES, label
# isort: on

__all__ = [
    "EVERYBODY",
    "FIELD_KEY",
    "KEY_PATTERN",
    "KINDS",
    "LANGUAGES",
    "NUMBERING_KEY",
    "REVIEW_KEY",
    "SETTINGS_KEY",
    "SIGN_IN_KEY",
    "Automation",
    "Category",
    "Colour",
    "CustomField",
    "Definition",
    "Effect",
    "FieldPath",
    "Gate",
    "Grant",
    "Key",
    "Label",
    "Language",
    "LifeCycle",
    "Numbering",
    "Option",
    "OrderType",
    "Review",
    "Role",
    "Rollup",
    "RowScope",
    "RowsWhere",
    "Rule",
    "Sentence",
    "Settings",
    "SignIn",
    "Status",
    "Template",
    "Texts",
    "Transition",
    "Trigger",
    "View",
    "ViewColumn",
    "VoidReason",
    "label",
    "register",
    "split_field_key",
]
