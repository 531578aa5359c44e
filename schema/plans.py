"""The plans made for a configuration, by document: remembered with the configuration, and gone with it."""

from collections.abc import Hashable
from typing import Any, Protocol

from schema.documents import Document
from schema.lens import document_weight
from tenants.config.snapshot import TenantConfig
from tenants.remembering import Remembered

MOST_PLANS = 2_000
ROOM_FOR_PLANS = 12 * 2**20
# What a plan takes of memory, in bytes: all of it by the length of its statement.
PLAN, CHARACTER = 4_000, 6

Key = tuple[Document, Hashable]


class Planned(Protocol):
    """What is made of a document for a configuration."""

    @property
    def length(self) -> int:
        """The characters of its statements."""
        ...


def plans_of(config: TenantConfig) -> Remembered[Key, Any]:
    """What was made for the configuration, by document and whatever else it depends on."""
    return config.derived("plans", _none_yet)


def _none_yet(config: TenantConfig) -> Remembered[Key, Any]:
    return Remembered(MOST_PLANS, ROOM_FOR_PLANS, _weight, config.weight)


def _weight(key: Key, planned: Planned) -> int:
    # The document is kept for as long as its plan is.
    return PLAN + CHARACTER * planned.length + document_weight(key[0].text, key[0])
